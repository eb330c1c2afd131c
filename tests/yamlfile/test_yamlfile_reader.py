"""Strict reading: YAML's surprises are problems, each with its place."""

from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured, Place
from ldap_token_bridge.yamlfile import read_document, read_text


def problems(text: str) -> list[str]:
    """What is wrong with a text, one string a problem."""
    with pytest.raises(Misconfigured) as caught:
        read_document(text, "f.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_values_are_those_of_yaml_1_2() -> None:
    """`no` is a word, a date and a time are text, and only numbers are numbers."""
    text = "a: no\nb: 2027-03-31\nc: 12:30:45\nd: 5\ne: 1.5\nf: true\ng: ~\nh: '5'\ni: 007\nj: [x, 1]"
    assert read_document(text, "f").value == {
        "a": "no",
        "b": "2027-03-31",
        "c": "12:30:45",
        "d": 5,
        "e": 1.5,
        "f": True,
        "g": None,
        "h": "5",
        "i": "007",
        "j": ("x", 1),
    }


def test_every_value_and_key_has_its_place() -> None:
    """Lines and columns count from one."""
    document = read_document("a:\n  - b: 1\n    cc: 22\n", "f.yaml")
    assert document.place(("a", 0, "cc")) == Place("f.yaml", 3, 9)
    assert document.key_place(("a", 0, "cc")) == Place("f.yaml", 3, 5)
    assert document.place(("a", 7, "nowhere")) == Place("f.yaml", 2, 3)


def test_all_problems_are_told_at_once() -> None:
    """A duplicate key, a missing space and a tag in one file are three problems."""
    found = problems('a: 1\na: 2\nb: {account:"x"}\nc: !!python/name:os.system x\n')
    assert len(found) == 3
    assert found[0].startswith("f.yaml:2:1: the key 'a' stands twice")
    assert found[1].startswith("f.yaml:3:5: a space is missing after 'account:'")
    assert found[2].startswith("f.yaml:4:4: the tag")


@pytest.mark.parametrize(
    ("text", "start", "remedy"),
    [
        ("a:\n\tb: 1", "f.yaml:2:1: not valid YAML", "spaces, not tabs"),
        ("a: **", "f.yaml:1:4: not valid YAML", "in quotes"),
        ("a: b: c", "f.yaml:1:5: not valid YAML", "in quotes"),
        ("a: &x [1]\n", "f.yaml:1:4: anchors and aliases are not supported: &x", "in each place"),
        ("[a]: 1", "f.yaml:1:1: a key must be plain text", "in quotes"),
        ("[" * 40, "f.yaml:1:33: nested deeper than 32 levels", ""),
        ("a: [", "f.yaml:2:1: not valid YAML", "lacks its end"),
        ("ü: [x, y\nb: 1", "f.yaml:2:2: not valid YAML", "begins with [ or { in line 1 lacks a comma or its end"),
        ("ü:\n  - b: [{user}/**]", "f.yaml:2:15: not valid YAML", 'in quotes, as in "{user}/**"'),
        ("a: [users/{user}/**]", "f.yaml:1:11: not valid YAML", 'in quotes, as in "{user}/**"'),
        ("a:\n  - {user}/**", "f.yaml:2:11: not valid YAML", 'in quotes, as in "{user}/**"'),
        ("a: @x", "f.yaml:1:4: not valid YAML", "begins with @ in quotes"),
        ('a: 1\nb: "x\nc: 2\n', "f.yaml:2:4: not valid YAML: a quote begins here and is never closed", "Close it"),
        ("a: 'x\nc: 2\n", "f.yaml:1:4: not valid YAML: a quote begins here and is never closed", "Close it"),
        ('a: "ü\nb: ["x"]', "f.yaml:1:4: not valid YAML: a quote begins here and goes on to line 2", "in its own line"),
        ('a: "x\n  y"\n b: 1', "f.yaml:3:2: not valid YAML", ""),
        ("a: 1\nü: x\0", "f.yaml:2:5: not valid YAML: it holds the character U+0000", "Remove it"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: not valid YAML", ""),
        ("a: \x01", "f.yaml:1:4: not valid YAML: it holds the character U+0001", "Remove it"),
    ],
)
def test_bad_form_is_told_with_place_and_remedy(text: str, start: str, remedy: str) -> None:
    """The first line names the place, the second the way out."""
    (found,) = problems(text)
    assert found.startswith(start)
    assert remedy in found


def test_aliases_cannot_grow_a_file() -> None:
    """The billion laughs are refused before anything is built."""
    text = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert all("anchors and aliases" in problem for problem in problems(text))


def test_unreadable_files_are_told_with_their_path(tmp_path: Path) -> None:
    """Missing, not UTF-8, a folder: each is said in words."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: J\xfcrgen\n")
    for path, words in (
        (tmp_path / "none.yaml", "no such file"),
        (latin, "2:5: the policy is not UTF-8"),
        (tmp_path, "is a directory"),
    ):
        with pytest.raises(Misconfigured, match="the policy") as caught:
            read_text(path, "the policy")
        assert words in str(caught.value)
        assert str(path) in str(caught.value)
