"""JSON that says one thing only: no key twice, no NaN, nothing deeper than can be read."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn


def json_object(raw: bytes) -> dict[str, Any]:
    """The object that stands there; raises ValueError, whose text repeats nothing of it."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except _RepeatedKey:
        raise ValueError("a key stands twice in it") from None
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 -- the text is wrong, not the caller
    return value


class _RepeatedKey(Exception):
    """Readers differ in which of the two they take."""


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, inner in pairs:
        if key in value:
            raise _RepeatedKey
        value[key] = inner
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
