"""What docs/registries.md says that a client prints: the documents are the table that the journeys hold clients to."""

import re

from . import canaries
from .clients import Outcome
from .documents import document, rows


def documented(
    heading: str, client: str, column: int, *, command: str = "", message: str = ""
) -> re.Pattern[str] | None:
    """The words in a cell of the table below a heading; None if there are none.

    The first cell of a row names clients, the second the command where one is given. In the words `…` stands for
    anything, MESSAGE for what the bridge says.
    """
    (row,) = [
        cells
        for cells in rows(document("docs/registries.md").section(heading))
        if client in cells[0].strip().split(", ") and command in ("", cells[1].strip())
    ]
    words = re.findall(r"`(.+?)`", row[column])
    if not words:
        return None
    pattern = re.escape(words[0]).replace("…", ".+").replace("MESSAGE", re.escape(message))
    return re.compile(pattern, re.DOTALL)


def expect_refusal(outcome: Outcome, words: re.Pattern[str] | None) -> None:
    """A failure with those words, and no password in what was printed."""
    assert words, "docs/registries.md has no words for this"
    assert not outcome.ok
    assert not canaries.leaks(outcome.text)
    # skopeo's log puts a backslash before quotes.
    printed = outcome.text.replace('\\"', '"')
    assert words.search(printed), f"{words.pattern!r} is not in {printed!r}"
