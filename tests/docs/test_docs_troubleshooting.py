"""The errors that docs/registries.md explains are those that programs print, word for word."""

import re
from pathlib import Path

import pytest

from tests.support.documents import document, rows

PAGE = document("docs/registries.md")
_HEADINGS = ("authorization token required", "authorization server did not include a token in the response")


def _of_the_registry() -> list[str]:
    """The texts of the table that stand in a registry's log; without those of a 3.x, which is not installed."""
    table = [row for row in rows(PAGE.section("Others")) if "registry's log" in row[1] and "3.x" not in row[1]]
    return [text for row in table for text in re.findall(r"`([^`]+)`", row[0].partition("(3.x")[0])]


def _parts(text: str) -> list[str]:
    """What stands in a program's own text: all but what it fills in."""
    return [part for part in re.split(r'\s*(?:"?…"?|: x509: .*)\s*', text) if len(part) > 3]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        *(("/usr/bin/docker-registry", text) for text in (_HEADINGS[0], *_of_the_registry())),
        ("/usr/bin/docker", _HEADINGS[1]),
        ("/usr/bin/docker", "no basic auth credentials"),
        ("/usr/bin/docker", "unable to decode token response"),
    ],
)
def test_the_program_has_the_words(program: str, text: str) -> None:
    """A search for what somebody reads in a log or a terminal finds the page."""
    octets = Path(program).read_bytes()
    parts = _parts(text)
    assert parts
    assert [part for part in parts if part.encode() not in octets] == []


def test_the_two_that_everybody_meets_have_a_heading() -> None:
    """By their exact words."""
    for text in _HEADINGS:
        assert PAGE.section(f"`{text}`")
