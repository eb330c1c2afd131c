"""Which repository names a pattern matches."""

from itertools import product

import pytest

from ldap_token_bridge.policy.components import some_segment_fits
from ldap_token_bridge.registry import is_path_component
from tests.support.policies import granted, only_problem, policy, user

RULE = "allow:\n  - {{id: a, who: [anyone], repositories: ['{}'], actions: [pull]}}\n"


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("**", "a a/b a/b/c", ""),
        ("*", "a", "a/b"),
        ("*/*", "a/b", "a a/b/c"),
        ("a/**", "a/b a/b/c", "a ab/c b/a"),
        ("a/**/b", "a/b a/x/b a/x/y/b", "a b a/b/x"),
        ("**/x", "x a/x a/b/x", "ax a/x/b"),
        ("**/x/**", "x/a a/x/b", "x a/x"),
        ("**/**", "a a/b", ""),
        ("a/**/**", "a/b a/b/c", "a"),
        ("a/**/*", "a/b a/b/c", "a"),
        ("team-*/app", "team-a/app team-a-b/app", "team/app team-a/x/app"),
        ("*-prod", "a-prod", "prod a/b-prod a-prod-x"),
        ("a*a", "aa aba a.a", "a ab a/a"),
        ("*a*b*c", "abc xaxbxc aabbcc", "acb ab c"),
        ("*/release-*", "a/release-1", "release-1 a/b/release-1 a/prerelease-1"),
        ("a", "a", "a/b b ab"),
        ("localhost:5000/**", "localhost:5000/a", "localhost/a a/localhost/b"),
    ],
)
def test_patterns_read_as_in_gitignore(pattern: str, matching: str, others: str) -> None:
    """`*` stays within a segment, `**` spans any number, and every pattern is anchored at both ends."""
    rules = policy(RULE.format(pattern))
    assert [name for name in matching.split() if not granted(rules, user(), name)] == []
    assert [name for name in others.split() if granted(rules, user(), name)] == []


def test_a_wildcard_matches_a_host_segment() -> None:
    """A name may begin with a host and a port, also with upper-case letters: deny rules with stars must see it."""
    rules = policy("""\
allow:
  - {id: all, who: [anyone], repositories: ["**"], actions: [pull]}
deny:
  - {id: no, who: [anyone], repositories: ["*/secret"], actions: [pull]}
""")
    assert granted(rules, user(), "Host.Example:5000/secret") == set()
    assert granted(rules, user(), "Host.Example:5000/open") == {"pull"}


def test_many_double_stars_stay_cheap() -> None:
    """Work is bounded by nodes times segments; a matcher that tries every split would not end here."""
    pattern = "/".join(["**", "a"] * 40)
    rules = policy(
        RULE.format(pattern) + f"  - {{id: b, who: [anyone], repositories: ['{pattern}/b'], actions: [push]}}\n"
    )
    assert granted(rules, user(), "/".join(["a"] * 120)) == {"pull"}
    assert granted(rules, user(), "/".join(["a"] * 39)) == set()
    assert granted(rules, user(), "/".join(["a"] * 120 + ["b"])) == {"pull", "push"}


@pytest.mark.parametrize(
    ("pattern", "because", "remedy"),
    [
        ("", "is empty", "team-a/**"),
        (" a", "spaces around", "Write 'a'"),
        ("Team/**", "lower-case", "Write 'team/**'"),
        ("/a", "does not begin with a slash", "Write 'a'"),
        ("a/", "does not end with a slash", "'a/**'"),
        ("/", "does not begin with a slash", ""),
        ("a//b", "no empty segment", "Write 'a/b'"),
        ("a**", "'**' is glued", "a/** or a*"),
        ("a/**b/c", "'**' is glued", "a/** or a*"),
        ("***", "'**' is glued", "a/** or a*"),
        ("a/b:latest", "'b:latest'", "not about tags"),
        ("a/b@sha256", "'@' does not occur", "not about tags"),
        ("b/c:5000/x", "'c:5000'", "not about tags"),
        ("localhost:5000", "'localhost:5000'", "not about tags"),
        ("a?", "'?' does not occur", "exceptions are deny rules"),
        ("[ab]", "'[' does not occur", "exceptions are deny rules"),
        ("!a", "'!' does not occur", "exceptions are deny rules"),
        ("a b", "' ' does not occur", "hold only a-z"),
        ("jürgen", "'ü' does not occur", "hold only a-z"),
        ("-a", "fits '-a'", "letters and digits"),
        ("a-", "fits 'a-'", "letters and digits"),
        ("..", "fits '..'", "letters and digits"),
        ("a/../b", "fits '..'", "letters and digits"),
        (".", "fits '.'", "letters and digits"),
        ("a..b", "fits 'a..b'", "letters and digits"),
        ("a___b", "fits 'a___b'", "letters and digits"),
        ("-*", "fits '-*'", "letters and digits"),
        ("*_", "fits '*_'", "letters and digits"),
        ("a.-*", "fits 'a.-*'", "letters and digits"),
        ("{user", "'{user' is no word in braces", "whole segment"),
        ("{user}-x/a", "'{user}-x' is no word in braces", "whole segment"),
        ("{}/a", "'{}' is no word in braces", "whole segment"),
        ("a" * 256, "at most 255", "Shorten"),
        ("/".join(["*"] * 129), "at most 255", "Shorten"),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(pattern: str, because: str, remedy: str) -> None:
    """Who writes it means something else; the place of the pattern is named."""
    problem = only_problem("version: 1\n" + RULE.format(pattern))
    assert because in problem.what
    assert remedy in problem.remedy
    assert str(problem.where) == "policy.yaml:3:43"


def test_a_glob_is_refused_exactly_if_no_component_fits() -> None:
    """Every glob of up to four characters, held against every component of up to six."""
    alphabet = "a._-"
    components = [
        text for n in range(1, 7) for text in map("".join, product(alphabet, repeat=n)) if is_path_component(text)
    ]
    for glob in ("".join(text) for n in range(1, 5) for text in product(alphabet + "*", repeat=n)):
        if "**" not in glob:
            pieces = tuple(glob.split("*"))
            possible = some_segment_fits(pieces, may_be_host=False)
            assert possible == any(_fits(component, pieces) for component in components), glob


def _fits(text: str, pieces: tuple[str, ...]) -> bool:
    """By trying every length for every star."""
    if len(pieces) == 1:
        return text == pieces[0]
    if not text.startswith(pieces[0]):
        return False
    rest = text[len(pieces[0]) :]
    return any(_fits(rest[start:], pieces[1:]) for start in range(len(rest) + 1))
