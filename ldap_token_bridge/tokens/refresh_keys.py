"""The keys that seal refresh tokens: one a line in a file of their own, 32 bytes in base64url.

The first seals, all open: so they can be changed while tokens are in use. Lines that begin with # are notes. One of
them marks each key that is older than another: only those are dropped. The last without it is the newest, also if
somebody wrote it there by hand.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ldap_token_bridge.errors import Misconfigured, Place
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.whole_files import (
    SECRET_MODE,
    behind_links,
    create,
    explained,
    for_root_alone,
    locked,
    make_folder,
    read_secret,
)

KEY_ID = 4
_BYTES = 32
# Each key is one more that can leak; a rotation needs two.
_MOST = 8
_MAX_FILE = 64 * 1024
_OLDER = "# Older:"
_MAKE_ONE = "Make one: ldap-token-bridge keys refresh-key -c bridge.yaml"


@dataclass(frozen=True, slots=True)
class RefreshKeys:
    """The keys in the order of the file, and what should be mended about it."""

    path: Path
    _keys: tuple[bytes, ...] = field(repr=False)
    warnings: tuple[str, ...] = ()
    _older: frozenset[bytes] = field(default=frozenset(), repr=False)

    @classmethod
    def load(cls, path: Path) -> "RefreshKeys":
        """Raises Misconfigured with the line of a key that cannot be used, and never with its text."""
        content, mode = read_secret(path, "key for refresh tokens", _MAKE_ONE, _MAX_FILE)
        try:
            lines = content.decode("ascii").splitlines()
        except UnicodeDecodeError:
            raise Misconfigured.one("holds no keys for refresh tokens", str(path), _MAKE_ONE) from None
        keys, older, marked = list[bytes](), set[bytes](), False
        for number, line in enumerate(lines, 1):
            if line.startswith("#"):
                marked = marked or line.strip() == _OLDER
            elif line.strip():
                keys.append(_key(line.strip(), Place(str(path), number)))
                older |= {keys[-1]} if marked else set()
                marked = False
        if not 0 < len(keys) <= _MOST or len(set(keys)) < len(keys):
            what = f"holds {len(keys)} keys; there must be 1 to {_MOST}, each once"
            raise Misconfigured.one(what, str(path), _MAKE_ONE if not keys else "Remove the lines at the end.")
        warnings = list(for_root_alone(path))
        if mode:
            warnings.append(
                f"{path}: others than its owner may read or change this key (mode {mode:03o} beside the owner's). "
                f"Whoever reads it can be anyone without a password: chmod 600 {path}"
            )
        return cls(path, tuple(keys), tuple(warnings), frozenset(older))

    @property
    def first(self) -> AESGCM:
        """The key that seals."""
        return AESGCM(self._keys[0])

    @property
    def first_id(self) -> bytes:
        """The id of the key that seals."""
        return _id(self._keys[0])

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids for people, in the order of the file."""
        return tuple(_id(key).hex() for key in self._keys)

    def by_id(self, key_id: bytes) -> AESGCM | None:
        """The key of that id, if there is one."""
        return next((AESGCM(key) for key in self._keys if _id(key) == key_id), None)

    @property
    def _newest(self) -> bytes:
        """The last that nobody has marked as older than another."""
        return next((key for key in reversed(self._keys) if key not in self._older), self._keys[0])

    def with_next(self, key: bytes) -> "RefreshKeys":
        """With one more at the end."""
        return replace(self, _keys=(*self._keys, key), _older=frozenset(self._keys))

    def with_newest_first(self) -> "RefreshKeys":
        """So that the key that was added last seals."""
        newest = self._newest
        others = tuple(key for key in self._keys if key != newest)
        return replace(self, _keys=(newest, *others), _older=frozenset(others))

    def with_first_alone(self) -> "RefreshKeys":
        """Without those that only open. Raises Misconfigured if the newest is one of them: it was never in use."""
        first, newest = self._keys[0], self._newest
        if newest != first:
            raise Misconfigured.one(
                f"the key {_id(newest).hex()} was added last and does not seal yet: it would be dropped",
                str(self.path),
                "First let it seal: ldap-token-bridge keys refresh-key --activate. Drop the old key when its last "
                "token has ended (token.refresh.lifetime). But if somebody wrote it there and it is an old one: write "
                f"the line {_OLDER!r} above it.",
            )
        return replace(self, _keys=(first,), _older=frozenset())

    def text(self) -> bytes:
        """As it stands in the file."""
        lines = ["# Keys of refresh tokens, one a line: the first seals, all open. Secret."]
        for key in self._keys:
            lines += [_OLDER] if key in self._older else []
            lines.append(base64.urlsafe_b64encode(key).rstrip(b"=").decode())
        return "".join(f"{line}\n" for line in lines).encode()


def new_refresh_key(path: Path, before: Callable[[], None] = lambda: None) -> RefreshKeys:
    """Makes the file with its first key; raises Misconfigured if there is one already.

    `before` is called before the key is made, and only if there is none.
    """
    with explained(path.parent, "cannot write the key for refresh tokens"):
        make_folder(path.parent, 0o700)
        if path.exists():
            remedy = "For the next key: ldap-token-bridge keys refresh-key --add"
            raise Misconfigured.one("exists already, and no key is ever overwritten", str(path), remedy)
        before()
        create(path, RefreshKeys(path, ()).with_next(secrets.token_bytes(_BYTES)).text(), SECRET_MODE)
    return RefreshKeys.load(path)


def add_refresh_key(path: Path) -> RefreshKeys:
    """The next key, at the end: it opens, and does not seal yet. Raises Misconfigured."""
    return _changed(path, lambda keys: keys.with_next(secrets.token_bytes(_BYTES)))


def activate_refresh_key(path: Path) -> RefreshKeys:
    """Lets the key that was added last seal from the next reload on. Raises Misconfigured."""
    return _changed(path, RefreshKeys.with_newest_first)


def drop_refresh_keys(path: Path) -> RefreshKeys:
    """Forgets all keys but the one that seals. Raises Misconfigured while the one that was added last does not seal."""
    return _changed(path, RefreshKeys.with_first_alone)


def _changed(path: Path, change: Callable[[RefreshKeys], RefreshKeys]) -> RefreshKeys:
    path = behind_links(path)
    with explained(path.parent, "cannot change the keys for refresh tokens"), locked(path.parent):
        keys = change(RefreshKeys.load(path))
        if len(keys.ids) > _MOST:
            remedy = "Drop the old ones: ldap-token-bridge keys refresh-key --drop-old"
            raise Misconfigured.one(f"there are {_MOST} keys already", str(path), remedy)
        create(path, keys.text(), SECRET_MODE, replace=True)
    return RefreshKeys.load(path)


def _key(line: str, where: Place) -> bytes:
    try:
        key = base64.b64decode(line + "=" * (-len(line) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _BYTES:
        remedy = "Restore the line, or remove it: then the refresh tokens of that key end."
        raise Misconfigured.one(f"is no key of {_BYTES} bytes in base64url", where, remedy)
    return key


def _id(key: bytes) -> bytes:
    """Tells keys apart, and nothing about them."""
    return hashlib.sha256(b"ldap-token-bridge refresh key\0" + key).digest()[:KEY_ID]
