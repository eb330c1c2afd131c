"""The check-up of a bridge before it starts: files first, then the directory itself; and of one person in it.

Owns which finding belongs to which key of bridge.yaml, how bad it is and how it is mended; and the clients that
ask a running bridge for a token, or to forget. Prints nothing.

What commands alone need is not imported with the room, for `serve` would carry it around: the check-up of files and of
people, the clients and `doctor` are imported by their own names.
"""

from .item import Grade, Item, exit_code, items_of
from .live import check_directory, diagnose
from .reading import Reading, read_keys, read_policy, read_shadow
from .refresh import read_refresh
from .robots import read_robots
from .shared_store import check_store, open_store, read_store_key
from .tracing import no_opentelemetry
from .workloads import check_issuers, read_workloads

__all__ = [
    "Grade",
    "Item",
    "Reading",
    "check_directory",
    "check_issuers",
    "check_store",
    "diagnose",
    "exit_code",
    "items_of",
    "no_opentelemetry",
    "open_store",
    "read_keys",
    "read_policy",
    "read_refresh",
    "read_robots",
    "read_shadow",
    "read_store_key",
    "read_workloads",
]
