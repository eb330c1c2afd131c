"""Output that never makes the service wait: whoever reads it may stall, logins go on."""

import os
import select
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from stat import S_ISFIFO
from typing import TextIO

# Octets, some 15,000 audit lines; a reader that stalls for longer loses some, which is counted. A line may be long: two
# hundred repositories that somebody asks for stand in it.
_CAPACITY = 8 << 20
_FAREWELL = 2.0  # seconds for what is left to be written at the end
# Lines wait so many seconds for others to go with them: a thread that wakes for each one takes the interpreter from
# the requests, which costs more than everything else about a line.
_GATHER = 0.05
# A pipe takes so many bytes in one piece (PIPE_BUF of POSIX, 4096 on Linux): several processes may share it. To a file
# goes all that waits.
_PIECE = 4096
_MANY = 1 << 20
_AT_ONCE = 1_000  # lines taken from those that wait: what is taken no longer counts for the capacity
_END = b""
_NEWLINE = b"\n"


class LineWriter:
    """Stands in for `stream`; a thread writes to its descriptor. `on_drop` hears of every line that found no room."""

    def __init__(self, stream: TextIO, on_drop: Callable[[], None]) -> None:
        self._stream = stream
        self._on_drop = on_drop
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._waiting = 0  # octets
        self._counting = threading.Lock()
        self._is_closing = threading.Event()
        self._begun = threading.local()
        self._thread = threading.Thread(target=self._work, name="output", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Take a line, or a part of one, to be written soon; whole lines go out in one piece."""
        line = getattr(self._begun, "text", "") + text
        self._begun.text = "" if line.endswith("\n") else line
        if self._begun.text or not line:
            return len(text)  # `print` sends the line break by itself, and another stream must not come between
        octets = line.encode("utf-8", "backslashreplace")
        if self._waiting + len(octets) <= _CAPACITY:
            with self._counting:
                self._waiting += len(octets)
            self._lines.put(octets)
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
        self._lines.put(_END)
        self._is_closing.set()
        self._thread.join(_FAREWELL)

    def _work(self) -> None:
        # Past Python's own buffer, whose lock the interpreter would wait for at its end.
        descriptor = self._stream.fileno()
        limit = _PIECE if S_ISFIFO(os.fstat(descriptor).st_mode) else _MANY
        half = b""  # ends a line whose rest found no room, before the next one
        while True:
            # Of the interpreter's turns this thread takes two for each batch: it waits for a line only if none has come
            # while it slept, and then lets others gather to that one.
            lines = self._come()
            if not lines:
                lines = [self._lines.get()]
                self._is_closing.wait(_GATHER)
                lines += self._come()
            is_last = _END in lines  # others may write on behind it
            for piece in _pieces([line for line in lines if line], limit):
                if not piece:
                    continue
                octets = half + b"".join(piece)
                left = _write(descriptor, octets)
                for _ in range(min(left.count(_NEWLINE), len(piece))):
                    self._on_drop()
                if written := octets.removesuffix(left):
                    half = b"" if written.endswith(_NEWLINE) else _NEWLINE
            with self._counting:
                self._waiting -= sum(map(len, lines))
            if is_last:
                return
            self._is_closing.wait(_GATHER)

    def _come(self) -> list[bytes]:
        return [self._lines.get() for _ in range(min(self._lines.qsize(), _AT_ONCE))]


def _write(descriptor: int, rest: bytes) -> bytes:
    """What of it cannot be written: the pipe is closed, or the disk is full."""
    try:
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:  # who started the bridge wants this of a pipe for itself
                select.select((), (descriptor,), ())
    except OSError:
        pass
    return rest


def _pieces(lines: list[bytes], limit: int) -> Iterator[list[bytes]]:
    """The lines, as many at a time as have so many octets together; one that is longer by itself."""
    begin = size = 0
    for at, line in enumerate(lines):
        size += len(line)
        if size > limit and at > begin:
            yield lines[begin:at]
            begin, size = at, len(line)
    yield lines[begin:]
