"""Who someone is: credentials as sent, the account they proved to be, and the groups it is in."""

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


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
