"""The shortest legal repository name that fits some patterns and none of others; no words in braces here.

All patterns are read side by side, one segment at a time: what has been read so far is summed up by the set of places
in the patterns that it leads to, and there are finitely many sets. The search goes on from the beginning that promises
the shortest name (A*): its own length, and what any end takes at least.
"""

import heapq
from collections.abc import Container, Iterable, Iterator, Sequence

from ldap_token_bridge.policy.fit import fits_glob
from ldap_token_bridge.policy.pattern import Capture, Deep, Exact, Glob, Segment
from ldap_token_bridge.registry import MAX_NAME_LENGTH, is_path_component, is_repository_name

from .frontier import Frontier
from .segments import segments_of
from .verdict import Bound
from .work import Work

MAX_STATES = 20_000

Path = tuple[Segment, ...]
_ANY = ("", "")


class Names:
    """The names that fit at least one pattern of each group of `some_of`, and no pattern of `none_of`."""

    def __init__(self, some_of: Sequence[Sequence[Path]], none_of: Sequence[Path], work: Work) -> None:
        self._work = work
        self._size = 0
        self._exact: dict[str, int] = {}
        self._globs: dict[tuple[str, ...], int] = {}
        self._any = 0  # places that any one segment leads on from
        self._loops = 0  # places that any segment stays in
        self._skips = 0  # places before a `**` that may stand for nothing
        self._known: dict[str, tuple[int, bool]] = {}
        self._start = 0  # the places before every pattern
        self._ahead: list[int] = []  # by place: how much longer a name gets at least until the end of the pattern
        self._groups = [self._add_all(group) for group in some_of]
        self._missing = [self._by_missing(places) for places, _ in self._groups]
        self._excluded, self._excluded_ends = self._add_all(none_of)
        self._lost = self._excluded_ends & self._loops  # every longer name is excluded, too
        self._wanted = 0
        for places, _ in self._groups:
            self._wanted |= places

    def shortest(self, longest: int = MAX_NAME_LENGTH) -> str | None:
        """The name, not longer than `longest`; of several the same one each time. Raises Bound."""
        # The least length of the whole name, what there is of it, places, and whether it must go on: a host so far.
        waiting: list[tuple[int, str, int, bool]] = [(0, "", self._skip(self._start), True)]
        seen = Frontier(self._wanted, self._excluded, self._work)
        while waiting:
            _, name, places, unfinished = heapq.heappop(waiting)
            if not seen.add(places, len(name), goes_on=unfinished):
                continue
            if seen.size > MAX_STATES:
                raise Bound(f"more than {MAX_STATES} beginnings of names are told apart by the patterns")
            if not unfinished and self._fulfils(places):
                return name
            for text, following, goes_on in self._steps(places, first=not name):
                length = len(name) + len(text) + bool(name)
                least = length + self._least_missing(following)
                if least <= longest and seen.is_new(following, length, goes_on=goes_on):
                    heapq.heappush(waiting, (least, f"{name}/{text}" if name else text, following, goes_on))
        return None

    def _least_missing(self, places: int) -> int:
        """How much longer a name must get until it fits a pattern of each group."""
        return max(next(missing for missing, mask in group if mask & places) for group in self._missing)

    def _fulfils(self, places: int) -> bool:
        return not places & self._excluded_ends and all(places & ends for _, ends in self._groups)

    def _steps(self, places: int, *, first: bool) -> Iterator[tuple[str, int, bool]]:
        """Segments that may come next, where they lead, and whether the name must go on."""
        stays = places & self._loops
        for text in self._candidates(places, first=first):
            self._work.spend(1)
            fitting, is_host = self._read(text)
            following = self._skip((places & fitting) << 1 | stays)
            if not following & self._lost and all(following & group for group, _ in self._groups):
                yield text, following, is_host

    def _candidates(self, places: int, *, first: bool) -> set[str]:
        """One segment of each kind that the patterns tell apart here; what another serves better is left out."""
        self._work.spend(1 + len(self._exact) + len(self._globs))
        written = {text: mask & places for text, mask in self._exact.items() if mask & places}
        for group, _ in self._groups:
            if not places & group & (self._any | self._loops) and not any(
                mask & places & group for mask in self._globs.values()
            ):
                return {text for text, mask in written.items() if mask & group and _is_segment(text, first=first)}
        texts = {text for text in written if _is_segment(text, first=first)}
        texts |= self._unwritten(places, written, first=first)
        return self._best(places, filter(lambda text: self._keeps_all(places, text), texts))

    def _keeps_all(self, places: int, text: str) -> bool:
        """Whether the segment leads on in some pattern of each group."""
        following = places & (self._fitting(text) | self._loops)
        return all(following & group for group, _ in self._groups)

    def _unwritten(self, places: int, written: Container[str], *, first: bool) -> set[str]:
        """Of the segments that are written out nowhere, one of each kind."""
        globs = {pieces: mask & places for pieces, mask in self._globs.items() if mask & places}
        wanted = tuple(sorted(pieces for pieces, mask in globs.items() if mask & self._wanted))
        unwanted = sum(mask for pieces, mask in globs.items() if pieces not in wanted)
        # Most often the excluded globs can be avoided by words as short as any, and need not be told apart.
        kinds = segments_of(wanted, self._work, hosts=first)
        avoiding = [
            kinds.some_of_the_shortest(fits, 1, lambda word: word not in written and not self._fitting(word) & unwanted)
            for fits in kinds.shortest
        ]
        if all(avoiding):
            return {word for words in avoiding for word in words}
        kinds = segments_of(tuple(sorted(globs)), self._work, hosts=first)
        return {kinds.shortest_but(fits, written) for fits in kinds.shortest} - {""}

    def _best(self, places: int, texts: Iterable[str]) -> set[str]:
        """Without those for which another stands in: no longer, with all its wanted places and none more excluded."""
        best = Frontier(self._wanted, self._excluded, self._work)
        by_length = sorted(texts, key=lambda text: (len(text), self._read(text)[1], text))
        return {
            text for text in by_length if best.add(self._fitting(text) & places, len(text), goes_on=self._read(text)[1])
        }

    def _fitting(self, text: str) -> int:
        return self._read(text)[0]

    def _read(self, text: str) -> tuple[int, bool]:
        """The places that a segment leads on from, and whether it is a host, behind which a name must go on."""
        known = self._known.get(text)
        if known is None:
            self._work.spend(1 + len(self._globs))
            fitting = self._any | self._exact.get(text, 0)
            for pieces, mask in self._globs.items():
                if fits_glob(pieces, text):
                    fitting |= mask
            known = self._known[text] = fitting, not is_path_component(text)
        return known

    def _skip(self, places: int) -> int:
        return places | (places & self._skips) << 1

    def _add_all(self, patterns: Sequence[Path]) -> tuple[int, int]:
        """The places of these patterns, and those at their ends."""
        before = self._size
        ends = 0
        for segments in dict.fromkeys(patterns):
            ends |= self._add(segments)
        return (1 << self._size) - (1 << before), ends

    def _by_missing(self, places: int) -> list[tuple[int, int]]:
        """The places by how much longer a name gets behind them, least first."""
        masks: dict[int, int] = {}
        for number, ahead in enumerate(self._ahead):
            if places >> number & 1:
                masks[ahead] = masks.get(ahead, 0) | 1 << number
        return sorted(masks.items())

    def _add(self, segments: Path) -> int:
        self._start |= 1 << self._size
        self._ahead += _least_ahead(segments)
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


def _least_ahead(segments: Path) -> list[int]:
    """For each place in a pattern, and its end, the least length of what stands behind it in a name, with slashes."""
    ahead = [0]
    for number, segment in reversed([*enumerate(segments, 1)]):
        match segment:
            case Deep() if number < len(segments):
                least = 0
            case Exact(text):
                least = 1 + len(text)
            case Glob(pieces):
                least = 1 + max(1, sum(map(len, pieces)))
            case _:
                least = 2
        ahead.append(ahead[-1] + least)
    return ahead[::-1]


def _is_segment(text: str, *, first: bool) -> bool:
    return is_path_component(text) or (first and is_repository_name(f"{text}/a"))
