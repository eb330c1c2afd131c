"""The audit trail: one JSON object a line on standard output, apart from the log."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from .log import log

# ASCII only: no name that someone typed can move a terminal's cursor or begin a line of its own.
_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


def write_audit(record: Mapping[str, object]) -> None:
    """Write one record, with the time in front. A trail that cannot be written is logged, and logins go on."""
    stamped = {"event": "token-request", "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **record}
    try:
        sys.stdout.write(_as_json(stamped) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        log().error("the audit line could not be written", error=type(error).__name__)
