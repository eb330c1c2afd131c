"""Writing in the key folder: whole or not at all, one command at a time."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644


def create(path: Path, content: bytes, mode: int, *, replace: bool = False) -> None:
    """Writes a new file that appears whole under its name; raises FileExistsError unless it may `replace` one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # The mode holds from the first byte on: no moment in which others could open a key.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Two commands at once must not leave a folder without its signing key: the second one waits."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems lock no folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def explained(folder: Path, what: str) -> Iterator[None]:
    """Raises Misconfigured for what the operating system refuses; `what` could not be done."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileExistsError) and error.filename2:
            raise Misconfigured.one("exists already, and no key is ever overwritten", str(error.filename2)) from None
        raise Misconfigured.one(
            f"{what}: {error.strerror}",
            str(folder),
            f"The folder must be writable for the user that runs this command (uid {os.geteuid()}).",
        ) from None
