"""Under which immutable ids an account may be remembered, for who wants to have it forgotten by its name."""

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable

from .authenticator import Authenticator
from .directory import Directory
from .login_name import parse_login_name


async def account_ids(
    authenticator: Authenticator, directory: Directory, account: str, deadline: Deadline
) -> frozenset[str]:
    """By its name or whatever people type for it; none for what can be no account's name.

    The directory is asked, too: other bridges may remember who is unknown here. Raises Unavailable if nobody can tell.
    """
    name = parse_login_name(account)
    if name is None:
        return frozenset()
    remembered = authenticator.ids_named(name)
    try:
        person = await directory.find(name, deadline)
    except Unavailable:
        if not remembered:
            raise
        return remembered
    return remembered | {person.account.unique_id} if person else remembered
