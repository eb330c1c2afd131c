"""The store that replicas share: opened as bridge.yaml says, and whether it can be used."""

from ldap_token_bridge.cache import SharedStore, StoreDown, StoreEvents, StoreKey, StoreLogin, open_backend
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.settings import Settings

from .item import Grade, Item, items_of
from .reading import Reading

_TOPIC = "shared store"


def open_store(settings: Settings, events: StoreEvents | None = None) -> SharedStore | None:
    """None if replicas share nothing. Connects to nothing yet; raises Misconfigured for a file that cannot be used."""
    cache = settings.cache
    if cache.shared is None or cache.shared_key_file is None:
        return None
    key, tls, directory = StoreKey.load(cache.shared_key_file), cache.shared_tls, settings.directory
    login = StoreLogin(cache.shared_password, tls.ca_file, tls.certificate, tls.key)
    return SharedStore(
        open_backend(cache.shared, login),
        key.vault(settings.token.issuer),
        # Bridges that read people in other ways must not take over what the others found.
        context=repr((directory.options, sorted(directory.domains))).encode(),
        timeout=cache.shared_timeout,
        events=events,
    )


def read_store_key(settings: Settings) -> Reading[StoreKey]:
    """The key of the store, if there is one. Never raises for what it finds."""
    path = settings.cache.shared_key_file
    if settings.cache.shared is None or path is None:
        return Reading(None, ())
    try:
        key = StoreKey.load(path)
    except Misconfigured as error:
        return Reading(None, tuple(items_of(_TOPIC, Grade.UNUSABLE, error.problems)), error.problems)
    where = settings.place("cache", "shared_key_file")
    warnings = [Item(_TOPIC, Grade.WARNING, warning, where) for warning in key.warnings]
    return Reading(key, (Item(_TOPIC, Grade.FINE, f"{path} holds a key"), *warnings))


async def check_store(settings: Settings) -> tuple[Item, ...]:
    """Whether the store answers, in time, and lets a bridge do what it has to. Never raises for what it finds."""
    where = settings.place("cache", "shared")
    try:
        store = open_store(settings)
    except Misconfigured as error:
        # A file that is wrong was told with the files.
        return tuple(items_of(_TOPIC, Grade.UNUSABLE, error.problems))
    if store is None:
        return ()
    try:
        await store.try_out()
    except StoreDown as error:
        what = f"{settings.cache.shared}: {error}"
        remedy = (
            "Bridges go on without it, each by itself. Check cache.shared, its password and shared_tls, and the"
            " server's own log; docs/operations.md has what its user must be allowed."
        )
        return (Item(_TOPIC, Grade.FINDING, what, where, remedy),)
    finally:
        await store.close()
    return (Item(_TOPIC, Grade.FINE, f"{settings.cache.shared}: answers in time, and takes what a bridge writes"),)
