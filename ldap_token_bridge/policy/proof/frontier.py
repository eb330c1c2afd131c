"""The places that a search has come to, without those that are no better than another."""

from .work import Work

# Two sets of so many places are compared in one step.
_BITS_OF_STEP = 4096


class Frontier:
    """Sets of places of which none has all wanted places of another, no more excluded ones, and no greater length.

    Whatever can be done from the one that is left out can be done from the other.
    """

    def __init__(self, wanted: int, excluded: int, work: Work) -> None:
        self._wanted, self._excluded, self._work = wanted, excluded, work
        self._cost = 1 + (wanted | excluded).bit_length() // _BITS_OF_STEP
        self._kept: list[tuple[int, int, int, bool]] = []
        self._reached = 0  # the wanted places of any of them

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self._kept)

    def is_new(self, places: int, length: int, *, goes_on: bool) -> bool:
        """Whether no other serves as well, at no greater length. `goes_on`: a name must not end there."""
        wanted_here, allowed = places & self._wanted, ~places & self._excluded
        if wanted_here & ~self._reached:
            return True
        self._work.spend(len(self._kept) * self._cost)
        return not any(
            not wanted_here & ~wanted
            and not excluded & allowed
            and kept_length <= length
            and (goes_on or not also_goes_on)
            for wanted, excluded, kept_length, also_goes_on in self._kept
        )

    def add(self, places: int, length: int, *, goes_on: bool) -> bool:
        """Take it up if it is new."""
        is_new = self.is_new(places, length, goes_on=goes_on)
        if is_new:
            self._reached |= places & self._wanted
            self._kept.append((places & self._wanted, places & self._excluded, length, goes_on))
        return is_new
