"""The check-up that needs nothing but files: settings, keys, certificates, policy and its tests."""

import ssl
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.workloads import Issuer

from .certificates import check_directory_tls, check_server_tls
from .exposure import revocation_item
from .file_access import access_items
from .item import Grade, Item, items_of
from .lints import lasting_items
from .reading import read_keys, read_policy, read_shadow
from .refresh import read_refresh
from .robots import read_robots
from .shared_store import read_store_key
from .tracing import tracing_items
from .workloads import read_workloads


@dataclass(frozen=True, slots=True)
class Offline:
    """What was found in the files, and the parts that could be read, for whoever goes on."""

    items: tuple[Item, ...]
    settings: Settings | None = None
    directory_tls: ssl.SSLContext | None = None
    policy: Policy | None = None
    issuers: Mapping[str, Issuer] = field(default_factory=dict)


def check_files(config: Path, environment: Mapping[str, str], now: datetime) -> Offline:
    """Reads everything that `serve` reads at its start; `now` is aware. Never raises for what it finds."""
    try:
        settings = load_settings(config, environment)
    except Misconfigured as error:
        return Offline(tuple(items_of("settings", Grade.UNUSABLE, error.problems)))
    items = [Item("settings", Grade.FINE, str(config)), *items_of("settings", Grade.WARNING, settings.warnings)]
    items += (*read_keys(settings, now).items, *read_refresh(settings).items, *read_store_key(settings).items)
    items += check_server_tls(settings, now)
    context, about_tls = check_directory_tls(settings, now)
    policy = read_policy(settings, now)
    items += (*about_tls, *policy.items, *read_shadow(settings, now).items)
    workloads = read_workloads(settings, policy.value)
    items += (*read_robots(settings, policy.value, now).items, *workloads.items)
    if policy.value:
        items += lasting_items(policy.value, now.date())
    items += (*access_items(config, settings), revocation_item(settings), *tracing_items(settings))
    return Offline(tuple(items), settings, context, policy.value, workloads.value or {})
