"""How much is searched at most, counted in steps and not in time: every machine and every run comes to the same answer.

A step is what takes a microsecond at most, as a rule: a place of a search looked at, two patterns compared. The bounds
are several times what large policies need that were not written to be hard.
"""

from typing import Self

from .verdict import Bound

MOST_STEPS = 60_000_000
MOST_STEPS_OF_QUESTION = 4_000_000


class Work:
    """What is left of the steps for all questions of a command, and for the one that is being answered.

    Whatever is remembered between questions is remembered for one of these, so that each command counts it anew.
    """

    def __init__(self, total: int = MOST_STEPS, of_question: int = MOST_STEPS_OF_QUESTION) -> None:
        self._total = self._left = total
        self.of_question = self._most = self._left_of_question = of_question

    @classmethod
    def of_effort(cls, times: int) -> Self:
        """So many times as much as usual."""
        return cls(MOST_STEPS * times, MOST_STEPS_OF_QUESTION * times)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left for any question."""
        return self._left < 0

    @property
    def why_used_up(self) -> str:
        """The bound of all questions, in words."""
        return f"all questions together take more than {self._total:,} steps of search"

    def begin_question(self, steps: int | None = None) -> None:
        """Another question, which may take so many steps; or all that are left."""
        self._most = self._left_of_question = self._left if steps is None else steps

    def spend(self, steps: int) -> None:
        """Count steps before they are taken. Raises Bound."""
        self._left -= steps
        self._left_of_question -= steps
        if self._left < 0:
            raise Bound(self.why_used_up)
        if self._left_of_question < 0:
            raise Bound(f"it takes more than {self._most:,} steps of search")
