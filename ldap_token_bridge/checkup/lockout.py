"""Whether the budget of an account stays below what the directory locks accounts at, as far as that can be read.

Active Directory tells by the head of each domain ([MS-ADTS] section 3.1.1.3.1.5), OpenLDAP's ppolicy by its policies'
entries (slapo-ppolicy(5)), and 389 Directory Server by cn=config, which it seldom shows to a service account.
"""

from collections.abc import Awaitable, Callable, Iterable

from ldap_token_bridge.directory import base_of
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Budget
from ldap_token_bridge.ldap import Entry, FilterTemplate, SearchRequest, SearchScope
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import format_duration

from .item import Grade, Item

_TOPIC = "lockout"
_TICKS = 10_000_000  # a second, in the 100 ns of an Active Directory interval, which is negative
_MOST_POLICIES = 100
_DOMAIN = FilterTemplate.compile("(objectClass=domainDNS)").fill()
_POLICY = FilterTemplate.compile("(objectClass=pwdPolicy)").fill()
_CONFIG = FilterTemplate.compile("(objectClass=*)").fill()

Search = Callable[[SearchRequest], Awaitable[tuple[Entry, ...]]]


@dataclass(frozen=True, slots=True)
class _Lockout:
    """At how many wrong passwords `whose` accounts are locked, 0 for none; `window` in seconds, None without an end."""

    whose: str
    threshold: int
    window: int | None


async def check_lockout(settings: Settings, domains: Iterable[str], search: Search) -> list[Item]:
    """One item for each domain or policy that tells; a note where the directory does not. `domains` by DNS name."""
    budget, kind = settings.guard.account_failures, settings.directory.options.kind
    if budget is None:
        return []
    if kind == "active-directory":
        found = [lockout for domain in domains for lockout in await _of_domain(domain, search)]
    elif kind in ("openldap", "rfc2307"):
        found = await _of_policies(settings.directory.options.base, search)
    elif kind == "389ds":
        found = await _of_config(search)
    else:
        return []
    items = [_compare(settings, budget, lockout) for lockout in found]
    return items if items or kind == "active-directory" else [Item(_TOPIC, Grade.FINE, _UNTOLD)]


async def _read(request: SearchRequest, search: Search) -> tuple[Entry, ...]:
    """What can be read; what stands against the directory itself is told by others."""
    try:
        return await search(request)
    except Unavailable:
        return ()


async def _of_domain(domain: str, search: Search) -> list[_Lockout]:
    names = "lockoutThreshold", "lockOutObservationWindow"
    heads = await _read(SearchRequest(base_of(domain), SearchScope.BASE, _DOMAIN, names), search)
    return [
        _Lockout(domain, _number(head, names[0]), -_number(head, names[1]) // _TICKS)
        for head in heads
        if head.text(names[0])
    ]


async def _of_policies(base: str, search: Search) -> list[_Lockout]:
    """Of every policy below the base: which of them is the default is known to the server's own settings alone."""
    names = "pwdLockout", "pwdMaxFailure", "pwdFailureCountInterval"
    request = SearchRequest(base, SearchScope.SUBTREE, _POLICY, names, size_limit=_MOST_POLICIES)
    return [
        _Lockout(
            f"the policy {entry.dn}",
            _number(entry, names[1]) if entry.text(names[0]).upper() == "TRUE" else 0,
            _number(entry, names[2]) or None,
        )
        for entry in await _read(request, search)
    ]


async def _of_config(search: Search) -> list[_Lockout]:
    names = "passwordLockout", "passwordMaxFailure", "passwordResetFailureCount"
    entries = await _read(SearchRequest("cn=config", SearchScope.BASE, _CONFIG, names), search)
    return [
        _Lockout(
            "the server",
            _number(entry, names[1]) if entry.text(names[0]).lower() == "on" else 0,
            _number(entry, names[2]) or None,
        )
        for entry in entries
        if entry.text(names[0])
    ]


def _number(entry: Entry, name: str) -> int:
    """0 for what is none."""
    text = entry.text(name)
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else 0


def _compare(settings: Settings, budget: Budget, lockout: _Lockout) -> Item:
    whose, threshold, window = lockout.whose, lockout.threshold, lockout.window
    if not threshold:
        return Item(_TOPIC, Grade.FINE, f"{whose} locks no account over wrong passwords")
    apart = "without a success between them" if window is None else f"within {format_duration(window)} of each other"
    what = f"{whose} locks an account after {threshold} wrong passwords {apart}"
    passes = f"guard.account_failures passes on {budget.in_a_row} in a row"
    if threshold <= budget.in_a_row:
        most = threshold - 2
        remedy = f"Write at most {most} per {format_duration(budget.seconds)}." if most > 0 else _TOO_LOW
        return _warning(settings, f"{what}; {passes}", remedy)
    if window is None:
        forgets = f"{what}; guard forgets them after {format_duration(budget.memory)}"
        return _warning(settings, forgets, _FOR_GOOD)
    if budget.memory < window:
        remedy = f"Write {budget.failures} per {format_duration(-(-window // 2))}, or a longer time."
        return _warning(settings, f"{what}; guard forgets them after {format_duration(budget.memory)}", remedy)
    return Item(_TOPIC, Grade.FINE, f"{what}; {passes}")


_UNTOLD = (
    "the directory does not show at how many wrong passwords it locks an account; "
    "guard.account_failures must stay below that: at most the number less 2"
)
_TOO_LOW = "No budget stays below that; raise the directory's threshold to 3 at least, and write 1 per 15m."
_FOR_GOOD = "Give the directory a window (pwdFailureCountInterval, passwordResetFailureCount), or take a longer time."


def _warning(settings: Settings, what: str, remedy: str) -> Item:
    return Item(_TOPIC, Grade.WARNING, what, settings.place("guard", "account_failures"), remedy)
