"""Log lines on standard error: JSON for machines, plain text for people."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

Form = Literal["json", "text"]
Level = Literal["debug", "info", "warning", "error"]
Value = str | float | Sequence[str] | None

_LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
_COLOURS: Mapping[Level, str] = {"debug": "2", "info": "32", "warning": "33", "error": "31"}  # ECMA-48, SGR
_UNCLEAR = frozenset(' "=')
_on_every_line: ContextVar[Mapping[str, str]] = ContextVar("on_every_line")


class Log:
    """Takes events, and fields that tell more about each.

    An exception is logged by its class and text: a traceback could show what a frame holds.
    """

    def __init__(self) -> None:
        self.set_up("text", "info")

    def set_up(self, form: Form, level: str) -> None:
        """The form of all lines from now on; what is below the level is not written."""
        self._write = _write_json if form == "json" else _write_text
        self._levels = frozenset(_LEVELS[_LEVELS.index(level) :])

    def debug(self, event: str, /, **fields: Value) -> None:
        """What only who looks for a fault wants to know."""
        self._take("debug", event, fields)

    def info(self, event: str, /, **fields: Value) -> None:
        """What is as it should be."""
        self._take("info", event, fields)

    def warning(self, event: str, /, **fields: Value) -> None:
        """What works and should be looked at."""
        self._take("warning", event, fields)

    def error(self, event: str, /, **fields: Value) -> None:
        """What does not work."""
        self._take("error", event, fields)

    def _take(self, level: Level, event: str, fields: Mapping[str, Value]) -> None:
        if level in self._levels:
            self._write(level, event, {**_on_every_line.get({}), **fields})


def configure_logging(form: Form, level: str) -> None:
    """Set the form and the lowest level of all lines from now on."""
    _LOG.set_up(form, level)


def log() -> Log:
    """The one log of the process."""
    return _LOG


@contextmanager
def on_every_line(**fields: str) -> Iterator[None]:
    """These fields stand in every line that is written within the block, and by tasks that it starts."""
    before = _on_every_line.set({**_on_every_line.get({}), **fields})
    try:
        yield
    finally:
        _on_every_line.reset(before)


def _write_json(level: Level, event: str, fields: Mapping[str, Value]) -> None:
    line = {"event": event, "level": level, "timestamp": _now("microseconds"), **fields}
    # In ASCII: no name from a directory moves a terminal's cursor. And no value, of whatever type, makes it fail.
    _write(json.dumps(line, default=repr))


def _write_text(level: Level, event: str, fields: Mapping[str, Value]) -> None:
    shown = f"{level:<7}"
    if sys.stderr.isatty():
        shown = f"\x1b[{_COLOURS[level]}m{shown}\x1b[0m"
    more = "".join(f"  {name}={_printable(_text(value))}" for name, value in fields.items())
    _write(f"{_now('seconds')} {shown} {_printable(event)}{more}")


def _write(line: str) -> None:
    # Looked up for each line: a process that is tested or serves may change where standard error goes.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _text(value: Value) -> str:
    """In quotes where it would not be plain how far it goes."""
    if isinstance(value, str) and value and not _UNCLEAR & set(value):
        return value
    return json.dumps(value, ensure_ascii=False, default=repr)


def _printable(text: str) -> str:
    """Without what moves a terminal's cursor or begins a line of its own."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _now(precision: str) -> str:
    return datetime.now(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


_LOG = Log()
