"""The shortest legal repository name that fits some patterns and none of others; no words in braces here.

All patterns are read side by side, one segment at a time: what has been read so far is summed up by the set of places
in the patterns that it leads to, and there are finitely many sets. The search visits each set once, at its shortest.
"""

import heapq
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache

from ldap_token_bridge.policy.fit import fits_glob
from ldap_token_bridge.policy.pattern import Capture, Deep, Exact, Glob, Segment
from ldap_token_bridge.registry import MAX_NAME_LENGTH, is_path_component, is_repository_name

from .segments import Segments, glob_shape
from .verdict import Bound

MAX_STATES = 20_000

Path = tuple[Segment, ...]
_ANY = ("", "")


class Names:
    """The names that fit at least one pattern of each group of `some_of`, and no pattern of `none_of`."""

    def __init__(self, some_of: Sequence[Sequence[Path]], none_of: Sequence[Path]) -> None:
        self._size = 0
        self._exact: dict[str, int] = {}
        self._globs: dict[tuple[str, ...], int] = {}
        self._any = 0  # places that any one segment leads on from
        self._loops = 0  # places that any segment stays in
        self._skips = 0  # places before a `**` that may stand for nothing
        self._known: dict[str, int] = {}
        self._start = 0  # the places before every pattern
        self._groups = [self._add_all(group) for group in some_of]
        self._excluded, self._excluded_ends = self._add_all(none_of)
        self._lost = self._excluded_ends & self._loops  # every longer name is excluded, too
        self._wanted = 0
        for places, _ in self._groups:
            self._wanted |= places

    def shortest(self, longest: int = MAX_NAME_LENGTH) -> str | None:
        """The name, not longer than `longest`; of several the same one each time. Raises Bound."""
        # Length, text, places, and whether the name must go on, because it is a host so far.
        waiting: list[tuple[int, str, int, bool]] = [(0, "", self._skip(self._start), True)]
        seen: set[tuple[int, bool]] = set()
        while waiting:
            length, name, places, unfinished = heapq.heappop(waiting)
            if (places, unfinished) in seen:
                continue
            seen.add((places, unfinished))
            if len(seen) > MAX_STATES:
                raise Bound(f"more than {MAX_STATES} beginnings of names are told apart by the patterns")
            if not unfinished and self._fulfils(places):
                return name
            for text, following, goes_on in self._steps(places, first=not name):
                total = length + len(text) + bool(name)
                if total <= longest and (following, goes_on) not in seen:
                    heapq.heappush(waiting, (total, f"{name}/{text}" if name else text, following, goes_on))
        return None

    def _fulfils(self, places: int) -> bool:
        return not places & self._excluded_ends and all(places & ends for _, ends in self._groups)

    def _steps(self, places: int, *, first: bool) -> Iterator[tuple[str, int, bool]]:
        """Segments that may come next, where they lead, and whether the name must go on."""
        for text in self._candidates(places, first=first):
            following = self._step(places, text)
            if not following & self._lost and all(following & group for group, _ in self._groups):
                yield text, following, not is_path_component(text)

    def _candidates(self, places: int, *, first: bool) -> set[str]:
        """One segment of each kind that the patterns tell apart here; what another serves better is left out."""
        written = {text: mask & places for text, mask in self._exact.items() if mask & places}
        for group, _ in self._groups:
            if not places & group & (self._any | self._loops) and not any(
                mask & places & group for mask in self._globs.values()
            ):
                return {text for text, mask in written.items() if mask & group and _is_segment(text, first=first)}
        texts = {text for text in written if _is_segment(text, first=first)}
        return self._best(places, texts | self._unwritten(places, written, first=first))

    def _unwritten(self, places: int, written: Container[str], *, first: bool) -> set[str]:
        """Of the segments that are written out nowhere, one of each kind."""
        globs = {pieces: mask & places for pieces, mask in self._globs.items() if mask & places}
        wanted = tuple(sorted(pieces for pieces, mask in globs.items() if mask & self._wanted))
        unwanted = sum(mask for pieces, mask in globs.items() if pieces not in wanted)
        # Most often the excluded globs can be avoided by words as short as any, and need not be told apart.
        kinds = _segments(wanted, hosts=first)
        avoiding = [
            kinds.some_of_the_shortest(fits, 1, lambda word: word not in written and not self._fitting(word) & unwanted)
            for fits in kinds.shortest
        ]
        if all(avoiding):
            return {word for words in avoiding for word in words}
        kinds = _segments(tuple(sorted(globs)), hosts=first)
        return {kinds.shortest_but(fits, written) for fits in kinds.shortest} - {""}

    def _best(self, places: int, texts: Iterable[str]) -> set[str]:
        """Without those for which another stands in: no longer, with all its wanted places and none more excluded."""
        found: set[str] = set()
        kept: list[tuple[int, int, bool]] = []
        for text in sorted(texts, key=lambda text: (len(text), not is_path_component(text), text)):
            fitting = self._fitting(text) & places
            helps, harms, component = fitting & self._wanted, fitting & self._excluded, is_path_component(text)
            if not any(
                not helps & ~more and not less & ~harms and component <= also_component
                for more, less, also_component in kept
            ):
                kept.append((helps, harms, component))
                found.add(text)
        return found

    def _step(self, places: int, text: str) -> int:
        return self._skip((places & self._fitting(text)) << 1 | places & self._loops)

    def _fitting(self, text: str) -> int:
        """The places that a segment leads on from."""
        fitting = self._known.get(text)
        if fitting is None:
            fitting = self._any | self._exact.get(text, 0)
            for pieces, mask in self._globs.items():
                if fits_glob(pieces, text):
                    fitting |= mask
            self._known[text] = fitting
        return fitting

    def _skip(self, places: int) -> int:
        return places | (places & self._skips) << 1

    def _add_all(self, patterns: Sequence[Path]) -> tuple[int, int]:
        """The places of these patterns, and those at their ends."""
        before = self._size
        ends = 0
        for segments in dict.fromkeys(patterns):
            ends |= self._add(segments)
        return (1 << self._size) - (1 << before), ends

    def _add(self, segments: Path) -> int:
        self._start |= 1 << self._size
        for number, segment in enumerate(segments, 1):
            place = 1 << self._size
            self._size += 1
            match segment:
                case Exact(text):
                    self._exact[text] = self._exact.get(text, 0) | place
                case Glob(pieces) if pieces != _ANY:
                    self._globs[pieces] = self._globs.get(pieces, 0) | place
                case Deep() if number < len(segments):
                    self._loops |= place
                    self._skips |= place
                case Deep():
                    self._any |= place
                    self._loops |= place << 1
                case Capture(word):
                    raise AssertionError(f"the word {word} must be filled in first")
                case _:
                    self._any |= place
        self._size += 1
        return 1 << (self._size - 1)


def _is_segment(text: str, *, first: bool) -> bool:
    return is_path_component(text) or (first and is_repository_name(f"{text}/a"))


@lru_cache(256)
def _segments(globs: tuple[tuple[str, ...], ...], *, hosts: bool) -> Segments:
    return Segments([glob_shape(pieces) for pieces in globs], hosts=hosts)
