"""What is asked of the server behind the store: a handful of commands, all of them on single entries."""

from collections.abc import Sequence
from typing import Protocol

from ldap_token_bridge.values import dataclass


class StoreDown(Exception):
    """The server did not do what was asked of it; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Write:
    """One entry to be written for `milliseconds`, or with no value to be taken away."""

    name: str
    value: bytes | None
    milliseconds: int = 0


class Backend(Protocol):
    """A server of entries that live for a while. Every method raises StoreDown, and ends at once when cancelled."""

    async def read(self, names: Sequence[str], at_most: int) -> list[bytes | None]:
        """The values, of which no more than `at_most` octets are fetched; None where there is none."""

    async def write(self, writes: Sequence[Write]) -> None:
        """In this order; others may read in between."""

    async def claim(self, name: str, milliseconds: int) -> bool:
        """Writes an empty mark if there is nothing yet; whether that was so."""

    async def swap(self, name: str, old: bytes | None, new: bytes, milliseconds: int) -> bool:
        """Replaces a value if it is `old` (None: not there); whether that was so."""

    async def close(self) -> None:
        """Hang up."""
