"""`check --connect`: is each server there, is its certificate good, does it take the service account?"""

import asyncio

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.values import dataclass

from .address import ServerAddress
from .channels import SearchChannel
from .errors import ServerFailure, ServiceAccountRefused, describe
from .options import LdapOptions
from .service_account import ServiceAccount


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """What is wrong with a server and how to mend it; an empty `problem` means that it is fine."""

    server: ServerAddress
    problem: str = ""
    remedy: str = ""


async def check_server(
    server: ServerAddress,
    options: LdapOptions,
    account: ServiceAccount,
    deadline: Deadline,
    *,
    after: "asyncio.Task[ServerCheck] | None" = None,
) -> ServerCheck:
    """Connects anew, binds as the service account, hangs up. Raises nothing that a server could cause.

    The account is shown once the check `after` which it comes has its outcome.
    """
    try:
        async with asyncio.timeout_at(deadline.at):
            account.check()  # a refused account is not shown to one server after the other: that locks it
            channel = await SearchChannel.open(server, options, deadline)
            try:
                if after:
                    await asyncio.wait((after,))
                await account.login(channel)
            finally:
                await channel.close()
    except TimeoutError:
        return ServerCheck(server, "the check's time was over before the server was reached", "Allow more time.")
    except ServiceAccountRefused as refused:
        return ServerCheck(server, *_refusal(refused))
    except ServerFailure as failure:
        return ServerCheck(server, failure.reason, failure.remedy)
    return ServerCheck(server)


def _refusal(refused: ServiceAccountRefused) -> tuple[str, str]:
    remedy = "Check bind_dn and the bind password; look whether the account is locked, disabled or expired."
    if refused.wants_tls:
        remedy = "The server wants TLS: use ldaps:// or start_tls: true."
    return f"the service account is refused: {describe(refused.code, refused.diagnostic)}", remedy
