"""Patterns for claims: what matches, to the letter, and what a pattern covers for certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.workloads import ClaimPattern


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("team-a/app", "team-a/app"),
        ("team-a/*", "team-a/app"),
        ("team-a/**", "team-a/app"),
        ("team-a/**", "team-a/sub/app"),
        ("refs/heads/release-*", "refs/heads/release-1.2"),
        ("release-*", "release-"),
        ("*-prod-*", "eu-prod-1"),
        ("*-prod-*", "-prod-"),
        ("*prod*-1", "prod-1"),
        ("system:serviceaccount:prod:*", "system:serviceaccount:prod:deployer"),
        ("repo:octo-org/*:ref:refs/heads/main", "repo:octo-org/app:ref:refs/heads/main"),
        ("**", "a:b/c"),
        ("a*a*a*a*b", "aaaaaaaaaab"),
    ],
)
def test_it_matches(pattern: str, value: str) -> None:
    """A star within a part; two stars at the end for the rest."""
    assert ClaimPattern(pattern).matches(value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("team-a/app", "team-a/app2"),
        ("team-a/app", "Team-A/app"),
        ("team-a/app", "team-\u0430/app"),  # a Cyrillic letter
        ("team-a/app", "team\u2010a/app"),  # another hyphen
        ("jürgen", "ju\u0308rgen"),  # the same letter in two characters
        ("team-a/app", " team-a/app"),
        ("team-a/app", "team-a/app\n"),
        ("team-a/app", "team-a\u2215app"),
        ("team-a/*", "team-a/sub/app"),
        ("team-a/*", "team-a/"),
        ("team-a/*", "team-a"),
        ("team-a/*", "team-ab/app"),
        ("team-a/**", "team-a"),
        ("team-a/**", "team-a/"),
        ("team-a/**", "team-a//app"),
        ("team-a/**", "team-ab/app"),
        ("repo:octo-org/*:ref:refs/heads/main", "repo:octo-org/x:environment:y:ref:refs/heads/main"),
        ("repo:octo-org/*:ref:refs/heads/main", "repo:octo-org/x/y:ref:refs/heads/main"),
        ("system:serviceaccount:prod:*", "system:serviceaccount:prod:a:b"),
        ("release-*", "hotfix-1"),
        ("release-*", "a-release-1"),
        ("*-main", "main"),
        ("*-main", "a-main-b"),
        ("*-prod-*", "eu-test-1"),
        ("*-prod-*", "eu-prod"),
        ("*-prod-*-prod-*", "eu-prod-1"),
        ("*b*a*", "ab"),
        ("ab*ba", "aba"),
        ("*", ""),
        ("a" + "*a" * 400 + "b", "a" * 1000),
    ],
)
def test_it_does_not_match(pattern: str, value: str) -> None:
    """No star reaches over a slash or a colon; no letter is taken for another; no pattern takes long."""
    assert not ClaimPattern(pattern).matches(value)


_PATTERNS = st.lists(st.sampled_from(["a", "b", "*", "/", ":", "a*"]), min_size=1, max_size=6).map("".join)
_VALUES = st.text("ab/:", max_size=6)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("team-a/*", "team-a/*", True),
        ("team-a/*", "team-a/app", True),
        ("team-a/*", "team-b/app", False),
        ("team-a/app", "team-a/*", False),
        ("team-a/*", "team-a/**", False),
        ("team-a/*", "team-a/a*", False),
    ],
)
def test_what_covers_another_for_certain(wide: str, narrow: str, *, expected: bool) -> None:
    """The same pattern, or one value that it matches; of two that differ nothing is said."""
    assert ClaimPattern(wide).covers(ClaimPattern(narrow)) is expected


@given(wide=_PATTERNS, narrow=_PATTERNS, value=_VALUES)
def test_what_covers_matches_all_that_the_other_matches(wide: str, narrow: str, value: str) -> None:
    """It may say no too often, never yes."""
    if ClaimPattern(wide).covers(ClaimPattern(narrow)) and ClaimPattern(narrow).matches(value):
        assert ClaimPattern(wide).matches(value)
