"""Rotation: another key signs, an old one is put aside. Whole or not at all, and never without a key that signs."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.whole_files import PUBLIC_MODE, create, explained, locked, make_folder, undisturbed

from .folder import ACTIVE_FILE, RETIRED_FOLDER, active_name, key_pairs, read_active
from .key_files import KeyPair, generation_problem, validity_problem
from .listing import load_pairs, retired_pairs
from .signing_key import SigningKey

_NEW = "ldap-token-bridge keys new"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was changed. `before` is the name of the key that signed until now, `signer` that of the one that does.

    `switched` says when the last change of the signer was written down, if that is known; `old_end` when the key that
    signed until now, or is retired, comes to its end: no registry takes its tokens from then on.
    """

    key: SigningKey
    files: KeyPair
    before: str
    signer: str
    switched: datetime | None
    old_end: datetime | None


def activate_key(folder: Path, wanted: str, now: datetime, *, ed25519: bool = False) -> Rotation:
    """Lets the key sign; `wanted` as in `find_key`. Raises Misconfigured, also for a certificate out of its time.

    `ed25519` says that every registry is 3.x: else a key of that kind is refused.
    """
    with explained(folder, "cannot write which key signs"), locked(_present(folder)):
        pairs, keys = _all(folder)
        pair, key = find_key(folder, wanted, pairs, keys)
        foreign = None if ed25519 else generation_problem(key, pair.key)
        if problem := foreign or validity_problem(key, pair.certificate, now):
            raise Misconfigured([problem])
        before = ""
        # What `active` says is about to be replaced, so it may be wrong.
        with suppress(Misconfigured):
            before = active_name(folder, tuple(pair.name for pair in pairs))
        if before != pair.name or read_active(folder) is None:
            create(folder / ACTIVE_FILE, f"{pair.name}\n".encode(), PUBLIC_MODE, replace=True)
        old_end = next((each.not_after for each in keys if each.name == before), None)
        return Rotation(key, pair, before, pair.name, _switched(folder), old_end)


def retire_key(folder: Path, wanted: str) -> Rotation:
    """Moves the key's files to `retired/`, so that it is published no more. Raises Misconfigured.

    The key that signs is refused, and so is the last one.
    """
    with explained(folder, "cannot move the key"), locked(_present(folder)):
        pairs, keys = _all(folder)
        pair, key = find_key(folder, wanted, pairs, keys)
        if len(pairs) == 1:
            raise Misconfigured.one(
                f"{pair.name} is the only key; without it nothing can be signed",
                str(folder),
                f"Make the next key, bring it out, and let it sign before: {_NEW} --keys-dir {folder}",
            )
        signer = active_name(folder, tuple(pair.name for pair in pairs))
        if pair.name == signer:
            others = " or ".join(pair.name for pair in pairs if pair.name != signer)
            raise Misconfigured.one(
                f"{pair.name} is the key that signs",
                str(folder),
                f"First let another sign: `ldap-token-bridge keys activate` {others}. Wait until the bridges have "
                "taken it up and the last token of the old key has expired (token.lifetime and a minute); then retire "
                "it.",
            )
        moved = _move(pair, folder / RETIRED_FOLDER)
        return Rotation(key, moved, signer, signer, _switched(folder), key.not_after)


def find_key(
    folder: Path, wanted: str, pairs: Sequence[KeyPair], keys: Sequence[SigningKey]
) -> tuple[KeyPair, SigningKey]:
    """The key with that NAME, libtrust id or RFC 7638 thumbprint, or the only one with such a beginning.

    Raises Misconfigured if none or several fit.
    """
    both = list(zip(pairs, keys, strict=True))
    found = [each for each in both if wanted in _names(each[1])]
    if not found and wanted:
        found = [each for each in both if any(name.startswith(wanted) for name in _names(each[1]))]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(pair.name for pair, _ in found)
        raise Misconfigured.one(f"{_shown(wanted)} fits several keys: {names}", str(folder), "Give more of it.")
    for pair in retired_pairs(folder):
        if wanted and pair.name.startswith(wanted):
            raise Misconfigured.one(
                f"{pair.name} is retired",
                str(pair.key.parent),
                f"If it is to be used again, move both files back: mv {pair.key} {pair.certificate} {folder}/",
            )
    raise Misconfigured.one(
        f"there is no key {_shown(wanted)}",
        str(folder),
        f"Name one of {', '.join(pair.name for pair in pairs)}, or give its key id or its thumbprint.",
    )


def _names(key: SigningKey) -> Iterable[str]:
    return key.name, key.kid, key.thumbprint


def _shown(wanted: str) -> str:
    """Shortened: somebody may have pasted a key by mistake."""
    return repr(wanted[:60]) if wanted.isprintable() else "of that name"


def _all(folder: Path) -> tuple[tuple[KeyPair, ...], tuple[SigningKey, ...]]:
    pairs = key_pairs(folder)
    if not pairs:
        active_name(folder, ())  # says how to make one
    return pairs, load_pairs(pairs)


def _present(folder: Path) -> Path:
    key_pairs(folder)  # says what to do if the folder is missing or cannot be read
    return folder


def _switched(folder: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp((folder / ACTIVE_FILE).stat().st_mtime, UTC)
    except OSError:
        return None


def _move(pair: KeyPair, aside: Path) -> KeyPair:
    """Both files under new names first, then away from the old ones: nothing is lost wherever it is interrupted."""
    make_folder(aside, 0o700)
    taken = {file.stem for file in aside.iterdir()}
    names = (pair.name, *(f"{pair.name}-{number}" for number in range(2, len(taken) + 3)))
    name = next(name for name in names if name not in taken)
    moved = KeyPair(name, aside / f"{name}.key", aside / f"{name}.crt")
    linked: list[Path] = []
    with undisturbed():
        try:
            for source, target in ((pair.certificate, moved.certificate), (pair.key, moved.key)):
                os.link(source, target)
                linked.append(target)
        except OSError:
            for target in linked:
                target.unlink()
            raise
        pair.key.unlink()
        pair.certificate.unlink()
    return moved
