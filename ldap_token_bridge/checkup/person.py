"""What `whoami` finds out about one name, as a value."""

from dataclasses import field

from ldap_token_bridge.identity import Account, Group, Refusal
from ldap_token_bridge.values import dataclass

from .item import Item, exit_code

_STATES = {
    None: "fine",
    Refusal.WRONG_CREDENTIALS: "the password is wrong",
    Refusal.PASSWORD_EXPIRED: "the password has expired",
    Refusal.MUST_CHANGE_PASSWORD: "the password must be changed first",
    Refusal.ACCOUNT_LOCKED: "locked",
    Refusal.ACCOUNT_DISABLED: "disabled",
    Refusal.ACCOUNT_EXPIRED: "the account has expired",
    Refusal.OUTSIDE_HOURS: "not allowed at this hour",
    Refusal.WRONG_WORKSTATION: "not allowed from this machine",
}


def in_words(state: Refusal | None) -> str:
    """The state of an account, for people."""
    return _STATES[state] if state in _STATES else str(state)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step: how many questions it cost the directory, and the milliseconds until they were answered."""

    name: str
    round_trips: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class BindOutcome:
    """What came of the password: None if it lets the person in. `said` is the server's own answer.

    `untried` is why no server was asked: nobody has such a password.
    """

    refusal: Refusal | None
    said: str = ""
    untried: str = ""

    @property
    def words(self) -> str:
        """For people."""
        if self.untried:
            return f"not tried: {self.untried}"
        return "right" if self.refusal is None else f"refused: {in_words(self.refusal)}"


@dataclass(frozen=True, slots=True)
class Whoami:
    """Everything that was learnt. What was not reached is empty: `groups` is None if they were not read.

    `rivals` are the DNs of the entries that an ambiguous name stands for. `memberships` are the policy's terms, each
    with the word that a family takes from the group's name.
    """

    typed: str
    account: Account | None = None
    sid: str = ""
    state: Refusal | None = None
    groups: tuple[Group, ...] | None = None
    rivals: tuple[str, ...] = ()
    bind: BindOutcome | None = None
    policy: str = ""
    memberships: tuple[tuple[str, str], ...] = ()
    stages: tuple[Stage, ...] = ()
    items: tuple[Item, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 if there is such a person who may log in, as far as was asked; 1 for a refusal; else as a check-up's."""
        refused = self.state is not None or (self.bind is not None and self.bind.refusal is not None)
        return max(exit_code(self.items), int(refused))
