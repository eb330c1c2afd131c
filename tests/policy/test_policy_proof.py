"""The shortest name that fits some patterns and not others, against trying every short name."""

import itertools
import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldap_token_bridge.policy.pattern import Pattern, parse_pattern
from ldap_token_bridge.policy.proof import Unproved, Witness, names, segments, shortest_name
from ldap_token_bridge.registry import is_path_component, is_repository_name
from tests.support.examples import examples

CHARACTERS = "ab1-:A/"
NAMES = [
    name
    for length in range(1, 6)
    for name in map("".join, itertools.product(CHARACTERS, repeat=length))
    if is_repository_name(name)
]
WORDS = [
    word
    for length in (1, 2, 3)
    for word in map("".join, itertools.product("ab1-", repeat=length))
    if is_path_component(word)
]
PLAIN = ["a", "b", "ab", "*", "**", "a*", "*b", "*a*", "b*a", "*-*", "a:1", "*:1"]


def expression(pattern: Pattern, words: Mapping[str, str]) -> re.Pattern[str]:
    """The pattern as a regular expression."""
    out = ""
    parts = pattern.text.split("/")
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            out += "[^/]+(?:/[^/]+)*" if last else "(?:[^/]+/)*"
            continue
        filled = words[part[1:-1]] if part.startswith("{") else part
        out += ("[^/]+" if filled == "*" else "[^/]*".join(map(re.escape, filled.split("*")))) + ("" if last else "/")
    return re.compile(out)


def tried(some_of: Sequence[Sequence[Pattern]], none_of: Sequence[Pattern], words: Mapping[str, str]) -> int | None:
    """The length of the shortest name, by trying them all."""
    groups = [[expression(pattern, words) for pattern in group] for group in some_of]
    excluded = [expression(pattern, words) for pattern in none_of]
    for name in NAMES:
        if not any(each.fullmatch(name) for each in excluded) and all(
            any(each.fullmatch(name) for each in group) for group in groups
        ):
            return len(name)
    return None


def asked(some_of: Sequence[Sequence[Pattern]], none_of: Sequence[Pattern]) -> Witness | Unproved | None:
    """The same by proof."""
    return shortest_name(
        [[pattern.segments for pattern in group] for group in some_of], [pattern.segments for pattern in none_of]
    )


def patterns(segments: Sequence[str]) -> st.SearchStrategy[Pattern]:
    """Patterns that load."""

    def legal(text: str) -> bool:
        return ":" not in text.partition("/")[2] and (":" not in text or "/" in text)

    return st.lists(st.sampled_from(segments), min_size=1, max_size=3).map("/".join).filter(legal).map(parse_pattern)


@settings(max_examples=examples(300))
@given(st.lists(st.lists(patterns(PLAIN), min_size=1, max_size=2), min_size=1, max_size=2), st.lists(patterns(PLAIN)))
def test_the_shortest_name_is_found(some_of: list[list[Pattern]], none_of: list[Pattern]) -> None:
    """Or it is proved that there is none."""
    found = asked(some_of, none_of)
    assert not isinstance(found, Unproved)
    by_trying = tried(some_of, none_of, {})
    if found is None:
        assert by_trying is None
        return
    assert is_repository_name(found.name)
    assert all(any(expression(each, {}).fullmatch(found.name) for each in group) for group in some_of)
    assert not any(expression(each, {}).fullmatch(found.name) for each in none_of)
    assert by_trying is None or by_trying >= len(found.name)
    assert by_trying == len(found.name) or len(found.name) > 5 or not set(found.name) <= set(CHARACTERS)


@settings(max_examples=examples(100))
@given(
    st.lists(patterns([*PLAIN[:10], *["{user}", "{team}"] * 3]), min_size=1, max_size=2),
    st.lists(patterns([*PLAIN[:10], *["{user}", "{team}"] * 3])),
)
def test_words_in_braces_are_found_with_the_name(some_of: list[Pattern], none_of: list[Pattern]) -> None:
    """Such that no other words give a shorter one. A word that is only in excluded patterns is best one of no name."""
    found = asked([some_of], none_of)
    assert not isinstance(found, Unproved)
    by_trying = [
        length
        for user, team in itertools.product(WORDS[:12], repeat=2)
        if (length := tried([some_of], none_of, {"user": user, "team": team}))
    ]
    if found is None:
        assert by_trying == []
        return
    words = {"user": "no-name-has-this", "team": "nor-this", **found.words}
    assert any(expression(each, words).fullmatch(found.name) for each in some_of)
    assert not any(expression(each, words).fullmatch(found.name) for each in none_of)
    assert len(found.name) <= min(by_trying, default=255)


def test_what_a_bound_stops_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which bound; never that there is none."""
    some_of, none_of = [[parse_pattern("**")]], [parse_pattern(text) for text in ("*", "a/**/b", "**/*/*")]
    assert asked(some_of, none_of) is None
    monkeypatch.setattr(names, "MAX_STATES", 1)
    found = asked(some_of, none_of)
    assert isinstance(found, Unproved)
    assert "more than 1 beginnings of names" in found.bound


def test_globs_without_end_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Globs that need a state for every combination of what was seen."""
    monkeypatch.setattr(segments, "MAX_STATES", 50)
    globs = [parse_pattern(f"*{character}*") for character in "abcdefghijklmnopqrstuvwxyz0123456789"]
    found = asked([globs], [parse_pattern("a*b*c*d*e*f")])
    assert isinstance(found, Unproved)


def test_hosts_only_where_they_are_legal() -> None:
    """First, with something behind; and only where no path component serves."""
    every = [parse_pattern(f"{character}*/**") for character in "abcdefghijklmnopqrstuvwxyz0123456789"]
    found = asked([[parse_pattern("**")]], [*every, parse_pattern("*")])
    assert found == Witness("A/a", {})
    assert asked([[parse_pattern("*/*")]], []) == Witness("a/a", {})


def test_names_end_where_registries_end_them() -> None:
    """At 255 characters."""
    longest = "/".join(["a" * 60, "b" * 60, "c" * 60, "d" * 60])
    found = asked([[parse_pattern(f"{longest}/**")]], [])
    assert found == Witness(f"{longest}/a", {})
    twelve = [parse_pattern("/".join([longest, *["*"] * count])) for count in range(1, 6)]
    assert asked([[parse_pattern(f"{longest}/**")]], twelve) == Witness("/".join([longest, *"aaaaaa"]), {})
    fourteen = [parse_pattern("/".join([longest, *["*"] * count])) for count in range(1, 7)]
    assert asked([[parse_pattern(f"{longest}/**")]], fourteen) is None
