"""What all commands share: where bridge.yaml is, the output format, and how an error is shown.

Exit codes: 0 fine, 1 a finding or a refusal, 2 unusable input.
"""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ldap_token_bridge.errors import BridgeError, Misconfigured, Problem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

CONFIG_VARIABLE = "LTB_CONFIG"
CONFIG_PLACES = (Path("bridge.yaml"), Path("/etc/ldap-token-bridge/bridge.yaml"))

# Control, format and half characters; line and paragraph separators.
_STEERING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))

# A path as it was typed. What cannot be read is told by who reads it: with a remedy, in the form that was asked for.
ANY_PATH = click.Path(path_type=Path, readable=False)
ANY_FILE = click.Path(path_type=Path, readable=False, dir_okay=False)

_ABSENT = ("there is no such file", "Name the settings file: -c bridge.yaml")

EXIT_FINDING = 1
EXIT_UNUSABLE = 2


def config_option(function: Decorated) -> Decorated:
    """`-c/--config FILE`, passed on as `config: Path | None`; `find_config` says which file is meant."""
    return click.option(
        "-c",
        "--config",
        type=ANY_PATH,
        metavar="FILE",
        help=f"The settings. Else ${CONFIG_VARIABLE}, {', '.join(f'{place}' for place in CONFIG_PLACES)}.",
    )(function)


def format_choice(*formats: str) -> Callable[[Decorated], Decorated]:
    """`--format` with these formats, the first by default; passed on as `output_format: str`."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the result.",
    )


def format_option(function: Decorated) -> Decorated:
    """`--format text|json`, passed on as `output_format: str`."""
    return format_choice("text", "json")(function)


def examples(*lines: str) -> str:
    """Example commands as the `epilog` of a click command, one a line and not wrapped."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def find_config(given: Path | None) -> Path:
    """The settings file: the given one, `$LTB_CONFIG`, or the first of the usual places that exists.

    Raises Misconfigured, which names every place that was looked at.
    """
    from_environment = os.environ.get(CONFIG_VARIABLE, "")
    wanted = given or (Path(from_environment) if from_environment else None)
    if wanted:
        if wrong := _no_settings(wanted):
            what, remedy = wrong
            raise Misconfigured.one(f"{what}{'' if given else f' (from ${CONFIG_VARIABLE})'}", str(wanted), remedy)
        return wanted
    for place in CONFIG_PLACES:
        wrong = _no_settings(place)
        if wrong is None:
            return place
        if wrong != _ABSENT:
            raise Misconfigured.one(wrong[0], str(place), wrong[1])
    looked_at = ", ".join(str(place) for place in CONFIG_PLACES)
    raise Misconfigured.one(
        f"no settings file was found. Looked at ${CONFIG_VARIABLE} (not set), {looked_at}",
        remedy="Name one: -c bridge.yaml",
    )


def _no_settings(path: Path) -> tuple[str, str] | None:
    """What is wrong with the path as that of a settings file, and what to do."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        remedy = f"Give the command as a user who may read it (this is uid {os.geteuid()}), or name another: -c FILE"
        return f"cannot be read: {reason}", remedy
    if stat.S_ISDIR(mode):
        return "this is a folder", f"Name the settings file in it: -c {path / 'bridge.yaml'}"
    if not stat.S_ISREG(mode):
        return "this is no regular file", "Write the settings into one, and name it: -c bridge.yaml"
    return None


def read_file(path: Path) -> str:
    """The text of a file that an option names; raises Misconfigured."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        remedy = "Check the path and the file's permissions."
        raise Misconfigured.one(f"cannot be read: {reason}", str(path), remedy) from None


@contextmanager
def run_or_explain() -> Iterator[None]:
    """Shows the errors of its body on stderr and ends the program: 2 for Misconfigured, 1 for any other BridgeError.

    Use it as `with run_or_explain():` or as a decorator below the options.
    """
    try:
        yield
    except Misconfigured as error:
        for problem in error.problems:
            show_problem(problem)
        raise SystemExit(EXIT_UNUSABLE) from None
    except BridgeError as error:
        say(f"{_style('error:', 'red')} {error}")
        raise SystemExit(EXIT_FINDING) from None


def show_problem(problem: Problem) -> None:
    """What, where and how to mend it, on stderr."""
    place = f"{_style(printable(str(problem.where)), None)}: " if problem.where else ""
    say(f"{_style('error:', 'red')} {place}{printable(problem.what)}")
    if problem.remedy:
        say(f"       {printable(problem.remedy)}")


def show_warnings(warnings: tuple[str, ...]) -> None:
    """Texts about what should be mended, on stderr."""
    for warning in warnings:
        say(f"{_style('warning:', 'yellow')} {printable(warning)}")


def say(text: str) -> None:
    """A line for people on stderr. Colours go only to a terminal, and not where NO_COLOR is set (no-color.org)."""
    click.echo(text, err=True, color=False if os.environ.get("NO_COLOR") else None)


def printable(text: str) -> str:
    """Text from a file or a directory without what moves a terminal's cursor or begins a line of its own."""
    return "".join("\ufffd" if unicodedata.category(character) in _STEERING else character for character in text)


def _style(text: str, colour: str | None) -> str:
    return click.style(text, fg=colour, bold=True)
