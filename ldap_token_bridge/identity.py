"""Who someone is: credentials as sent, the account they proved to be, and the groups it is in."""

import hmac
import re
from dataclasses import field
from enum import StrEnum
from typing import Literal

from ldap_token_bridge.values import dataclass


class Secret:
    """Bytes that never print. `reveal` is the one way to read them, so that a search finds every use."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The bytes themselves; pass them on, never keep or print them."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret is a secret too

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not serialised")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the client sent, verbatim: the name as typed and the password in UTF-8."""

    username: str
    password: Secret


class Refusal(StrEnum):
    """Why a login was refused; the value is the reason in the audit line, the metric and the settings."""

    WRONG_CREDENTIALS = "wrong-credentials"  # also an unknown user: nobody learns which names exist
    NO_CREDENTIALS = "no-credentials"
    PASSWORD_EXPIRED = "password-expired"  # noqa: S105 -- a reason, no password
    MUST_CHANGE_PASSWORD = "must-change-password"  # noqa: S105 -- a reason, no password
    ACCOUNT_LOCKED = "account-locked"
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_EXPIRED = "account-expired"
    OUTSIDE_HOURS = "outside-hours"
    WRONG_WORKSTATION = "wrong-workstation"
    WRONG_NETWORK = "wrong-network"
    TOO_MANY_ATTEMPTS = "too-many-attempts"  # not asked whether the password is right
    ROBOT_EXPIRED = "robot-expired"
    ROBOT_REVOKED = "robot-revoked"


GroupPath = Literal["direct", "nested", "primary"]


@dataclass(frozen=True, slots=True)
class Group:
    """A directory group. `dn` is empty if only the SID is known, `sid` is empty outside of Active Directory.

    `via` is the DN of the group through which a nested one was reached, empty if it is direct or that is not known.
    """

    dn: str
    sid: str = ""
    path: GroupPath = "direct"
    via: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A person in the directory: only this counts after a login, never the name as typed.

    `name` is the canonical account as the directory spells it (sAMAccountName, uid), NFC;
    `unique_id` the directory's own immutable id (objectGUID, entryUUID) as lower-case hex or text.
    """

    name: str
    dn: str
    unique_id: str


# No account in Active Directory holds a plus sign (sAMAccountName). Other directories allow it: `reads_as_machine`.
_MACHINE = "+"
ROBOT_NAME = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
is_robot_name = re.compile(ROBOT_NAME).fullmatch
"""Whether a text is a robot's name, as robots.yaml and the policy write it."""
is_workload_name = is_robot_name
"""Whether a text is the name of a workload or of its issuer: the same form."""


class SubjectKind(StrEnum):
    """The kinds of subject that a policy tells apart."""

    USER = "user"
    ROBOT = "robot"
    WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the policy decides about. An anonymous client is no Subject but None."""

    kind: SubjectKind
    name: str
    groups: tuple[Group, ...] = field(default=())

    @property
    def account(self) -> str:
        """What tokens and audit lines call it: `alice`, `robot+ci`; robots log in by this very name."""
        return self.name if self.kind is SubjectKind.USER else f"{self.kind}{_MACHINE}{self.name}"


def machine_of(account: str) -> tuple[SubjectKind, str] | None:
    """The kind and name behind an account such as `robot+ci`; None for a person's."""
    kind, mark, name = account.partition(_MACHINE)
    is_machine = mark and kind in (SubjectKind.ROBOT, SubjectKind.WORKLOAD)
    return (SubjectKind(kind), name) if is_machine else None


def reads_as_machine(account: str) -> bool:
    """Whether a person of this name would be taken for a robot or a workload, in whatever case it is written."""
    machine = machine_of(account.lower())
    return machine is not None and is_robot_name(machine[1]) is not None
