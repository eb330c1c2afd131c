"""Revocations in a file: commands write it, bridges read it again and again.

A file that is not there is never taken for an empty one.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.whole_files import PUBLIC_MODE, behind_links, create, explained, locked, make_folder, read_file

from .revocations import RevocationList, RevocationsUnreadable
from .single_flight import SingleFlight

_MAX_FILE = 16 * 1024 * 1024
_LOOK_AGAIN = 1.0  # seconds
_PATIENCE = 5.0  # seconds; the file may lie on another machine
_REMEDY = (
    "Bring the file back. If it is lost, begin anew, which ends every refresh token there is: "
    "ldap-token-bridge token revoke --all"
)
_TOKEN_ID = re.compile(r"[0-9a-f]{16}").fullmatch
_MAX_NAME = 256


class FileRevocations:
    """Revocations in a file; what was written there counts within a second or two."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Reads it; raises Misconfigured. `clock` gives seconds and never goes back."""
        self.path = path
        self._clock = clock
        self._text: bytes | None = None
        self._list = RevocationList()
        # One look for all: a file system that hangs must not take a thread for each client that gives up.
        self._looking = SingleFlight[None, None]()
        self._next_look = 0.0
        self._look()

    async def is_revoked(self, token_id: str, account: str, issued_at: int) -> bool:
        """Whether the token was called back. Raises RevocationsUnreadable if the file cannot be read now."""
        if self._clock() >= self._next_look:
            try:
                await self._looking.run(None, lambda: asyncio.to_thread(self._look), Deadline.after(_PATIENCE))
            except (Misconfigured, TimeoutError) as error:
                why = error if isinstance(error, Misconfigured) else f"{self.path} was not read within {_PATIENCE:g} s"
                detail = f"no refresh token is taken: {why}"
                raise RevocationsUnreadable("refresh tokens cannot be taken now", detail=detail) from None
        return self._list.is_revoked(token_id, account, issued_at)

    @property
    def list(self) -> RevocationList:
        """As it was read last."""
        return self._list

    def _look(self) -> None:
        found = _read(self.path)
        if found != self._text:
            self._list, self._text = _parse(self.path, found), found
        self._next_look = self._clock() + _LOOK_AGAIN


def start_revocations(path: Path) -> None:
    """An empty list, if there is no file; raises Misconfigured."""
    with explained(path.parent, "cannot make the folder of the list"):
        make_folder(path.parent)
    with _writing(path), suppress(FileExistsError):
        create(path, RevocationList().text(), PUBLIC_MODE)


def revoke_token(path: Path, token_id: str, now: int) -> None:
    """Calls one token back, by its id. `now` is Unix time. Raises Misconfigured, also for what is no id."""
    if not _TOKEN_ID(token_id):
        # Not shown: somebody may have pasted the token itself.
        raise Misconfigured.one("this is no id of a refresh token", remedy="Take refresh_id from the audit line.")
    _change(path, lambda current: current.with_token(token_id, now))


def revoke_tokens_of(path: Path, account: str, now: int, *, addresses: bool = False) -> None:
    """Calls back all tokens of an account that were issued up to now. Raises Misconfigured, also for what is no name.

    A name for the login that is not the account's would revoke nothing. `addresses` says that accounts may hold an @.
    """
    typed_for_login = "\\" in account or ("@" in account and not addresses)
    is_no_name = not account or len(account) > _MAX_NAME or account != account.strip() or not account.isprintable()
    if is_no_name or typed_for_login:
        remedy = (
            "Write the account as tokens and the audit trail show it, without the domain: alice. "
            "It is the account that this shows: ldap-token-bridge whoami NAME"
        )
        raise Misconfigured.one("this is no account's name", remedy=remedy)
    _change(path, lambda current: current.with_account(account, now))


def revoke_all(path: Path, now: int) -> None:
    """Calls back all tokens that were issued up to now; a file that is lost or broken is made anew."""
    file = behind_links(path)
    with _writing(file):
        try:
            current = _parse(file, _read(file))
        except Misconfigured:
            current, file = RevocationList(), path  # whatever else a link may lead to is left alone
        create(file, current.with_all(now).text(), PUBLIC_MODE, replace=True)


def _change(path: Path, change: Callable[[RevocationList], RevocationList]) -> None:
    file = behind_links(path)
    with _writing(file):
        create(file, change(_parse(file, _read(file))).text(), PUBLIC_MODE, replace=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    with explained(path.parent, "cannot write the list of revoked refresh tokens"), locked(path.parent):
        yield


def _read(path: Path) -> bytes:
    """The file's content; raises Misconfigured."""
    try:
        text = read_file(path, _MAX_FILE + 1)
    except FileNotFoundError:
        raise Misconfigured.one("the list of revoked refresh tokens is not there", str(path), _REMEDY) from None
    except OSError as error:
        what = f"the list of revoked refresh tokens cannot be read: {error.strerror}"
        raise Misconfigured.one(what, str(path), "Let the user of the bridge read it.") from None
    if len(text) > _MAX_FILE:
        raise Misconfigured.one("the list of revoked refresh tokens is larger than 16 MiB", str(path), _REMEDY)
    return text


def _parse(path: Path, text: bytes) -> RevocationList:
    """What a file says; raises Misconfigured."""
    try:
        return RevocationList.of_text(text)
    except (ValueError, RecursionError) as error:
        reason = "not JSON" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError) else error
        what = f"is no list of revoked refresh tokens: {reason}"
        raise Misconfigured.one(what, str(path), _REMEDY) from None
