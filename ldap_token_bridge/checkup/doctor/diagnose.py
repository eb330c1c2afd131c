"""From evidence to findings: a pure function, each cause with its own words, place and cure."""

from collections.abc import Sequence

from ldap_token_bridge.checkup.item import Item
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.values import dataclass

from .evidence import Evidence
from .reach import clock_items, realm_items, registry_items
from .refusal import refusal_items
from .token_items import access_items, service_items, token_items


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be: the realm, empty if nobody said it, and the scopes that should be granted."""

    realm: str = ""
    scopes: Sequence[str] = ()


def diagnose(evidence: Evidence, settings: Settings, wanted: Wanted, now: float) -> tuple[Item, ...]:
    """One item or more a step, in the order in which a client would meet them; `now` is Unix time."""
    items = list(registry_items(evidence))
    if evidence.realm is None:  # it asks for no token
        return tuple(items)
    items += realm_items(evidence, settings, wanted.realm)
    items += service_items(evidence, settings)
    items += clock_items(evidence, settings)
    items += token_items(evidence, settings)
    items += refusal_items(evidence, settings, now)
    items += access_items(evidence, settings, wanted.scopes)
    return tuple(items)
