"""The grammar of a segment of a repository name as automata (distribution, reference/regexp.go).

So that questions about globs are answered exactly: whether any legal segment fits one, and (in `proof`) which legal
segment is the shortest that fits some and not others.
"""

from collections.abc import Iterable, Mapping

from ldap_token_bridge.values import dataclass

State = str


@dataclass(frozen=True, slots=True)
class Grammar:
    """An automaton that begins in `start`.

    Symbols: "a" any lower-case letter, "A" any upper-case one, "0" any digit, and the punctuation itself.
    """

    table: Mapping[State, Mapping[str, State]]
    accepting: frozenset[State]


# A path component: letters and digits joined by one period, one or two underscores, or any number of dashes.
COMPONENT = Grammar(
    {
        "start": {"a": "word", "0": "word"},
        "word": {"a": "word", "0": "word", ".": "joint", "_": "underscore", "-": "dash"},
        "joint": {"a": "word", "0": "word"},
        "underscore": {"a": "word", "0": "word", "_": "joint"},
        "dash": {"a": "word", "0": "word", "-": "dash"},
    },
    frozenset(("word",)),
)
# The first segment may be a host, with or without a port, if others follow.
HOST = Grammar(
    {
        "start": {"a": "label", "A": "label", "0": "label"},
        "label": {"a": "label", "A": "label", "0": "label", "-": "hyphen", ".": "start", ":": "colon"},
        "hyphen": {"a": "label", "A": "label", "0": "label", "-": "hyphen"},
        "colon": {"0": "port"},
        "port": {"0": "port"},
    },
    frozenset(("label", "port")),
)


def some_segment_fits(pieces: tuple[str, ...], *, may_be_host: bool) -> bool:
    """Whether a legal segment begins with the first piece, ends with the last and holds the others in order between.

    `pieces` are the texts around the stars of a glob; a single piece is a plain text. `may_be_host`: the segment can
    be a name's first and not its last, where `host:port` is legal.
    """
    return _fits(pieces, COMPONENT) or (may_be_host and _fits(pieces, HOST))


def symbol(character: str) -> str:
    """What the automata read in place of a character."""
    if "a" <= character <= "z":
        return "a"
    if "A" <= character <= "Z":
        return "A"
    return "0" if "0" <= character <= "9" else character


def _fits(pieces: tuple[str, ...], grammar: Grammar) -> bool:
    states: set[State] = {"start"}
    for number, piece in enumerate(pieces):
        if number:
            states = _reachable(states, grammar)
        for character in piece:
            read = symbol(character)
            states = {following for state in states if (following := grammar.table[state].get(read))}
    return not grammar.accepting.isdisjoint(states)


def _reachable(states: Iterable[State], grammar: Grammar) -> set[State]:
    """The states that any text, also none, leads to."""
    reached: set[State] = set()
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(grammar.table[state].values())
    return reached
