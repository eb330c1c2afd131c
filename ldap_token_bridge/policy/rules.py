"""A policy's parts as values, each with its place in the file, so that decisions can be explained and compared."""

from dataclasses import field
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import Subject
from ldap_token_bridge.registry import Access
from ldap_token_bridge.values import dataclass

from .groups import FamilyTemplate, GroupName
from .pattern import Pattern
from .who import Who

RuleKind = Literal["allow", "deny"]


@dataclass(frozen=True, slots=True)
class RuleReference:
    """Which rule, and where it stands."""

    id: str
    place: Place
    kind: RuleKind

    def __str__(self) -> str:
        return f"{self.kind} rule {self.id!r} ({self.place})"


@dataclass(frozen=True, slots=True)
class RulePattern:
    """A rule's pattern and the names of the families that give the word in its braces; none if it has none."""

    pattern: Pattern
    families: tuple[str, ...]
    place: Place


# Compared and hashed by identity: ids are unique, and a decision puts rules into sets.
@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule as parsed and checked. `networks` and `services` are None where the rule does not speak of them."""

    reference: RuleReference
    why: str
    who: tuple[Who, ...]
    patterns: tuple[RulePattern, ...]
    actions: frozenset[str]
    catalog: bool
    networks: tuple[IPv4Network | IPv6Network, ...] | None
    services: frozenset[str] | None
    until: date | None
    effective: frozenset[str] = field(init=False)
    """The actions granted or taken away in fact.

    Whoever pushes must be able to pull, since registries ask for both: allowing push allows pull, and so denying pull
    denies push. Else a token with push alone would stay behind, which some registries honour.
    """

    def __post_init__(self) -> None:
        given, follows = ("push", "pull") if self.reference.kind == "allow" else ("pull", "push")
        effective = self.actions | {follows} if given in self.actions else self.actions
        object.__setattr__(self, "effective", effective)

    @property
    def narrows(self) -> bool:
        """Whether it holds for some clients, services or days only."""
        return self.networks is not None or self.services is not None or self.until is not None

    @property
    def id(self) -> str:
        """The rule's id, unique in the policy."""
        return self.reference.id


@dataclass(frozen=True, slots=True)
class GroupReference:
    """A group that the policy names, as written: `dn` or `sid`, the other is empty."""

    name: str
    dn: str
    sid: str
    place: Place


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group's definition and its place."""

    name: str
    group: GroupName
    place: Place


@dataclass(frozen=True, slots=True)
class NamedFamily:
    """A family's definition and its place."""

    name: str
    template: FamilyTemplate
    place: Place


@dataclass(frozen=True, slots=True)
class Expected:
    """One line under `can` or `cannot`: an access with one action."""

    access: Access
    granted: bool
    place: Place

    def __str__(self) -> str:
        asked = "catalog" if self.access.type == "registry" else f"{self.access.actions[0]} {self.access.name}"
        return f"{'can' if self.granted else 'cannot'} {asked}"


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """A test in the policy. `at` is None for today, `service` empty and `address` None if unknown."""

    title: str
    subject: Subject | None
    address: IPv4Address | IPv6Address | None
    service: str
    at: date | None
    expected: tuple[Expected, ...]
    place: Place
