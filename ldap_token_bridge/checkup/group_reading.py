"""Whether the service account can read what the strategy for groups needs: tried with whomever is found first."""

from collections.abc import Awaitable, Callable

from ldap_token_bridge.directory import DirectoryOptions, GroupStrategy
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import Entry, FilterTemplate, SearchRequest, SearchScope
from ldap_token_bridge.settings import Settings

from .item import Grade, Item

Search = Callable[[SearchRequest], Awaitable[tuple[Entry, ...]]]

_ANYONE = FilterTemplate.compile("(objectClass=*)").fill()
_WITH_MEMBERS = FilterTemplate.compile("(member=*)").fill()
_POSIX_GROUP = FilterTemplate.compile("(&(objectClass=posixGroup)(gidNumber=*))").fill()


async def check_groups(settings: Settings, search: Search) -> Item | None:
    """What stands against reading groups; None if nothing does."""
    options = settings.directory.options
    try:
        lacking = await _PROBES[options.strategy](options, search)
    except Unavailable as error:
        lacking = f"what groups are read by cannot be looked up: {error.detail}"
    if not lacking:
        return None
    remedy = "Let the service account read it, or write another directory.groups.strategy."
    where = settings.place("directory", "groups", "strategy")
    return Item("groups", Grade.FINDING, f"directory.groups.strategy {options.strategy}: {lacking}", where, remedy)


async def _token_groups(options: DirectoryOptions, search: Search) -> str:
    people = await search(_first(options.user_base, FilterTemplate.compile(options.user_filter).fill()))
    for person in people:
        found = await search(SearchRequest(person.dn, SearchScope.BASE, _ANYONE, ("tokenGroups",)))
        if not any(entry.first("tokenGroups") for entry in found):
            return f"the service account may not read tokenGroups of {person.dn}"
    return ""


async def _member_of(options: DirectoryOptions, search: Search) -> str:
    text = f"(&{options.user_filter}(memberOf=*))"
    found = await search(_first(options.user_base, FilterTemplate.compile(text).fill()))
    return "" if found else f"nobody below {options.user_base} has memberOf, or the service account may not read it"


async def _member(options: DirectoryOptions, search: Search) -> str:
    found = await search(_first(options.group_base, _WITH_MEMBERS))
    return "" if found else f"no group below {options.group_base} has member, or the service account may not read it"


async def _either(options: DirectoryOptions, search: Search) -> str:
    return await _member_of(options, search) and await _member(options, search)


async def _posix(options: DirectoryOptions, search: Search) -> str:
    if not await search(_first(options.group_base, _POSIX_GROUP)):
        return f"there is no posixGroup below {options.group_base}, or the service account may not read gidNumber"
    text = f"(&{options.user_filter}(gidNumber=*))"
    found = await search(_first(options.user_base, FilterTemplate.compile(text).fill()))
    return "" if found else f"nobody below {options.user_base} has gidNumber, or the service account may not read it"


_PROBES: dict[GroupStrategy, Callable[[DirectoryOptions, Search], Awaitable[str]]] = {
    "auto": _either,
    "token-groups": _token_groups,
    "member-of": _member_of,
    "member": _member,
    "in-chain": _member,
    "posix": _posix,
}


def _first(base: str, filter_: bytes) -> SearchRequest:
    return SearchRequest(base, SearchScope.SUBTREE, filter_, ("1.1",), size_limit=1)
