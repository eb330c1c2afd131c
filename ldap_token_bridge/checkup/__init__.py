"""The check-up of a bridge before it starts: files first, then the directory itself; and of one person in it.

Owns which finding belongs to which key of bridge.yaml, how bad it is and how it is mended; and the clients that
ask a running bridge for a token, or to forget. Prints nothing.
"""

from .admin_client import flush_memory
from .exchange import Endpoint, endpoint_at
from .expand import Candidate, Expansion, expand
from .item import Grade, Item, exit_code, items_of
from .lints import lint_items
from .live import check_directory
from .many import groups_of_accounts
from .offline import Offline, check_files
from .person import BindOutcome, Stage, Whoami, in_words
from .reading import Reading, read_keys, read_policy, read_shadow
from .refresh import read_refresh
from .robots import read_robots
from .shared_store import check_store, open_store, read_store_key
from .token_client import fetch_token, source_at, source_of
from .tracing import no_opentelemetry
from .whoami import whoami
from .workloads import check_issuers, read_workloads

__all__ = [
    "BindOutcome",
    "Candidate",
    "Endpoint",
    "Expansion",
    "Grade",
    "Item",
    "Offline",
    "Reading",
    "Stage",
    "Whoami",
    "check_directory",
    "check_files",
    "check_issuers",
    "check_store",
    "endpoint_at",
    "exit_code",
    "expand",
    "fetch_token",
    "flush_memory",
    "groups_of_accounts",
    "in_words",
    "items_of",
    "lint_items",
    "no_opentelemetry",
    "open_store",
    "read_keys",
    "read_policy",
    "read_refresh",
    "read_robots",
    "read_shadow",
    "read_store_key",
    "read_workloads",
    "source_at",
    "source_of",
    "whoami",
]
