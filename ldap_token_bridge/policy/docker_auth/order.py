"""What an entry must keep later ones from granting, because it comes first and grants less: by a deny rule, or not.

See `translate` for why that is enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import field

from ldap_token_bridge.policy.proof import Bound
from ldap_token_bridge.values import dataclass

from .entries import Entry
from .regions import Regions

# Told `(done, total)`.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Side:
    """Repositories, or the catalog. By position: what is denied for an entry, and which are left out for which one.

    `unfit` are entries that cannot be translated by themselves; `meet` raises Bound.
    """

    entries: Sequence[Entry]
    unfit: set[int]
    actions_of: Callable[[Entry], frozenset[str]]
    meet: Callable[[Entry, Entry], bool]
    denies: dict[int, frozenset[str]] = field(default_factory=dict)
    omitted: dict[int, int] = field(default_factory=dict)

    def settle(self, number: int) -> None:
        """Deny, or leave out, what later entries grant beyond this one. Those before it are settled. Raises Bound."""
        entry = self.entries[number]
        has = self.actions_of(entry)
        later = [
            other
            for other in range(number + 1, len(self.entries))
            if self._is_in(other) and self.actions_of(self.entries[other]) - has
            if self.meet(entry, self.entries[other])
        ]
        if not later:
            return
        taken = frozenset[str]().union(*(self.actions_of(self.entries[other]) for other in later)) - has
        taken |= {"push"} if "pull" in taken else set()  # a deny rule for pull takes push with it
        spoilt = any(
            self.actions_of(self.entries[before]) & taken and self.meet(self.entries[before], entry)
            for before in range(number)
            if self._is_in(before)
        )
        if number in self.unfit or entry.whom == "anonymous" or spoilt:
            self.omitted |= dict.fromkeys(later, number)
        else:
            self.denies[number] = taken

    def _is_in(self, number: int) -> bool:
        return number not in self.unfit and number not in self.omitted


def settle(sides: Sequence[Side], count: int, regions: Regions, show: Progress) -> tuple[int, str]:
    """How many entries, from the first on, were compared with all before them; and the bound that was hit, if any."""
    for number in range(count):
        show(number, count)
        try:
            regions.pass_over(count)
            for side in sides:
                side.settle(number)
        except Bound as bound:
            return (number + 1, str(bound)) if number + 1 < count else (count, "")
    show(count, count)
    return count, ""
