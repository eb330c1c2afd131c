"""The outcome of one check, as a value."""

from collections.abc import Iterable
from enum import IntEnum

from ldap_token_bridge.errors import Place, Problem
from ldap_token_bridge.values import dataclass


class Grade(IntEnum):
    """How bad it is, from good to bad."""

    FINE = 0
    WARNING = 1  # it works, but should be known
    FINDING = 2  # it may work again by itself, or concerns a part: a server that is down, a group that is not there
    UNUSABLE = 3  # it will not work until someone mends it


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a check-up: what was looked at (`topic`), how it is, where it is set, and how to mend it."""

    topic: str
    grade: Grade
    what: str
    where: Place | None = None
    remedy: str = ""

    @property
    def problem(self) -> Problem:
        """What there is to mend, without how bad it is."""
        return Problem(self.what, self.where, self.remedy)


def items_of(topic: str, grade: Grade, problems: Iterable[Problem]) -> list[Item]:
    """Problems as items of one grade."""
    return [Item(topic, grade, problem.what, problem.where, problem.remedy) for problem in problems]


def exit_code(items: Iterable[Item]) -> int:
    """0 fine, 1 a finding, 2 unusable; warnings are fine."""
    worst = max((item.grade for item in items), default=Grade.FINE)
    return {Grade.FINDING: 1, Grade.UNUSABLE: 2}.get(worst, 0)
