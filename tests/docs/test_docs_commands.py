"""The commands that the documents name are those that the program has."""

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from tests.support.documents import Document, column, document, documents

_PROGRAM = "ldap-token-bridge"
LISTED = [cell.partition("[")[0].strip() for cell in column(document("README.md").section("Commands"), 0)]


def _leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name)


def test_the_readme_lists_every_command() -> None:
    """No more and no fewer."""
    assert sorted(LISTED) == sorted(" ".join(path) for path in _leaves(root))


@pytest.mark.parametrize("command", LISTED)
def test_every_command_has_help(command: str) -> None:
    """`--help` works, and shows an example."""
    result = CliRunner().invoke(root, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert f"{_PROGRAM} {command}" in result.output


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.name)
def test_every_command_line_could_be_typed(page: Document) -> None:
    """Each one in backticks or in a block names a command that exists, and options that it has."""
    assert [line for line in _lines(page) if not _is_known(line)] == []


def _lines(page: Document) -> Iterator[str]:
    for block in page.blocks:
        if block.language in ("console", "sh", "text", ""):
            yield from re.findall(rf"(?<![\w.-]){_PROGRAM} [a-z][^\n|>#]*", block.text)
    yield from (code for code in page.code if code.startswith(f"{_PROGRAM} "))


def _is_known(line: str) -> bool:
    words = line.split()[1:]
    command: click.Command | None = root
    while words and isinstance(command, click.Group) and re.fullmatch(r"[a-z-]+", words[0]):
        command = command.get_command(click.Context(command), words.pop(0))
    if command is None:
        return False
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    return {word.partition("=")[0] for word in words if word.startswith("-")} <= options
