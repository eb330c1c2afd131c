"""The rules of one kind, compiled so that a decision looks only at those that can match.

The patterns form a trie over segments. A name is matched by walking the trie with a set of states, one segment at a
time: a state is entered once a step, so the work is bounded by nodes times segments, whatever stars a pattern has.
At its ends the trie holds the rules by the terms of their `who`.
"""

from collections.abc import Iterable

from ldap_token_bridge.dn import fold
from ldap_token_bridge.registry import is_path_component

from .pattern import USER_WORD, Capture, Deep, Exact, Glob, Segment
from .rules import Rule
from .terms import NOBODY, Person

# Rules by a term of their `who`.
_Table = dict[str, list[Rule]]

# Names of repositories that are remembered; some 4 MB at most.
_KEPT = 8_192


class _Node:
    """A place in the trie. `here` are the rules of patterns that end here, `below` of those that go on with `**`."""

    __slots__ = ("any", "below", "captures", "deep", "exact", "families", "globs", "here", "loops", "own")

    def __init__(self, *, loops: bool = False) -> None:
        self.loops = loops  # stays where it is on any segment: the inside of a `**`
        self.exact: dict[str, _Node] = {}
        self.any: _Node | None = None
        # Globs by the lengths of their outer texts, then by these texts: a few look-ups find the candidates.
        self.globs: dict[tuple[int, int], dict[tuple[str, str], dict[tuple[str, ...], _Node]]] = {}
        self.deep: _Node | None = None
        self.own: _Node | None = None  # {user}
        self.families: dict[tuple[str, ...], _Node] = {}  # {word}, by the families that may give it
        self.captures: dict[str, list[_Node]] = {}  # the same nodes by each single family
        self.here: _Table = {}
        self.below: _Table = {}


_NO_GLOBS: dict[tuple[str, ...], _Node] = {}

# A node, and the family's word that was taken on the way; the same word must stand wherever it comes again.
_State = tuple[_Node, str]


class Index:
    """All allow rules, or all deny rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._root = _Node()
        self._catalog: _Table = {}
        # What the patterns find for a name without anybody's words: a registry's names come again, with other people.
        self._spelled: dict[str, list[_Table]] = {}
        for rule in rules:
            if rule.catalog:
                _enter(self._catalog, rule)
            for placed in rule.patterns:
                families = tuple(sorted(fold(name) for name in placed.families))
                self._add(placed.pattern.segments, families, rule)

    def catalog(self, terms: frozenset[str]) -> frozenset[Rule]:
        """The rules that speak of the catalogue and of someone who meets `terms`."""
        return _pick([self._catalog], terms)

    def repository(self, name: str, person: Person, *, possibly: bool) -> frozenset[Rule]:
        """The rules that speak of the repository and of `person`; with `possibly` also those not ruled out."""
        segments = name.split("/")
        any_word = possibly and person.any_word
        if any_word or person.account in segments or not person.words.keys().isdisjoint(segments):
            tables = self._walk(segments, person, any_word=any_word)
        else:
            tables = self._walk_without_words(name, segments)
        return _pick(tables, person.possible if possibly else person.terms)

    def _walk_without_words(self, name: str, segments: list[str]) -> list[_Table]:
        """What `_walk` finds for everyone of whose words none stands in the name."""
        tables = self._spelled.get(name)
        if tables is None:
            if len(self._spelled) >= _KEPT:
                self._spelled.clear()
            tables = self._spelled[name] = self._walk(segments, NOBODY, any_word=False)
        return tables

    def _add(self, segments: tuple[Segment, ...], families: tuple[str, ...], rule: Rule) -> None:
        node = self._root
        last = len(segments) - 1
        for number, segment in enumerate(segments):
            if isinstance(segment, Deep) and number == last:
                _enter(node.below, rule)
                return
            node = _child(node, segment, families)
        _enter(node.here, rule)

    def _walk(self, segments: list[str], person: Person, *, any_word: bool) -> list[_Table]:
        tables: dict[int, _Table] = {}
        states: set[_State] = set()
        _reach(states, self._root, "")
        for segment in segments:
            following: set[_State] = set()
            for node, bound in states:
                if node.below:
                    tables[id(node.below)] = node.below
                _step(node, bound, segment, following)
                if node.own and segment == person.account:
                    _reach(following, node.own, bound)
                if node.captures and (not bound or bound == segment):
                    for child in _captured(node, segment, person, any_word=any_word):
                        _reach(following, child, segment)
            states = following
            if not states:
                break
        tables.update((id(node.here), node.here) for node, _ in states if node.here)
        return list(tables.values())


def _step(node: _Node, bound: str, segment: str, following: set[_State]) -> None:
    """The states that follow by what the pattern spells, without the person's words."""
    if node.loops:
        following.add((node, bound))
    child = node.exact.get(segment)
    if child:
        _reach(following, child, bound)
    if node.any:
        _reach(following, node.any, bound)
    for (before, after), globs in node.globs.items():
        if len(segment) >= before + after:
            end = len(segment) - after
            for middle, child in globs.get((segment[:before], segment[end:]), _NO_GLOBS).items():
                if _holds(segment[before:end], middle):
                    _reach(following, child, bound)


def _captured(node: _Node, segment: str, person: Person, *, any_word: bool) -> Iterable[_Node]:
    if any_word:
        return node.families.values() if is_path_component(segment) else ()
    return [child for family in person.words.get(segment, ()) for child in node.captures.get(family, ())]


def _reach(states: set[_State], node: _Node, bound: str) -> None:
    """Enter a node, and the inside of a `**` behind it, since that stands for no segment as well."""
    states.add((node, bound))
    if node.deep:
        states.add((node.deep, bound))


def _holds(text: str, pieces: tuple[str, ...]) -> bool:
    """Whether `text` holds the pieces in order, without overlap: the leftmost fit of each leaves most room."""
    position = 0
    for piece in pieces:
        position = text.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return True


def _child(node: _Node, segment: Segment, families: tuple[str, ...]) -> _Node:
    """The node behind `segment`, made if there is none."""
    match segment:
        case Exact(text):
            child = node.exact.setdefault(text, _Node())
        case Deep():
            child = node.deep = node.deep or _Node(loops=True)
        case Capture(word) if word == USER_WORD:
            child = node.own = node.own or _Node()
        case Capture():
            child = _captured_child(node, families)
        case Glob(("", "")):
            child = node.any = node.any or _Node()
        case Glob(pieces):
            child = _glob_child(node, pieces)
    return child


def _captured_child(node: _Node, families: tuple[str, ...]) -> _Node:
    child = node.families.get(families)
    if child is None:
        child = node.families[families] = _Node()
        for family in families:
            node.captures.setdefault(family, []).append(child)
    return child


def _glob_child(node: _Node, pieces: tuple[str, ...]) -> _Node:
    before, *inner, after = pieces
    middle = tuple(inner)
    shapes = node.globs.setdefault((len(before), len(after)), {})
    globs = shapes.setdefault((before, after), {})
    return globs.setdefault(middle, _Node())


def _enter(table: _Table, rule: Rule) -> None:
    for key in {who.key for who in rule.who}:
        rules = table.setdefault(key, [])
        if not rules or rules[-1] is not rule:
            rules.append(rule)


def _pick(tables: Iterable[_Table], terms: frozenset[str]) -> frozenset[Rule]:
    return frozenset([rule for table in tables for key in table.keys() & terms for rule in table[key]])
