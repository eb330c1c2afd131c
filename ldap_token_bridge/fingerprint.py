"""Whether files have changed, told by their content, and cheap to ask again and again.

A file whose size, times and inode are as they were is not read again, unless it was written so lately that another
write could leave all of them as they are. Now and then it is read anyway: not every file system keeps honest times.
"""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ldap_token_bridge.values import dataclass

# Linux stamps files by a clock of a few milliseconds, some network file systems by one of two seconds.
_TICK = 3.0
_READ_ANYWAY = 60.0
# Beyond what anybody who is asked to read the file would take; what lies behind it cannot matter.
_MOST = 32 * 1024 * 1024
_CHUNK = 1024 * 1024

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: _Stamp
    digest: str
    at: float


class Fingerprint:
    """`files` lists the files each time anew; it may raise OSError. `now` gives seconds since 1970."""

    def __init__(self, files: Callable[[], Iterable[Path]], now: Callable[[], float] = time.time) -> None:
        self._files = files
        self._now = now
        self._known: dict[Path, _Read] = {}

    def __call__(self) -> str:
        """The same text as long as names and content are the same. Reads files; never raises for what it finds."""
        try:
            files = tuple(self._files())
        except OSError as error:
            return f"not listed: {error.errno}"
        whole = hashlib.sha256()
        known: dict[Path, _Read] = {}
        for file in files:
            whole.update(f"{file}\0{self._digest(file, known)}\0".encode("utf-8", "surrogateescape"))
        self._known = known
        return whole.hexdigest()

    def _digest(self, file: Path, known: dict[Path, _Read]) -> str:
        now = self._now()
        try:
            stamp = _stamp(file.stat())
            if stamp is None:
                return "no file"
            before = self._known.get(file)
            if before is None or not _is_good(before, stamp, now):
                # The stamp was taken before: what is written while the file is read shows the next time.
                before = _Read(stamp, _content(file), now)
        except OSError as error:
            return f"not read: {error.errno}"
        known[file] = before
        return before.digest


def _stamp(found: os.stat_result) -> _Stamp | None:
    """None for what is no regular file: to open a pipe could take for ever."""
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_good(read: _Read, stamp: _Stamp, now: float) -> bool:
    """Whether the file is for certain as it was when it was read; nobody can set back the last of the times."""
    *_, written, changed = stamp
    return read.stamp == stamp and read.at - max(written, changed) / 1e9 > _TICK and 0 <= now - read.at < _READ_ANYWAY


def _content(file: Path) -> str:
    digest = hashlib.sha256()
    left = _MOST
    with file.open("rb") as opened:
        while left > 0 and (chunk := opened.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
