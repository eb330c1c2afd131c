"""Each kind of directory has its own defaults, and its own ways to groups."""

from pathlib import Path

import pytest

from ldap_token_bridge.directory import GroupStrategy, Kind, defaults_for
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import write_settings

BASE = "DC=corp,DC=example,DC=com"


@pytest.mark.parametrize(
    ("kind", "strategy", "people"),
    [
        ("active-directory", "token-groups", BASE),
        ("openldap", "auto", BASE),
        ("rfc2307", "posix", BASE),
        ("freeipa", "member-of", f"cn=users,cn=accounts,{BASE}"),
        ("389ds", "member-of", BASE),
    ],
)
def test_what_a_kind_stands_for(tmp_path: Path, kind: Kind, strategy: GroupStrategy, people: str) -> None:
    """A dozen lines are enough for each."""
    options = load_settings(write_settings(tmp_path, directory__kind=kind), {}).directory.options
    assert (options.strategy, options.user_base) == (strategy, people)
    assert options.login == defaults_for(kind).login
    assert options.unique_id == defaults_for(kind).unique_id


def test_a_base_that_is_written_counts(tmp_path: Path) -> None:
    """Also where the kind has one of its own."""
    path = write_settings(
        tmp_path, directory__kind="freeipa", directory__users={"base": "ou=a,dc=x"}, directory__groups={"base": "dc=y"}
    )
    options = load_settings(path, {}).directory.options
    assert (options.user_base, options.group_base) == ("ou=a,dc=x", "dc=y")


@pytest.mark.parametrize(
    ("kind", "strategy", "remedy"),
    [
        ("active-directory", "posix", "Write auto, token-groups, member-of, member or in-chain."),
        ("openldap", "in-chain", "Write auto, member-of, member or posix."),
        ("rfc2307", "token-groups", "Write auto, posix, member-of or member."),
        ("freeipa", "posix", "Write auto, member-of or member."),
        ("389ds", "in-chain", "Write auto, member-of, member or posix."),
    ],
)
def test_a_strategy_that_a_kind_does_not_have(tmp_path: Path, kind: Kind, strategy: str, remedy: str) -> None:
    """It is told which ones it has."""
    path = write_settings(tmp_path, directory__kind=kind, directory__groups={"strategy": strategy})
    with pytest.raises(Misconfigured) as raised:
        load_settings(path, {})
    (problem,) = raised.value.problems
    assert f"directory.kind is {kind}" in problem.what
    assert strategy in problem.what
    assert problem.remedy == remedy


@pytest.mark.parametrize(
    ("kind", "strategy", "instead"),
    [
        ("active-directory", "auto", "member-of"),
        ("active-directory", "in-chain", "member-of"),
        ("freeipa", "auto", "member"),
        ("389ds", "member-of", "member"),
    ],
)
def test_groups_that_cannot_be_flat(tmp_path: Path, kind: Kind, strategy: str, instead: str) -> None:
    """Where the server puts nested groups among the others, `nested: false` would hold nothing back."""
    path = write_settings(tmp_path, directory__kind=kind, directory__groups={"strategy": strategy, "nested": False})
    with pytest.raises(Misconfigured) as raised:
        load_settings(path, {})
    (problem,) = raised.value.problems
    assert "nested: false cannot hold" in problem.what
    assert problem.remedy == f"Write directory.groups.strategy: {instead} in place of {strategy}, or remove nested."
    settings = write_settings(tmp_path, directory__kind=kind, directory__groups={"strategy": instead, "nested": False})
    assert not load_settings(settings, {}).directory.options.nested
