"""A person as one bridge tells it to the others."""

from typing import Any

from ldap_token_bridge.identity import Account, Group, Refusal
from ldap_token_bridge.values import dataclass

from .person import Person


@dataclass(frozen=True, slots=True)
class Seen:
    """A person whose groups were read; a search found them `age` seconds ago.

    What only served to find the groups is left out of `person`.
    """

    person: Person
    groups: tuple[Group, ...]
    is_nobody: bool
    age: float

    def as_json(self) -> list[Any]:
        """For `of_json`."""
        person, account = self.person, self.person.account
        return [
            [account.name, account.dn, account.unique_id],
            person.state,
            person.password_date,
            [[group.dn, group.sid, group.path, group.via] for group in self.groups],
            self.is_nobody,
        ]

    @classmethod
    def of_json(cls, told: list[Any], age: float) -> "Seen":
        """What `as_json` gave."""
        account, state, date, groups, is_nobody = told
        person = Person(Account(*account), state and Refusal(state), (), True, "", password_date=date)
        return cls(person, tuple(Group(*group) for group in groups), is_nobody, age)
