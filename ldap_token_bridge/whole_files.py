"""Writing files that matter: whole or not at all, one command at a time; and opening them without waiting."""

import errno
import fcntl
import os
import secrets
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ldap_token_bridge.errors import Misconfigured

ANYONE_READS = 0o004
ANYONE_WRITES = 0o002
SECRET_MODE = 0o600
PUBLIC_MODE = 0o644
_OTHERS = 0o077  # everybody but the owner
_GROUP_READS = 0o040
_READ_BY_OTHERS = 0o044
_ROOT = 0
# What ends a command: Ctrl-C, a terminal that is closed, a supervisor.
_ENDING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
_FULL = "Make room on the file system of this folder, and give the command again: nothing was changed."
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: (
        "The file system is mounted read-only, as ConfigMaps and Secrets are. Give the command where the files come "
        "from, or remount it writable."
    ),
}


def create(path: Path, content: bytes, mode: int, *, replace: bool = False) -> None:
    """Writes a new file that appears whole under its name; raises FileExistsError unless it may `replace` one.

    Owner, group and mode of what is replaced stay: the service reads it, whoever writes. What is new goes to the owner
    and the group of its folder, if root makes it.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # The mode holds from the first byte on: no moment in which others could open a key.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            if not (replace and _keep_access(path, descriptor)):
                _give_to_owner_of(path.parent, descriptor)
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


def _keep_access(path: Path, descriptor: int) -> bool:
    """Gives the new file to whom the old one belongs, if this user may; whether there is an old one."""
    with suppress(PermissionError):
        try:
            old = path.stat()
        except FileNotFoundError:
            return False
        os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, old.st_mode & 0o777)  # never before: a mode for one group is none for another
    return True


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    """Gives what root has made to whom the folder belongs: the service reads it, and is not root."""
    if os.geteuid() == _ROOT:
        with suppress(OSError):  # a file system or a container that gives nothing away
            found = folder.stat()
            os.fchown(descriptor, found.st_uid, found.st_gid)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Makes a folder, and those above it, if they are missing; they belong to whom the first that was there belongs."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    path.mkdir(mode, exist_ok=True)
    # By a descriptor: whoever may write in the folder above could put a link there in between.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _give_to_owner_of(path.parent, descriptor)
    finally:
        os.close(descriptor)


def for_root_alone(path: Path) -> Iterator[str]:
    """A warning for root about a file that only root can read, in somebody else's folder. None if it cannot be told."""
    try:
        file, folder = path.stat(), path.parent.stat()
    except OSError:
        return
    if os.geteuid() == _ROOT == file.st_uid != folder.st_uid and not file.st_mode & _READ_BY_OTHERS:
        yield (
            f"{path}: only root can read this file, and its folder belongs to the user {folder.st_uid}. A bridge that "
            f"runs as that user does not start: chown {folder.st_uid}:{folder.st_gid} {path}"
        )


def open_file(path: Path) -> BinaryIO:
    """Opens a file to be read; raises OSError for all but regular ones: to open a pipe could take for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, most: int = -1) -> bytes:
    """The first `most` octets of a regular file, or all; raises OSError as `open_file`."""
    with open_file(path) as file:
        return file.read(most)


def read_secret(path: Path, what: str, remedy: str, most: int) -> tuple[bytes, int]:
    """The first `most` bytes of a secret file, and who else it is open to (`open_to_others`).

    Raises Misconfigured, which calls the file `what`; `remedy` is for one that is not there.
    """
    try:
        with open_file(path) as file:
            return file.read(most), open_to_others(os.fstat(file.fileno()))
    except FileNotFoundError:
        raise Misconfigured.one(f"there is no {what}", str(path), remedy) from None
    except OSError as error:
        raise Misconfigured.one(
            f"the {what} cannot be read: {error.strerror}",
            str(path),
            f"It must be readable for the user that runs this command (uid {os.geteuid()}).",
        ) from None


def open_to_others(found: os.stat_result) -> int:
    """The bits of a secret file's mode that let in somebody else than this process and the file's owner; 0 if none do.

    A file of root that this process reads by its own group lets in nobody else: so Kubernetes gives a Secret to a Pod
    that is not root (`fsGroup`). One of any other user may have been given to a group that many are in.
    """
    mode = found.st_mode & _OTHERS
    if mode == _GROUP_READS and found.st_uid == _ROOT != os.geteuid() and found.st_gid == os.getegid():
        return 0
    return mode


def lets_anyone(path: Path, bits: int) -> bool:
    """Whether the mode of a file or folder has one of these bits for everybody on the machine (0o004, 0o002).

    Never where nobody can write: a mounted Kubernetes Secret or ConfigMap has a mode for everybody, and only the Pod
    sees it. False for what is not there.
    """
    try:
        return bool(path.stat().st_mode & bits) and not os.statvfs(path).f_flag & os.ST_RDONLY
    except OSError:
        return False


def behind_links(path: Path) -> Path:
    """The file that is to be replaced: a link stays a link, since others read what it leads to by its own name."""
    return Path(os.path.realpath(path))  # not `resolve`, which raises for links in a circle


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Two commands at once must not undo each other's work: the second one waits."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems lock no folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Two files that belong together: a signal that ends the program waits until both are there."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def explained(folder: Path, what: str) -> Iterator[None]:
    """Raises Misconfigured for what the operating system refuses; `what` could not be done."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileExistsError) and error.filename2:
            raise Misconfigured.one("exists already, and no key is ever overwritten", str(error.filename2)) from None
        writable = f"The folder must be writable for the user that runs this command (uid {os.geteuid()})."
        raise Misconfigured.one(
            f"{what}: {error.strerror}", str(folder), _REMEDIES.get(error.errno or 0, writable)
        ) from None
