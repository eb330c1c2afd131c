"""What the documents have people type into a shell, command by command."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .documents import Block, Document

_PROMPT = "$ "
_COMMENT = re.compile(r"(?:^|\s)#\s.*$")


@dataclass(frozen=True)
class Typed:
    """One command without prompt and comment; `exports` are the variables that its block has set before.

    `answer` are the lines that the page shows below it.
    """

    block: Block
    section: str
    text: str
    exports: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()


def commands(page: Document) -> list[Typed]:
    """Those of a page's blocks, from top to bottom: every line of `sh`, elsewhere each line with a prompt."""
    return [typed for block in page.blocks for typed in _of(block, _section(page, block))]


def _section(page: Document, block: Block) -> str:
    """The heading above it. A comment in a block of code is no heading."""
    heading, fenced = "", False
    for line in page.text.splitlines()[: block.line]:
        fenced ^= line.lstrip().startswith("```")
        if not fenced and line.startswith("#"):
            heading = line.lstrip("# ")
    return heading


def _of(block: Block, section: str) -> Iterator[Typed]:
    exports: tuple[str, ...] = ()
    for line, answer in _lines(block):
        text = _COMMENT.sub("", line).strip()
        if text:
            yield Typed(block, section, text, exports, answer)
        if text.startswith("export "):
            exports += (text,)


def _lines(block: Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    text = block.text.replace("\\\n", " ")
    if block.language == "sh":
        yield from ((line, ()) for line in text.splitlines())
    elif block.language in ("console", "text", ""):
        for part in f"\n{text}".split(f"\n{_PROMPT}")[1:]:
            line, *answer = part.splitlines()
            yield line, tuple(filter(None, answer))
