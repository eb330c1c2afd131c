"""The legal segments of repository names, split into classes by which of some shapes they fit.

All shapes are run side by side over one text as one automaton, whose reachable sets of states are finite: a class is
never overlooked, and of each class the words come shortest first.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice

from ldap_token_bridge.policy.components import COMPONENT, HOST, Grammar, symbol
from ldap_token_bridge.registry import MAX_NAME_LENGTH
from ldap_token_bridge.values import dataclass

from .verdict import Bound
from .work import Work

MAX_STATES = 4_000
_TRIES = 100
# Letters before digits: a name that is shown to people reads better so.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CHARACTERS = f"{_LETTERS}0123456789._-"
_OF_HOSTS = f":{_LETTERS.upper()}"


@dataclass(frozen=True, slots=True)
class Stars:
    """A part of a shape: any run of characters, also none."""


Part = str | Stars | Grammar
Shape = tuple[Part, ...]
# A class, as the bits of a number: LEGAL, IS_COMPONENT unless its words are hosts, which others must follow, and a bit
# for each shape that they fit. 0 is what is no legal segment.
Fits = int
LEGAL = 1
IS_COMPONENT = 2


def shape_bit(number: int) -> Fits:
    """What is set in a class whose words fit the shape of this number, counted from 0."""
    return 4 << number


def glob_shape(pieces: Sequence[str]) -> Shape:
    """The shape of a glob by the texts around its stars."""
    parts: list[Part] = [pieces[0]]
    for piece in pieces[1:]:
        parts += [Stars(), piece]
    return tuple(parts)


class Segments:
    """The texts of a grammar that fit or do not fit each of `shapes`.

    A shape may speak of a longer text in which the segment stands between `before` and `after`. `hosts`: the segment
    stands first and others follow. Raises Bound if the shapes have too many sets of states.
    """

    def __init__(
        self, shapes: Sequence[Shape], work: Work, *, hosts: bool = False, before: str = "", after: str = ""
    ) -> None:
        self._work = work
        self._nfa = _Nfa(shapes, hosts=hosts, around=before + after)
        self._after = after
        self._start = self._nfa.start
        for character in before:
            self._start = self._nfa.step(self._start, character, grammar=False)
        self._moves: dict[int, list[tuple[str, int]]] = {}
        self._shortest: dict[Fits, str] = {}
        self._ends: dict[Fits, set[int]] = {}
        self._layers: dict[Fits, list[frozenset[int]]] = {}  # by how many characters are missing to the end
        self._explore()

    def fits(self, text: str) -> Fits:
        """The class of a text."""
        state = self._start
        for character in text:
            self._work.spend(state.bit_count())
            state = self._nfa.step(state, character)
        return self._nfa.fits(state, self._after)

    @property
    def shortest(self) -> dict[Fits, str]:
        """Of each class that has words the shortest one, in the order of their lengths."""
        return self._shortest

    def some_of_the_shortest(self, fits: Fits, count: int, serves: Callable[[str], bool]) -> list[str]:
        """Words of a class, as short as any of it, that `serves` takes: `count`, or fewer if that would take long."""
        if count == 1 and serves(self._shortest[fits]):
            return [self._shortest[fits]]
        words = islice(self.words(fits, len(self._shortest[fits])), _TRIES)
        return list(islice(filter(serves, words), count))

    def shortest_but(self, fits: Fits, taken: Container[str]) -> str:
        """The shortest word of a class that is not one of `taken`; empty if there is none."""
        shortest = self._shortest[fits]
        if shortest not in taken:
            return shortest
        return next((word for word in self.words(fits, MAX_NAME_LENGTH) if word not in taken), "")

    def words(self, fits: Fits, longest: int) -> Iterator[str]:
        """The words of a class, shortest first, none longer than `longest`."""
        layers = self._layers.setdefault(fits, [frozenset(self._ends.get(fits, ()))])
        for length in range(longest + 1):
            if length == len(layers):
                self._work.spend(len(self._moves))
                nearer = layers[-1]
                layers.append(
                    frozenset(state for state in self._moves if not nearer.isdisjoint(self._following[state]))
                )
            if self._start in layers[length]:
                yield from self._spell(self._start, layers, length)

    def _spell(self, state: int, layers: list[frozenset[int]], missing: int) -> Iterator[str]:
        if not missing:
            yield ""
            return
        for characters, following in self._moves[state]:
            if following in layers[missing - 1]:
                for character in characters:
                    for rest in self._spell(following, layers, missing - 1):
                        yield character + rest

    @cached_property
    def _following(self) -> dict[int, frozenset[int]]:
        return {state: frozenset(following for _, following in moves) for state, moves in self._moves.items()}

    def _explore(self) -> None:
        """Breadth first, so that the first word to end in a class is one of its shortest."""
        texts = {self._start: ""}
        for state in (waiting := [self._start]):
            if len(texts) > MAX_STATES:
                raise Bound(f"the globs at one place of a name are told apart by more than {MAX_STATES} states")
            self._work.spend(state.bit_count() * len(self._nfa.alike))
            fits = self._nfa.fits(state, self._after)
            if fits:
                self._shortest.setdefault(fits, texts[state])
                self._ends.setdefault(fits, set()).add(state)
            self._moves[state] = []
            for characters in self._nfa.alike:
                following = self._nfa.step(state, characters[0])
                if following:
                    self._moves[state].append((characters, following))
                    if following not in texts:
                        texts[following] = texts[state] + characters[0]
                        waiting.append(following)


@lru_cache(256)
def segments_of(globs: tuple[tuple[str, ...], ...], work: Work, *, hosts: bool = False) -> Segments:
    """By globs alone, remembered: the same stand in the same place for many questions. Raises Bound."""
    return Segments([glob_shape(pieces) for pieces in globs], work, hosts=hosts)


class _Nfa:
    """The shapes and the grammars of segments side by side; a set of states is the bits of a number."""

    def __init__(self, shapes: Sequence[Shape], *, hosts: bool, around: str) -> None:
        characters = _CHARACTERS + _OF_HOSTS if hosts else _CHARACTERS
        self.alike = _alike(characters, "".join(part for shape in shapes for part in shape if isinstance(part, str)))
        self._moves: list[dict[str, int]] = []  # by state: what each character leads to
        self._all = {characters[0] for characters in self.alike} | set(around)
        self._class = {character: characters[0] for characters in self.alike for character in characters}
        self._legal = [self._add((grammar,)) for grammar in ([COMPONENT, HOST] if hosts else [COMPONENT])]
        self._grammar = (1 << len(self._moves)) - 1
        self._shapes = [self._add(shape) for shape in shapes]
        self.start = 0
        for first, _ in self._legal + self._shapes:
            self.start |= first

    def step(self, states: int, character: str, *, grammar: bool = True) -> int:
        """The states after one more character; 0 if the text is no beginning of a legal segment.

        Without `grammar` the character stands before the segment or after it.
        """
        out = 0 if grammar else states & self._grammar
        rest = states if grammar else states & ~self._grammar
        character = self._class.get(character, character)
        while rest:
            lowest = rest & -rest
            out |= self._moves[lowest.bit_length() - 1].get(character, 0)
            rest ^= lowest
        return out if out & self._grammar else 0

    def fits(self, states: int, after: str) -> Fits:
        """The class of the text that led to `states`."""
        if not any(states & accepting for _, accepting in self._legal):
            return 0
        fits = LEGAL | (IS_COMPONENT if states & self._legal[0][1] else 0)
        for character in after:
            states = self.step(states, character, grammar=False)
        return fits | sum(shape_bit(number) for number, (_, accepting) in enumerate(self._shapes) if states & accepting)

    def _add(self, shape: Shape) -> tuple[int, int]:
        """The states of one shape; those to begin in, and those that accept."""
        # Built from the end: each part leads to the beginning of what follows it.
        following = accepting = self._state({})
        for part in reversed(shape):
            match part:
                case str():
                    for character in reversed(part):
                        following = self._state({self._class.get(character, character): following})
                case Stars():
                    loop = self._state({})
                    following |= loop
                    self._moves[-1].update(dict.fromkeys(self._all, following))
                case Grammar():
                    following = self._embed(part, following)
        return following, accepting

    def _embed(self, grammar: Grammar, following: int) -> int:
        numbers = {state: self._state({}) for state in grammar.table}
        for state, moves in grammar.table.items():
            table = self._moves[numbers[state].bit_length() - 1]
            for character in self._all:
                target = moves.get(symbol(character))
                if target:
                    table[character] = numbers[target] | (following if target in grammar.accepting else 0)
        return numbers["start"]

    def _state(self, moves: dict[str, int]) -> int:
        self._moves.append(moves)
        return 1 << (len(self._moves) - 1)


def _alike(characters: str, told_apart: str) -> list[str]:
    """The characters in groups that no shape tells apart; the groups in the order of their first characters."""
    groups: dict[str, str] = {}
    for character in characters:
        key = character if character in told_apart else f"any {symbol(character)}"
        groups[key] = groups.get(key, "") + character
    return list(groups.values())
