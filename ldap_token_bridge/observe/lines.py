"""Output that never makes the service wait: whoever reads it may stall, logins go on."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TextIO

# About 5 MB of audit lines; a reader that stalls for longer loses some, which is counted.
_CAPACITY = 10_000
_FAREWELL = 2.0  # seconds for what is left to be written at the end
# Lines wait so many seconds for others to go with them: a thread that wakes for each one takes the interpreter from
# the requests, which costs more than everything else about a line.
_GATHER = 0.02
# A pipe takes so many bytes in one piece (PIPE_BUF of POSIX, 4096 on Linux): several processes may share it.
_PIECE = 4096


class LineWriter:
    """Stands in for `stream`; a thread writes to its descriptor. `on_drop` hears of every line that found no room."""

    def __init__(self, stream: TextIO, on_drop: Callable[[], None]) -> None:
        self._stream = stream
        self._on_drop = on_drop
        self._lines: deque[str] = deque()
        self._is_waking = threading.Event()
        self._is_closing = threading.Event()
        self._begun = threading.local()
        self._thread = threading.Thread(target=self._work, name="output", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Take a line, or a part of one, to be written soon; whole lines go out in one piece."""
        line = getattr(self._begun, "text", "") + text
        self._begun.text = "" if line.endswith("\n") else line
        if self._begun.text:
            return len(text)  # `print` sends the line break by itself, and another stream must not come between
        if len(self._lines) < _CAPACITY:
            self._lines.append(line)
            if not self._is_waking.is_set():
                self._is_waking.set()
        else:
            self._on_drop()
        return len(text)

    def flush(self) -> None:
        """Nothing to wait for."""

    def isatty(self) -> bool:
        """Whether people read along."""
        return self._stream.isatty()

    def close(self) -> None:
        """Write what is left, if that can be done in a moment."""
        self._is_closing.set()
        self._is_waking.set()
        self._thread.join(_FAREWELL)

    def _work(self) -> None:
        # Past Python's own buffer, whose lock the interpreter would wait for at its end.
        descriptor = self._stream.fileno()
        is_closing = False
        while not is_closing:
            self._is_waking.wait()
            self._is_closing.wait(_GATHER)
            self._is_waking.clear()  # before the lines are taken: one that comes now wakes the thread again
            is_closing = self._is_closing.is_set()  # and only now: an end that comes now wakes it, too
            for piece, lines in self._pieces():
                rest = piece
                try:
                    while rest:
                        rest = rest[os.write(descriptor, rest) :]
                except OSError:  # a closed pipe or a full disk
                    for _ in range(lines):
                        self._on_drop()

    def _pieces(self) -> Iterator[tuple[bytes, int]]:
        """What has come, in pieces that hold whole lines, each with their number."""
        piece, number = b"", 0
        while self._lines:
            line = self._lines.popleft().encode("utf-8", "backslashreplace")
            if number and len(piece) + len(line) > _PIECE:
                yield piece, number
                piece, number = b"", 0
            piece, number = piece + line, number + 1
        if number:
            yield piece, number
