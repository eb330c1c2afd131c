"""Output that never makes the service wait: whoever reads it may stall, logins go on."""

import os
import queue
import threading
from collections.abc import Callable
from typing import TextIO

# About 5 MB of audit lines; a reader that stalls for longer loses some, which is counted.
_CAPACITY = 10_000
_FAREWELL = 2.0  # seconds for what is left to be written at the end


class LineWriter:
    """Stands in for `stream`; a thread writes to its descriptor. `on_drop` hears of every line that found no room."""

    def __init__(self, stream: TextIO, on_drop: Callable[[], None]) -> None:
        self._stream = stream
        self._on_drop = on_drop
        self._lines: queue.Queue[str | None] = queue.Queue(_CAPACITY)
        self._begun = threading.local()
        self._thread = threading.Thread(target=self._work, name="output", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Take a line, or a part of one, to be written soon; whole lines go out in one piece."""
        line = getattr(self._begun, "text", "") + text
        self._begun.text = "" if line.endswith("\n") else line
        if self._begun.text:
            return len(text)  # `print` sends the line break by itself, and another stream must not come between
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._on_drop()
        return len(text)

    def flush(self) -> None:
        """Nothing to wait for."""

    def isatty(self) -> bool:
        """Whether people read along."""
        return self._stream.isatty()

    def close(self) -> None:
        """Write what is left, if that can be done in a moment."""
        try:
            self._lines.put(None, timeout=_FAREWELL)
        except queue.Full:
            return
        self._thread.join(_FAREWELL)

    def _work(self) -> None:
        # Past Python's own buffer, whose lock the interpreter would wait for at its end.
        descriptor = self._stream.fileno()
        while (line := self._lines.get()) is not None:
            rest = line.encode("utf-8", "backslashreplace")
            try:
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            except OSError:
                self._on_drop()  # a closed pipe or a full disk
