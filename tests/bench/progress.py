"""A line on the terminal while something takes long; nothing where there is no terminal."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def tell(text: str) -> None:
    """Replaces the line that stands there; an empty text takes it away."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def steps(text: str, items: Iterable[T], count: int) -> Iterator[T]:
    """The items, each announced by its number before it is made."""
    iterator = iter(items)
    for number in range(1, count + 1):
        tell(f"{text}: round {number} of {count}")
        try:
            yield next(iterator)
        except StopIteration:
            break
    tell("")
