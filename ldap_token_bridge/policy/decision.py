"""The question a token request puts to the policy, and the answer: values with their reasons."""

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.registry import Access
from ldap_token_bridge.values import dataclass

from .rules import RuleReference


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what. `subject` is None for the anonymous client; `now` must know its time zone.

    An `address` of None and an empty `service` are unknown: no allow rule that names one holds, every deny rule does.
    """

    subject: Subject | None
    access: tuple[Access, ...]
    service: str
    address: IPv4Address | IPv6Address | None
    now: datetime


class DenyReason(StrEnum):
    """Why an action is not granted."""

    NO_RULE = "no-rule"  # no allow rule grants it; what deny rules say then does not matter
    TAKEN_AWAY = "taken-away"  # allow rules grant it, and deny rules take it away


@dataclass(frozen=True, slots=True)
class Granted:
    """An action is granted, by the allow rules named."""

    action: str
    rules: tuple[RuleReference, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """An action is not granted; `rules` are the deny rules that took it away."""

    action: str
    reason: DenyReason
    rules: tuple[RuleReference, ...]


Verdict = Granted | Denied


@dataclass(frozen=True, slots=True)
class Change:
    """What a second decision gives more and less than a first, and the ids of the rules behind both sides of that.

    Empty and false where the two give the same, whatever rules they go by.
    """

    gained: tuple[Access, ...] = ()
    lost: tuple[Access, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a shadow policy made of a question: its hash and the change. `failed`: it could not decide."""

    policy_hash: str
    change: Change
    failed: bool = False

    @property
    def results(self) -> tuple[str, ...]:
        """How the metric counts it; one request can gain something and lose something else."""
        if self.failed:
            return ("failed",)
        sides = (("gain", self.change.gained), ("loss", self.change.lost))
        return tuple(name for name, accesses in sides if accesses) or ("same",)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is granted, and for each access as asked the verdict on each action.

    Asking for `*` on a repository is asking for pull, push and delete, and is answered with these. `shadow` is what
    another policy made of the same question, if one was asked.
    """

    granted: tuple[Access, ...]
    verdicts: tuple[tuple[Access, tuple[Verdict, ...]], ...]
    shadow: Shadowed | None = None

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that decided, sorted, each once."""
        found = {rule.id for _, verdicts in self.verdicts for verdict in verdicts for rule in verdict.rules}
        return tuple(sorted(found))
