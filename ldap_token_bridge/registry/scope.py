"""The scope grammar: `type[(class)]:name:action[,action]` (distribution, docs/content/spec/auth/scope.md).

The name may itself hold colons (`host:5000/a/b`): the type ends at the first one, the actions begin after the last.
A scope that does not parse is dropped, never an error: the registry then says what is missing.
"""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import field
from typing import Literal, TypeGuard

from ldap_token_bridge.short_texts import kept
from ldap_token_bridge.values import dataclass

from .names import is_repository_name

ResourceType = Literal["repository", "registry"]

REPOSITORY_ACTIONS = ("pull", "push", "delete", "*")
CATALOG = "catalog"
_USUAL = 200  # characters: what is longer is not kept for the next time
_CLASS = re.compile(r"\(([a-z0-9]+)\)$")


@dataclass(frozen=True, slots=True)
class Access:
    """Actions on one resource: as asked for in a scope, or as granted in a token's `access` claim.

    `actions` are distinct and in the order pull, push, delete, `*`. The only `registry` resource is the catalogue.
    """

    type: ResourceType
    name: str
    actions: tuple[str, ...]
    text: str = field(init=False, repr=False, compare=False)
    """As a scope parameter has it. Made once, for it is written down, hashed and compared again and again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.type}:{self.name}:{','.join(self.actions)}")

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def claim(self) -> dict[str, object]:
        """The entry of the token's `access` list."""
        return {"type": self.type, "name": self.name, "actions": list(self.actions)}


def parse_scopes(texts: Iterable[str]) -> tuple[Access, ...]:
    """The accesses that scope parameters ask for, in order of first mention, one entry a resource.

    Each text may hold several scopes separated by spaces. What is malformed, of an unknown type, not a legal
    repository name, or left without a known action is dropped.
    """
    asked: dict[tuple[ResourceType, str], Access] = {}
    for text in texts:
        for scope in text.split(" "):
            access = _parse_scope(scope)
            if access:
                resource = access.type, access.name
                before = asked.get(resource)
                asked[resource] = _access(*resource, {*before.actions, *access.actions}) if before else access
    return tuple(asked.values())


def _access(resource_type: ResourceType, name: str, actions: AbstractSet[str]) -> Access:
    return Access(resource_type, name, tuple([action for action in REPOSITORY_ACTIONS if action in actions]))


def _parse_once(scope: str) -> Access | None:
    resource_type, first, rest = scope.partition(":")
    name, second, actions = rest.rpartition(":")
    if resource_type.endswith(")"):
        resource_type = _CLASS.sub("", resource_type)
    if not first or not second or not _is_known(resource_type):
        return None
    known = set(actions.split(",")).intersection(REPOSITORY_ACTIONS)
    if resource_type == "registry":
        known &= {"*"}
        legal = name == CATALOG
    else:
        legal = is_repository_name(name)
    return _access(resource_type, name, known) if legal and known else None


# Clients ask for the same repositories again and again.
_parse_scope = kept(_parse_once, number=8_192, longest=_USUAL)


def _is_known(resource_type: str) -> TypeGuard[ResourceType]:
    return resource_type in ("repository", "registry")
