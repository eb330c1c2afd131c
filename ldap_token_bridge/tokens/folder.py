"""The key folder: which pairs of files lie in it and which one signs.

`NAME.key` beside `NAME.crt`; `active` is a text file with the NAME that signs, not needed while there is one key.
What lies in `retired/` is kept and neither signs nor is published.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.whole_files import ANYONE_WRITES, lets_anyone

from .key_files import KeyPair

ACTIVE_FILE = "active"
RETIRED_FOLDER = "retired"
# cert-manager puts its issuer's certificate beside tls.key and tls.crt.
_NO_PAIR = "ca"


def key_pairs(folder: Path) -> tuple[KeyPair, ...]:
    """The pairs by name, also those of which one file is missing; raises Misconfigured for a folder not to be read."""
    try:
        return _listed(folder)
    except FileNotFoundError:
        raise Misconfigured.one("the folder of signing keys does not exist", str(folder), _make_one(folder)) from None
    except OSError as error:
        raise Misconfigured.one(
            f"the folder of signing keys cannot be read: {error.strerror}",
            str(folder),
            f"Check token.keys_dir and the folder's permissions (this command runs as uid {os.geteuid()}).",
        ) from None


def key_files(folder: Path) -> list[Path]:
    """Every file that says which keys there are and which one signs, there or not; raises OSError."""
    files = [file for pair in _listed(folder) for file in (pair.key, pair.certificate)]
    return [*files, folder / ACTIVE_FILE]


def _listed(folder: Path) -> tuple[KeyPair, ...]:
    """Hidden files are left alone: half-written ones are hidden, and so is the machinery of a mounted secret."""
    files = [path for path in folder.iterdir() if not path.name.startswith(".")]
    names = {file.stem for file in files if file.suffix == ".key"}
    names |= {file.stem for file in files if file.suffix == ".crt" and file.stem != _NO_PAIR}
    return tuple(KeyPair(name, folder / f"{name}.key", folder / f"{name}.crt") for name in sorted(names))


def active_name(folder: Path, names: tuple[str, ...]) -> str:
    """The name of the key that signs, one of `names`; raises Misconfigured if that cannot be told."""
    path = folder / ACTIVE_FILE
    if not names:
        raise Misconfigured([Problem("there is no signing key", Place(str(folder)), _make_one(folder))])
    written = read_active(folder)
    if written is None and len(names) == 1:
        return names[0]
    choice = f"Write the name of the key that signs into it, one of {', '.join(names)}: echo {names[0]} > {path}"
    if written is None:
        raise Misconfigured.one(f"there are {len(names)} keys, and nothing says which one signs", str(path), choice)
    if written not in names:
        # The text is shown shortened: somebody may have put a key there by mistake.
        shown = f"{written[:20]!r}" if written.isprintable() else "something else"
        raise Misconfigured.one(f"names {shown}, but there is no such key", str(path), choice)
    return written


def read_active(folder: Path) -> str | None:
    """What `active` says; None if there is no such file."""
    path = folder / ACTIVE_FILE
    if path.exists() and not path.is_file():
        raise Misconfigured.one("is no file", str(path), "It must hold one line: the name of the key that signs.")
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise Misconfigured.one(
            "cannot be read as text", str(path), "It must hold one line: the name of the key that signs."
        ) from None


def folder_warnings(folder: Path) -> Iterator[str]:
    """Whoever may write here chooses what signs: the folder and `active` are worth as much as a key."""
    for path in (folder, folder / ACTIVE_FILE):
        if lets_anyone(path, ANYONE_WRITES):
            yield f"{path}: anyone on this machine may write there and choose the key that signs: chmod o-w {path}"


def _make_one(folder: Path) -> str:
    return f"Make a key, and the folder with it: ldap-token-bridge keys new --keys-dir {folder}"
