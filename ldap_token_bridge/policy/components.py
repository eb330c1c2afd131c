"""Whether any legal segment of a repository name fits a glob (distribution, reference/regexp.go).

The grammar of a segment is written as a small automaton, so that the question is answered exactly: the glob is run
over sets of states, where a star reaches every state that any text reaches.
"""

from collections.abc import Iterable, Mapping

State = str
Table = Mapping[State, Mapping[str, State]]

# Input symbols: "a" any lower-case letter, "0" any digit, and the punctuation itself.
# A path component: letters and digits joined by one period, one or two underscores, or any number of dashes.
_COMPONENT: Table = {
    "start": {"a": "word", "0": "word"},
    "word": {"a": "word", "0": "word", ".": "joint", "_": "underscore", "-": "dash"},
    "joint": {"a": "word", "0": "word"},
    "underscore": {"a": "word", "0": "word", "_": "joint"},
    "dash": {"a": "word", "0": "word", "-": "dash"},
}
# The first segment may be a host with a port. A host without one is also a component, since patterns are lower-case.
_HOST: Table = {
    "start": {"a": "label", "0": "label"},
    "label": {"a": "label", "0": "label", "-": "hyphen", ".": "start", ":": "colon"},
    "hyphen": {"a": "label", "0": "label", "-": "hyphen"},
    "colon": {"0": "port"},
    "port": {"0": "port"},
}


def some_segment_fits(pieces: tuple[str, ...], *, may_be_host: bool) -> bool:
    """Whether a legal segment begins with the first piece, ends with the last and holds the others in order between.

    `pieces` are the texts around the stars of a glob; a single piece is a plain text. `may_be_host`: the segment can
    be a name's first and not its last, where `host:port` is legal.
    """
    return _fits(pieces, _COMPONENT, "word") or (may_be_host and _fits(pieces, _HOST, "port"))


def _fits(pieces: tuple[str, ...], table: Table, accepting: State) -> bool:
    states: set[State] = {"start"}
    for number, piece in enumerate(pieces):
        if number:
            states = _reachable(states, table)
        for character in piece:
            states = {following for state in states if (following := table[state].get(_symbol(character)))}
    return accepting in states


def _reachable(states: Iterable[State], table: Table) -> set[State]:
    """The states that any text, also none, leads to."""
    reached: set[State] = set()
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(table[state].values())
    return reached


def _symbol(character: str) -> str:
    if "a" <= character <= "z":
        return "a"
    return "0" if "0" <= character <= "9" else character
