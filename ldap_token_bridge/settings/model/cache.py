"""`cache`: what is remembered between requests, and what replicas share of it."""

from typing import Annotated

from ldap_token_bridge.settings.types import CacheTime, Password, Store, span, span_or_off, whole
from ldap_token_bridge.yamlfile import FilePath, Model

from .setting import setting


class SharedTls(Model):
    """`cache.shared_tls`."""

    ca_file: FilePath | None = setting(
        "PEM file: the authorities that may sign the store's certificate. Default: the system's.", None
    )
    certificate: FilePath | None = setting("PEM file: the certificate that the bridge shows to the store.", None)
    key: FilePath | None = setting("PEM file: the private key of that certificate.", None)


class Cache(Model):
    """`cache`."""

    credentials: CacheTime = setting(
        "How long a right password is remembered, as a keyed hash in memory; `off`: never.", "60s"
    )
    groups: CacheTime = setting("How long someone's groups and account state are remembered; `off`: never.", "5m")
    rejected: CacheTime = setting(
        "How long a wrong password is remembered, so that clients' retries lock nobody out; `off`: never.", "60s"
    )
    max_accounts: Annotated[int, *whole(1, 10_000_000)] = setting("How many accounts are remembered at most.", 100_000)
    stale_if_down: Annotated[float, *span_or_off(1, 86_400)] = setting(
        "While no directory answers: for how long after their last login people go on pulling, and nothing else, with"
        " what was known of them then; from `1s` to `24h`, or `off`: not at all.",
        "off",
    )
    shared: Store = setting(
        "A Redis or Valkey that all replicas share: `redis://host:6379/0`, `rediss://` with TLS, `unix:///path`,"
        " `redis+sentinel://host,host/master`, `redis+cluster://host,host`; `valkey` may stand for `redis`. A user goes"
        " before the host, as in `redis://bridge@host`; a password never.",
        "none",
    )
    shared_key_file: FilePath | None = setting(
        "File with 64 hexadecimal digits, from which everything in the store is sealed; required with `shared`, the"
        " same for all replicas.",
        None,
        example="secrets/shared-key",
    )
    shared_password: Password | None = setting(
        "The password for the store. Better in `shared_password_file` or the environment.", None
    )
    shared_password_file: FilePath | None = setting(
        "File with the password for the store; one line break at its end is not part of it.", None
    )
    shared_tls: SharedTls = setting("How a `rediss://` store is known, and the bridge to it.", {})
    shared_timeout: Annotated[float, *span(0.005, 1)] = setting(
        "How long one request waits for the store, all its questions together; then it goes on without.", "50ms"
    )
