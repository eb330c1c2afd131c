"""What a token lets its bearer do at a registry, once the registry has accepted it."""

from collections.abc import Mapping
from typing import Any

from ldap_token_bridge.registry import Access

from .verify import Step


def check_access(claims: Mapping[str, Any], wanted: Access) -> Step:
    """Whether the token grants every action of `wanted`; several entries for one resource are united."""
    granted = granted_actions(claims, wanted.type, wanted.name)
    # A granted `*` stands for every action; what asks for the catalogue asks for the `*` itself.
    missing = [action for action in wanted.actions if action not in granted and "*" not in granted]
    found = f"the token grants {', '.join(sorted(granted)) or 'nothing'} on {wanted.type}:{wanted.name}"
    if missing:
        return Step("access", ok=False, detail=f"{found}; the registry wants {', '.join(wanted.actions)}")
    return Step("access", ok=True, detail=found)


def granted_actions(claims: Mapping[str, Any], resource_type: str, name: str) -> frozenset[str]:
    """The actions on one resource; entries of another form count for nothing."""
    entries = claims.get("access")
    return frozenset(
        action
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and (entry.get("type"), entry.get("name")) == (resource_type, name)
        for action in (entry["actions"] if isinstance(entry.get("actions"), list) else ())
        if isinstance(action, str)
    )
