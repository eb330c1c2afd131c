"""What is made of texts that come again and again, made once.

A cache bounds how many texts it keeps, and not how long they are: a stranger's could fill the memory.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


def kept(function: Callable[[str], T], *, number: int, longest: int) -> Callable[[str], T]:
    """`function`, which remembers so many results, for texts of at most `longest` characters alone."""
    cached = lru_cache(number)(function)
    return lambda text: cached(text) if len(text) <= longest else function(text)
