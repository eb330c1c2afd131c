"""Every key of a folder with its state, for people: also those that are retired, and those out of their time.

Where `Keyring.load` refuses what cannot work, this shows it.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.values import dataclass

from .folder import RETIRED_FOLDER, active_name, key_pairs
from .key_files import KeyPair
from .signing_key import SigningKey


class KeyState(StrEnum):
    """What a key is good for now. Only `signs` and `published` are as they should be in a folder that works."""

    SIGNS = "signs"
    PUBLISHED = "published"
    RETIRED = "retired"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key with its state. `active` is the key that signs, or would if its certificate were in its time."""

    key: SigningKey
    files: KeyPair
    state: KeyState
    active: bool


@dataclass(frozen=True, slots=True)
class KeyList:
    """The active key first, then by name, then the retired ones; `warnings` are texts about what should be mended."""

    keys: tuple[ListedKey, ...]
    warnings: tuple[str, ...]


def list_keys(folder: Path, now: datetime) -> KeyList:
    """All keys at `now` (aware). Raises Misconfigured with every problem of files that cannot be read.

    Not for a certificate out of its time, which is a state; and a retired key that cannot be read is a warning.
    """
    pairs = key_pairs(folder)
    loaded = load_pairs(pairs)
    active = active_name(folder, tuple(pair.name for pair in pairs))
    keys = [
        ListedKey(key, pair, _state(key, now, active=pair.name == active), pair.name == active)
        for pair, key in zip(pairs, loaded, strict=True)
    ]
    keys.sort(key=lambda listed: not listed.active)
    warnings = [warning for pair in pairs for warning in pair.warnings()]
    for pair in retired_pairs(folder):
        try:
            keys.append(ListedKey(pair.load(), pair, KeyState.RETIRED, active=False))
        except Misconfigured as error:
            warnings += [str(problem) for problem in error.problems]
        warnings += pair.warnings()
    return KeyList(tuple(keys), tuple(warnings))


def load_pairs(pairs: tuple[KeyPair, ...]) -> tuple[SigningKey, ...]:
    """The keys of the pairs in their order; raises Misconfigured with every problem of every file."""
    keys: list[SigningKey] = []
    problems: list[Problem] = []
    for pair in pairs:
        try:
            keys.append(pair.load())
        except Misconfigured as error:
            problems += error.problems
    if problems:
        raise Misconfigured(problems)
    return tuple(keys)


def retired_pairs(folder: Path) -> tuple[KeyPair, ...]:
    """The pairs that were put aside; none if none ever was."""
    aside = folder / RETIRED_FOLDER
    return key_pairs(aside) if aside.is_dir() else ()


def _state(key: SigningKey, now: datetime, *, active: bool) -> KeyState:
    if now > key.not_after:
        return KeyState.EXPIRED
    if now < key.not_before:
        return KeyState.NOT_YET_VALID
    return KeyState.SIGNS if active else KeyState.PUBLISHED
