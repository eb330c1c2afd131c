"""What a token allows, as a registry reads its `access` claim."""

from typing import Any

import pytest

from ldap_token_bridge.registry import Access
from ldap_token_bridge.tokens import Malformed, check_access, contents

PUSH = Access("repository", "a/b", ("pull", "push"))


def _entry(*actions: str, name: str = "a/b", kind: str = "repository") -> dict[str, Any]:
    return {"type": kind, "name": name, "actions": list(actions)}


@pytest.mark.parametrize(
    ("access", "ok"),
    [
        ([_entry("pull", "push")], True),
        ([_entry("pull"), _entry("push")], True),
        ([_entry("*")], True),
        ([_entry("push")], False),
        ([_entry("pull", "push", name="a/B")], False),
        ([_entry("pull", "push", kind="registry")], False),
        ([], False),
        (None, False),
        ("x", False),
        ([None, 1, "x", {"actions": 1}, {**_entry(), "actions": "pull,push"}, {**_entry(), "actions": [1]}], False),
    ],
)
def test_writing_needs_pull_and_push(access: Any, ok: bool) -> None:  # noqa: FBT001 -- a column of the table
    """Entries of one repository are united, `*` is every action, and what has another form is nothing."""
    step = check_access({"access": access}, PUSH)
    assert step.ok is ok
    assert "repository:a/b" in step.detail


def test_the_catalogue_needs_its_star() -> None:
    """Literally."""
    wanted = Access("registry", "catalog", ("*",))
    assert check_access({"access": [_entry("*", name="catalog", kind="registry")]}, wanted).ok
    assert not check_access({"access": [_entry("pull", name="catalog", kind="registry")]}, wanted).ok


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.W10.AA", "e30.e30.", "e30.e30.AA.AA", "é.é.é"])
def test_contents_of_what_is_no_token(text: str) -> None:
    """Refused with words."""
    with pytest.raises(Malformed):
        contents(text)
