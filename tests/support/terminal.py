"""A person at a terminal: runs a shell command there and types passwords where one is asked for."""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

_PROMPT = re.compile(rb"password[^\n]{0,60}: ?$", re.IGNORECASE)
_SECONDS = 60


class Terminal:
    """One command of bash with a terminal of its own; what it starts is ended with it."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = os.openpty()
        try:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", "setsid", "--ctty", "bash", "-c", command],
                stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment,
            )  # fmt: skip
        finally:
            os.close(slave)
        self._shown = b""

    @property
    def text(self) -> str:
        """As a terminal shows it."""
        return self._shown.decode(errors="replace").replace("\r\n", "\n")

    def until(self, shown: str, password: str = "") -> bool:
        """Reads on until the pattern is shown; false if the command ends before, or after a minute."""
        give_up = time.monotonic() + _SECONDS
        while time.monotonic() < give_up:
            if shown and re.search(shown, self.text):
                return True
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                self._shown += os.read(self._master, 65536)
            except OSError:  # nobody holds the other end any more
                return False
            if password and _PROMPT.search(self._shown):
                os.write(self._master, f"{password}\n".encode())
        return False

    def end(self, number: signal.Signals | None = None) -> int:
        """Its exit code, once it has ended, by that signal if need be."""
        if number:
            os.killpg(self._process.pid, number)
        try:
            return self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            return self._process.wait()
        finally:
            os.close(self._master)
