"""JSON in ASCII, on one line: for tokens, answers and audit lines.

ASCII only, so that no name that someone typed moves a terminal's cursor or begins a line of its own.
"""

import json

import orjson

_DELETE = b"\x7f"
# The library would write objects with all that they hold, what they keep out of their `repr` as well.
_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def to_json(value: object) -> bytes:
    """The value as compact JSON; raises TypeError for what JSON does not know."""
    try:
        text = orjson.dumps(value, option=_PLAIN)
    except orjson.JSONEncodeError:  # half characters, which aiohttp makes of a header that is not UTF-8
        text = b""
    if text and text.isascii() and _DELETE not in text:
        return text
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
