"""The servers of a domain: its site's first, then all others."""

import asyncio
import random

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.values import dataclass

from .answer import Answer, LookupFailed
from .order import Target, in_order

MAX_TARGETS = 64
_SHOWN = 5
_CHANCE = random.SystemRandom()


class NothingFound(Unavailable):
    """DNS names no server that may be used; `detail` says why, for the log."""

    def __init__(self, detail: str) -> None:
        super().__init__("The directory does not answer at the moment. Please try again shortly.", detail=detail)


@dataclass(frozen=True, slots=True)
class Found:
    """Servers to try in this order, for how many seconds the order holds, and what an operator should know."""

    targets: tuple[Target, ...]
    seconds: float
    notes: tuple[str, ...] = ()


async def find_servers(domain: str, site: str = "") -> Found:
    """The servers of `_ldap._tcp.<domain>`, those of the site in front. Raises NothingFound.

    With a site, one of the two questions may fail: the other's answer is used, and held for no time.
    """
    names = [f"_ldap._tcp.{domain}"]
    if site:
        # [MS-ADTS] section 6.3.2.3: the site's domain controllers.
        names.insert(0, f"_ldap._tcp.{site}._sites.dc._msdcs.{domain}")
    answers = await asyncio.gather(*(_ask(name) for name in names))
    targets: list[Target] = []
    notes: list[str] = []
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, LookupFailed):
            notes.append(f"{name}: {answer}")
            continue
        fitting = [service for service in answer.services if _is_within(service.target.host, domain)]
        strange = [service.target.host for service in answer.services if service not in fitting]
        if strange or answer.odd:
            notes.append(f"{name}: passed over, for they are not below {domain}: {_some([*strange, *answer.odd])}")
        elif not fitting:
            notes.append(f"{name}: there are no such servers")
        targets += in_order(fitting, _CHANCE)
    kept = tuple(dict.fromkeys(targets))[:MAX_TARGETS]
    if not kept:
        raise NothingFound("; ".join(notes))
    lives = [0.0 if isinstance(answer, LookupFailed) else answer.seconds for answer in answers]
    return Found(kept, min(lives), tuple(notes))


async def _ask(name: str) -> Answer | LookupFailed:
    from .lookup import look_up  # noqa: PLC0415 -- a tenth of a second and 3 MB for what most do without

    try:
        return await look_up(name)
    except LookupFailed as failure:
        return failure


def _is_within(host: str, domain: str) -> bool:
    """Whether the host is the domain or lies below it, label by label."""
    return host == domain or host.endswith(f".{domain}")


def _some(hosts: list[str]) -> str:
    shown = ", ".join(hosts[:_SHOWN])
    return shown if len(hosts) <= _SHOWN else f"{shown} and {len(hosts) - _SHOWN} more"
