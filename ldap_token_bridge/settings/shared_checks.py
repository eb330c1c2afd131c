"""The store that replicas share: what its keys can only tell together."""

from .findings import Findings

_SHARED, _KEY, _PASSWORD, _FILE = (
    ("cache", name) for name in ("shared", "shared_key_file", "shared_password", "shared_password_file")
)
_TLS = ("cache", "shared_tls")


def check_shared(found: Findings) -> None:
    """Key, password and TLS of the store."""
    cache = found.examined.value.cache
    if cache.shared is None:
        _check_unused(found)
        return
    if cache.shared_key_file is None:
        what = "cache.shared needs cache.shared_key_file: without a key whoever writes there could be anyone"
        remedy = (
            "Write where the key is, as in shared_key_file: secrets/shared-key, and make one, the same for all"
            " replicas: (umask 077; openssl rand -hex 32 > secrets/shared-key)"
        )
        found.problem(_SHARED, what, remedy, also=(_KEY,))
    if cache.shared_password is not None and cache.shared_password_file is not None:
        remedy = f"Keep one of them; shared_password_file stands at {found.document.place(_FILE)}."
        found.problem(
            _PASSWORD, "both cache.shared_password and cache.shared_password_file are set", remedy, also=(_FILE,)
        )
    elif cache.shared_password is not None and found.from_file(_PASSWORD):
        remedy = (
            "Move it to a file and name that in cache.shared_password_file,"
            " or set the environment variable LTB_CACHE__SHARED_PASSWORD."
        )
        found.warning(_PASSWORD, "the store's password stands in the settings file", remedy)
    _check_tls(found)


def _check_unused(found: Findings) -> None:
    cache = found.examined.value.cache
    for path in (_KEY, _PASSWORD, _FILE):
        if getattr(cache, path[1]) is not None:
            found.warning(path, f"{'.'.join(path)} is of use with cache.shared only", "Remove it, or set cache.shared.")


def _check_tls(found: Findings) -> None:
    cache = found.examined.value.cache
    store, tls = cache.shared, cache.shared_tls
    if store is None:
        return
    for name in ("ca_file", "certificate", "key"):
        if getattr(tls, name) is not None and not store.tls:
            what = f"cache.shared_tls.{name} is of use with rediss:// and valkeys:// only"
            found.problem((*_TLS, name), what, "Write rediss:// in cache.shared, or remove it.", also=(_SHARED,))
    if (tls.certificate is None) != (tls.key is None):
        given, lacking = ("key", "certificate") if tls.certificate is None else ("certificate", "key")
        what = f"cache.shared_tls.{given} needs cache.shared_tls.{lacking} beside it"
        found.problem((*_TLS, given), what, f"Add {lacking}, or remove {given}.", also=((*_TLS, lacking),))
    if not store.tls and not store.is_local:
        what = (
            f"the store at {store} is asked without TLS: whoever listens sees the password for it and who is busy when"
        )
        found.warning(_SHARED, what, "Write rediss://. What stands in the store is sealed in any case.")
