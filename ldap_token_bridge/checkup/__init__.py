"""The check-up of a bridge before it starts: files first, then the directory itself; and of one person in it.

Owns which finding belongs to which key of bridge.yaml, how bad it is and how it is mended; and the client that asks a
running bridge for a token. Prints nothing.
"""

from .item import Grade, Item, exit_code, items_of
from .live import check_directory
from .offline import Offline, check_files
from .person import BindOutcome, Stage, Whoami, in_words
from .token_client import TokenSource, fetch_token, source_at, source_of
from .whoami import whoami

__all__ = [
    "BindOutcome",
    "Grade",
    "Item",
    "Offline",
    "Stage",
    "TokenSource",
    "Whoami",
    "check_directory",
    "check_files",
    "exit_code",
    "fetch_token",
    "in_words",
    "items_of",
    "source_at",
    "source_of",
    "whoami",
]
