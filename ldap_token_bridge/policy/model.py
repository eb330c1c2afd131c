"""The policy file's form: its keys and how each value is written. What the values mean together, `check` says."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any

from ldap_token_bridge.registry import CATALOG, Access, is_repository_name
from ldap_token_bridge.yamlfile import (
    ClientNetwork,
    Day,
    Field,
    Model,
    Text,
    checked,
    json_schema,
    parsed,
    refuse,
    suggest,
)

from .groups import FamilyTemplate, GroupName, parse_family, parse_group
from .pattern import Pattern, parse_pattern
from .who import Who, check_name, parse_who

VERSION = 1
ACTIONS = ("pull", "push", "delete")
MAX_ID = 128
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*").fullmatch
_TEXT = {"type": "string", "pattern": r"\S"}


def _parse_version(value: Any) -> int:
    if value is True or value != VERSION or not isinstance(value, int):
        refuse(f"the version of the file's format is {value!r}", f"This program reads version {VERSION}.")
    return VERSION


def _parse_id(value: Any) -> str:
    if not isinstance(value, str):
        refuse(f"{value!r} is not text", f'Put the id in quotes: "{value}".')
    if not _ID(value) or len(value) > MAX_ID:
        remedy = "An id begins with a-z or 0-9 and goes on with a-z, 0-9, '.', '_' and '-'."
        refuse(f"{value!r} is no id", remedy)
    return value


def _parse_action(value: Any) -> str:
    if value not in ACTIONS:
        remedy = suggest(str(value), ACTIONS)
        refuse(f"{value!r} is no action", "Write pull, push and delete." if value == "*" else remedy)
    return str(value)


def _parse_address(value: Any) -> IPv4Address | IPv6Address:
    try:
        return ip_address(value if isinstance(value, str) else "")
    except ValueError:
        refuse(f"{value!r} is no address", "Write an IPv4 or IPv6 address, as in 10.20.0.7.")


def _parse_account(value: Any) -> str:
    if not isinstance(value, str):
        refuse(f"{value!r} is not text", f'Put the name in quotes: "{value}".')
    check_name(value, value)
    return value


def _parse_expectation(value: Any) -> Access:
    if value == CATALOG:
        return Access("registry", CATALOG, ("*",))
    remedy = "Write an action and a repository, as in 'push team-a/app', or 'catalog'."
    words = value.split(" ") if isinstance(value, str) else []
    if len(words) != 2:  # noqa: PLR2004 -- an action and a repository
        refuse(f"{value!r} is nothing to test", remedy)
    action, repository = words
    if action not in ACTIONS:
        refuse(f"{action!r} is no action", suggest(action, ACTIONS))
    if not is_repository_name(repository):
        refuse(
            f"{repository!r} is no repository name", "A test names one repository, no pattern; names are lower-case."
        )
    return Access("repository", repository, (action,))


Version = Annotated[int, *checked(_parse_version, {"const": VERSION})]
RuleId = Annotated[str, *checked(_parse_id, {"type": "string", "pattern": r"^[a-z0-9][a-z0-9._-]*$"})]
Action = Annotated[str, *checked(_parse_action, {"enum": list(ACTIONS)})]
Address = Annotated[IPv4Address | IPv6Address, *checked(_parse_address, _TEXT)]
Name = Annotated[str, *checked(_parse_account, _TEXT)]
Expectation = Annotated[Access, *parsed(_parse_expectation, _TEXT)]
WhoItem = Annotated[
    Who,
    *parsed(
        parse_who,
        {"type": "string", "pattern": r"^(signed-in|anyone|(group|family|user|robot|workload):\S(.*\S)?)$"},
    ),
]
PatternItem = Annotated[Pattern, *parsed(parse_pattern, _TEXT)]
GroupItem = Annotated[GroupName, *parsed(parse_group, _TEXT)]
FamilyItem = Annotated[
    FamilyTemplate, *parsed(parse_family, {"type": "string", "pattern": r"^[^{}]*\{[a-z][a-z0-9_-]*\}[^{}]*$"})
]


class RuleEntry(Model):
    """One rule: who, on which repositories, which actions. What narrows it must hold as well."""

    id: RuleId = Field(description="The rule's name in decisions and in the audit log; unique.")
    why: Text | None = Field(None, description="A reason for people.")
    who: tuple[WhoItem, ...] = Field(
        examples=[["group:platform"]],
        description=(
            "group:NAME, family:NAME, user:ACCOUNT, robot:NAME, workload:NAME, signed-in, anyone. One of them suffices."
        ),
    )
    repositories: tuple[PatternItem, ...] = Field(
        (),
        examples=[["team-a/**"]],
        description=(
            "Patterns: * within a segment, ** for any number of segments, {user} and a family's {word} for one segment."
        ),
    )
    actions: tuple[Action, ...] = Field(
        (),
        examples=[["pull", "push"]],
        description="push includes pull; delete is only ever explicit. In a deny rule, pull takes push with it.",
    )
    catalog: bool = Field(False, description="Whether the rule also speaks of the list of all repositories.")
    networks: tuple[ClientNetwork, ...] | None = Field(
        None, examples=[["10.20.0.0/16"]], description="Only for clients in one of these networks."
    )
    services: tuple[Text, ...] | None = Field(
        None, examples=[["registry.corp.example.com"]], description="Only for tokens for one of these services."
    )
    until: Day | None = Field(None, description="The last day, in UTC, on which the rule holds.")


class TestEntry(Model):
    """What one person can and cannot do; run before the policy comes into force."""

    __test__ = False  # no test of pytest's

    name: Text | None = Field(None, description="A title for people.")
    user: Name | None = Field(None, description="The account of a person.")
    robot: Name | None = Field(None, description="The name of a robot.")
    workload: Name | None = Field(None, description="The name of a workload.")
    anonymous: bool = Field(False, description="True for a client that is not signed in.")
    groups: tuple[Text, ...] = Field((), examples=[["platform"]], description="Names from 'groups', DNs or SIDs.")
    families: dict[str, tuple[Text, ...]] = Field(
        default_factory=dict, description="Families with the words that the person has in them."
    )
    address: Address | None = Field(None, description="The client's address; without it, unknown.")
    service: Text | None = Field(None, description="The service that the token is for; without it, unknown.")
    at: Day | None = Field(None, description="The day on which the test takes place, UTC; without it, today.")
    can: tuple[Expectation, ...] = Field(
        (),
        examples=[["push team-a/app", "catalog"]],
        description="'ACTION REPOSITORY' or 'catalog', each of which must be granted.",
    )
    cannot: tuple[Expectation, ...] = Field(
        (),
        examples=[["push team-a/app", "catalog"]],
        description="'ACTION REPOSITORY' or 'catalog', none of which may be granted.",
    )


class PolicyFile(Model):
    """A policy: what allow rules grant is united, what any deny rule takes away is gone. Order never matters."""

    version: Version = Field(description="The version of this format: 1.")
    groups: dict[str, GroupItem] = Field(
        default_factory=dict, description="A name for a directory group: its DN or SID, never a bare CN."
    )
    families: dict[str, FamilyItem] = Field(
        default_factory=dict, description="One name for the groups of all teams: a DN with one {word}."
    )
    allow: tuple[RuleEntry, ...] = Field((), description="What is granted.")
    deny: tuple[RuleEntry, ...] = Field((), description="What is taken away, whatever allow rules say.")
    tests: tuple[TestEntry, ...] = Field(
        (), description="What must come out; a policy whose tests fail does not come into force."
    )


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of the policy file, for editors."""
    return json_schema(PolicyFile, "The policy of ldap-token-bridge")
