"""Whether two patterns can match one name."""

import pytest

from ldap_token_bridge.policy.overlap import may_overlap
from ldap_token_bridge.policy.pattern import parse_pattern

PAIRS = [
    ("a/**", "a/b", True),
    ("a/**", "a", False),
    ("**/x", "x", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/*/*/b", True),
    ("**/a/**", "b/**/c", True),
    ("*/a", "b/*", True),
    ("*/a", "b/c", False),
    ("x-*", "*-y", True),
    ("x-*", "y-*", False),
    ("**/a", "**/b", False),
    ("{team}/**", "prod/**", True),
    ("users/{user}", "users/*/x", False),
]


@pytest.mark.parametrize(("one", "other", "overlap"), PAIRS)
def test_patterns_that_share_a_name(one: str, other: str, *, overlap: bool) -> None:
    """Either way round."""
    first, second = parse_pattern(one), parse_pattern(other)
    assert may_overlap(first, second) is overlap
    assert may_overlap(second, first) is overlap


def test_many_stars_cost_places_and_not_names() -> None:
    """As many steps as there are pairs of places; a search for a name would go through every mixture of the globs."""
    first, second = ("/".join(["**", f"*{letter}*"] * 40) for letter in "ab")
    assert may_overlap(parse_pattern(first), parse_pattern(second))
    assert not may_overlap(parse_pattern(f"{first}/x"), parse_pattern(f"{second}/y"))
