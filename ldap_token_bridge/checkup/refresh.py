"""Refresh tokens: whether their key and the list of revocations can be used, and a changed password ends them."""

from collections.abc import Awaitable, Callable

from ldap_token_bridge.cache import FileRevocations, Revocations
from ldap_token_bridge.directory import password_date_attributes
from ldap_token_bridge.errors import Misconfigured, Problem, Unavailable
from ldap_token_bridge.ldap import Entry, FilterTemplate, SearchRequest, SearchScope
from ldap_token_bridge.refresh_service import RefreshRules
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import RefreshKeys

from .item import Grade, Item, items_of
from .reading import Reading

_TOPIC = "refresh"


def read_refresh(settings: Settings, before: RefreshRules | None = None) -> Reading[RefreshRules]:
    """What refresh tokens need, if they are on. Never raises for what it finds.

    A file that can be read no more leaves what was read of it `before`: then there is a value beside the obstacles.
    Revocations that are kept in this way are looked at again at each use, and let nobody in until they can be read.
    """
    refresh = settings.token.refresh
    if not refresh.enabled or refresh.key_file is None:
        return Reading(None, ())
    keys: RefreshKeys | None
    revocations: Revocations | None
    old = before.revocations if before else None
    problems: list[Problem] = []
    try:
        keys = RefreshKeys.load(refresh.key_file)
    except Misconfigured as error:
        problems += error.problems
        keys = before.keys if before and before.keys.path == refresh.key_file else None
    try:
        revocations = FileRevocations(refresh.revocations)
    except Misconfigured as error:
        problems += error.problems
        revocations = old if isinstance(old, FileRevocations) and old.path == refresh.revocations else None
    broken = items_of(_TOPIC, Grade.UNUSABLE, problems)
    if keys is None or revocations is None:
        return Reading(None, tuple(broken), tuple(problems))
    where = settings.place("token", "refresh", "key_file")
    items = [Item(_TOPIC, Grade.WARNING, warning, where) for warning in keys.warnings]
    fine = Item(_TOPIC, Grade.FINE, f"key {keys.ids[0]} seals refresh tokens; keys that open them: {len(keys.ids)}")
    rules = RefreshRules(keys, revocations, refresh.lifetime, refresh.same_client)
    return Reading(rules, (fine, *items, *broken), tuple(problems))


async def check_password_dates(
    settings: Settings, search: Callable[[SearchRequest], Awaitable[tuple[Entry, ...]]]
) -> list[Item]:
    """Whether anybody has a date of the password that can be read: without it a changed password ends no token."""
    if not settings.token.refresh.enabled:
        return []
    options = settings.directory.options
    names = password_date_attributes(options.kind)
    text = f"(&{options.user_filter}(|{''.join(f'({name}=*)' for name in names)}))"
    filter_ = FilterTemplate.compile(text).fill()
    request = SearchRequest(options.user_base, SearchScope.SUBTREE, filter_, names, size_limit=1)
    try:
        found = await search(request)
    except Unavailable as error:
        return [Item(_TOPIC, Grade.FINDING, f"{' or '.join(names)} cannot be looked for: {error.detail}")]
    if any(entry.text(name) for entry in found for name in names):
        return [Item(_TOPIC, Grade.FINE, f"a changed password ends refresh tokens, by {' or '.join(names)}")]
    what = f"nobody has {' or '.join(names)}, so a changed password ends no refresh token"
    remedy = "Let the directory write it down and the service account read it; until then: token revoke --account NAME."
    return [Item(_TOPIC, Grade.WARNING, what, settings.place("token", "refresh", "enabled"), remedy)]
