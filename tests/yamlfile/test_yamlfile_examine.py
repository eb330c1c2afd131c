"""A broken document is read as far as it goes, so that checks between keys can run beside broken keys."""

from typing import Any

import pytest

from ldap_token_bridge.yamlfile import Examined, Field, Model, examine, read_document


class Inner(Model):
    """A section with a required key."""

    name: str = Field(examples=["stand-in"])
    size: int = 3


class Outer(Model):
    """A file with a required and an optional section."""

    title: str = Field(examples=["a title"])
    words: tuple[str, ...] = ()
    inner: Inner
    other: Inner | None = None


GOOD = "title: x\ninner: {name: y}\n"


def examined(text: str, *refused: tuple[str, ...]) -> Examined[Outer]:
    """The text as Outer."""
    return examine(read_document(text, "f.yaml"), Outer, refused)


def test_a_good_document_is_itself() -> None:
    """Nothing stands in for anything."""
    found = examined(GOOD)
    assert (found.value, found.problems, found.broken) == (Outer(title="x", inner=Inner(name="y")), (), frozenset())


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("inner: {name: y}", ("title",)),
        ("title: 7\ninner: {name: y}", ("title",)),
        (f"{GOOD}words: [a, 7]", ("words",)),
        (f"{GOOD}xyzzy: 1", ("xyzzy",)),
        ("title: x\ninner: {name: y, size: big}", ("inner", "size")),
        ("title: x\ninner: {name: 7}", ("inner", "name")),
        ("title: x\ninner: 7", ("inner",)),
        ("title: x", ("inner",)),
        (f"{GOOD}other: {{size: 1}}", ("other", "name")),
        (f"{GOOD}other: {{nmae: y}}", ("other", "name")),
        ("[]", ()),
    ],
)
def test_stand_ins_take_the_place_of_what_is_broken(text: str, broken: tuple[str, ...]) -> None:
    """The problem is told as ever, the broken key is named, and there is a value to go on with."""
    found = examined(text)
    assert found.problems
    assert broken in found.broken
    assert isinstance(found.value, Outer)
    assert not found.is_sound(broken)


def test_what_is_not_broken_stays() -> None:
    """Only broken keys are replaced."""
    found = examined("title: x\nwords: [a]\ninner: {size: 5}")
    assert found.value == Outer(title="x", words=("a",), inner=Inner(name="stand-in", size=5))
    assert found.is_sound(("words",))
    assert found.is_sound(("inner", "size"))
    assert not found.is_sound(("inner",)), "something within it is broken"


def test_nothing_is_said_about_what_was_refused_before() -> None:
    """A key that another check has refused is neither unknown nor missing nor of the wrong type."""
    text = "title: 7\nxyzzy: 1\ninner: {name: y}"
    found = examined(text, ("title",), ("xyzzy",), ("other",))
    assert found.problems == ()
    assert found.value.title == "a title"
    assert found.broken == {("title",), ("xyzzy",), ("other",)}


def test_the_document_is_left_as_it_is() -> None:
    """Stand-ins are written into a copy."""
    document = read_document("title: 7\ninner: {}", "f.yaml")
    before: Any = {"title": 7, "inner": {}}
    examine(document, Outer, [("title",)])
    assert document.value == before
