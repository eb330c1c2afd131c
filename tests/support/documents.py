"""The project's Markdown files as values: their text, headings, links, code and tables."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of code; `line` counts from 1."""

    file: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """The path within the project."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """Everything in it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        """The fenced blocks, without the indentation of a list around them."""
        text = self.text
        return [
            Block(
                self.name,
                text.count("\n", 0, found.start()) + 1,
                found["language"],
                textwrap.dedent(found["text"]),
            )
            for found in _FENCE.finditer(text)
        ]

    @property
    def anchors(self) -> set[str]:
        """What GitHub makes of the headings: lower case, dashes for spaces, no punctuation; repeated ones numbered."""
        found: set[str] = set()
        for heading in _HEADING.findall(self.prose):
            bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
            slug = re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")
            number = 0
            while slug + (f"-{number}" if number else "") in found:
                number += 1
            found.add(slug + (f"-{number}" if number else ""))
        return found

    @property
    def links(self) -> list[str]:
        """The targets of all links."""
        return _LINK.findall(self.prose)

    @property
    def code(self) -> list[str]:
        """What stands in backticks."""
        return _CODE.findall(self.prose)

    def section(self, heading: str) -> str:
        """The text below a heading, up to the next one of any level; raises ValueError without such a heading."""
        title = re.search(rf"^#+ +{re.escape(heading)}$", self.text, re.MULTILINE)
        if not title:
            raise ValueError(f"{self.name} has no heading {heading!r}")
        # A comment in a block of code is no heading.
        rest = self.text[title.end() :]
        fenced = False
        kept: list[str] = []
        for line in rest.splitlines():
            fenced ^= line.lstrip().startswith("```")
            if not fenced and line.startswith("#"):
                break
            kept.append(line)
        return "\n".join(kept)


def document(name: str) -> Document:
    """The document with that path."""
    return Document(ROOT / name)


def documents() -> list[Document]:
    """Every Markdown file of the project, sorted; none in folders that tools make."""
    found = [
        *ROOT.glob("*.md"),
        *(path for folder in ("docs", "deploy", "tests") for path in ROOT.glob(f"{folder}/**/*.md")),
    ]
    return [Document(path) for path in sorted(found)]


def rows(table: str) -> list[list[str]]:
    """The cells of a Markdown table, row by row, with its head and the line below."""
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines() if line.startswith("|")]


def column(table: str, number: int) -> list[str]:
    """What stands in backticks in one column of a Markdown table; rows whose cell is empty give nothing."""
    return [code for row in rows(table) if len(row) > number for code in _CODE.findall(row[number])]
