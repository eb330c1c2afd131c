"""Where in a name the words in braces may stand, and what other patterns have in the same places."""

from collections.abc import Iterable, Iterator, Sequence

from ldap_token_bridge.policy.pattern import Capture, Deep, Segment

from .names import Path


class Places:
    """The places of words in braces in `paths`, counted in segments from the beginning of a name."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._fixed: set[int] = set()
        self._from: int | None = None  # behind a `**`, a word stands anywhere from here on
        for path in paths:
            for place, floats, part in _placed(path):
                if isinstance(part, Capture):
                    if floats:
                        self._from = place if self._from is None else min(place, self._from)
                    else:
                        self._fixed.add(place)

    def beside(self, paths: Iterable[Path]) -> set[Segment]:
        """The segments of patterns that may stand where a word may stand."""
        return {part for path in paths for place, floats, part in _placed(path) if self._meets(place, floats=floats)}

    def _meets(self, place: int, *, floats: bool) -> bool:
        if floats:
            return self._from is not None or any(fixed >= place for fixed in self._fixed)
        return place in self._fixed or (self._from is not None and place >= self._from)


def _placed(path: Path) -> Iterator[tuple[int, bool, Segment]]:
    """Each segment with the first place where it may stand, and whether it may stand further behind."""
    place, floats = 0, False
    for part in path:
        if isinstance(part, Deep):
            floats = True
        else:
            yield place, floats, part
            place += 1
