"""How long someone whose account ends can go on: what the caches, the tokens and the registries add up to."""

from ldap_token_bridge.settings import Settings
from ldap_token_bridge.yamlfile import format_duration

from .item import Grade, Item

# A registry takes a token for so long after its end, for the sake of clocks (distribution, from 2.6 on).
_FORGIVEN = 60.0


def revocation_item(settings: Settings) -> Item:
    """The longest time from when the directory knows of it until no registry takes a token any more.

    It holds for refresh tokens, too: who comes with one is remembered no longer than groups are.
    """
    cache, lifetime = settings.cache, float(settings.token.lifetime)
    parts = {"cache.groups": cache.groups, "token.lifetime": lifetime, "registries forgive": _FORGIVEN}
    item = f"someone disabled now can pull for at most {_sum(parts)}"
    if cache.stale_if_down:
        item += f"; while no directory answers, {_sum({**parts, 'cache.stale_if_down': cache.stale_if_down})}"
    return Item("revocation", Grade.FINE, item)


def _sum(parts: dict[str, float]) -> str:
    named = " + ".join(f"{name} {format_duration(seconds)}" for name, seconds in parts.items() if seconds)
    return f"{format_duration(sum(parts.values()))}: {named}"
