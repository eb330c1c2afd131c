"""The audit trail: one JSON object a line on standard output, apart from the log."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from ldap_token_bridge.ascii_json import to_json

from .log import log


def write_audit(record: Mapping[str, object]) -> None:
    """Write one record, with the time in front. A trail that cannot be written is logged, and logins go on."""
    stamped = {"event": "token-request", "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **record}
    try:
        sys.stdout.write(to_json(stamped).decode("ascii") + "\n")
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        log().error("the audit line could not be written", error=type(error).__name__)
