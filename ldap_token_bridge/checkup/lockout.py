"""Whether the budget of an account stays below what the domain locks accounts at ([MS-ADTS] section 3.1.1.3.1.5)."""

from collections.abc import Awaitable, Callable, Iterable

from ldap_token_bridge.directory import base_of
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import Entry, FilterTemplate, SearchRequest, SearchScope
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.yamlfile import format_duration

from .item import Grade, Item

_TOPIC = "lockout"
_DOMAIN = FilterTemplate.compile("(objectClass=domainDNS)").fill()
_THRESHOLD, _WINDOW = "lockoutThreshold", "lockOutObservationWindow"
_TICKS = 10_000_000  # a second, in the 100 ns of an Active Directory interval, which is negative


async def check_lockout(
    settings: Settings, domains: Iterable[str], search: Callable[[SearchRequest], Awaitable[tuple[Entry, ...]]]
) -> list[Item]:
    """One item for each domain, by DNS name, that tells; other kinds of directory keep it where nobody knows."""
    if settings.directory.options.kind != "active-directory" or settings.guard.account_failures is None:
        return []
    items = []
    for domain in domains:
        request = SearchRequest(base_of(domain), SearchScope.BASE, _DOMAIN, (_THRESHOLD, _WINDOW))
        try:
            found = await search(request)
        except Unavailable:
            continue  # what stands against the domain itself is told by others
        items += [_compare(settings, domain, entry) for entry in found if entry.text(_THRESHOLD)]
    return items


def _compare(settings: Settings, domain: str, head: Entry) -> Item:
    threshold, window = int(head.text(_THRESHOLD)), -int(head.text(_WINDOW) or 0) // _TICKS
    budget = settings.guard.account_failures
    if not threshold or budget is None:
        return Item(_TOPIC, Grade.FINE, f"{domain} locks no account over wrong passwords")
    what = f"{domain} locks an account after {threshold} wrong passwords within {format_duration(window)} of each other"
    passes = f"guard.account_failures passes on {budget.in_a_row} in a row"
    if threshold <= budget.in_a_row:
        most = threshold - 2
        remedy = f"Write at most {most} per {format_duration(budget.seconds)}." if most > 0 else _TOO_LOW
        return _warning(settings, f"{what}; {passes}", remedy)
    if budget.memory < window:
        remedy = f"Write {budget.failures} per {format_duration(-(-window // 2))}, or a longer time."
        return _warning(settings, f"{what}; guard forgets them after {format_duration(budget.memory)}", remedy)
    return Item(_TOPIC, Grade.FINE, f"{what}; {passes}")


_TOO_LOW = "No budget stays below that; raise the domain's threshold to 3 at least, and write 1 per 15m."


def _warning(settings: Settings, what: str, remedy: str) -> Item:
    return Item(_TOPIC, Grade.WARNING, what, settings.place("guard", "account_failures"), remedy)
