"""Numbers, times, and so many in a time."""

import re
from typing import Annotated, Any

from ldap_token_bridge.guard import Budget
from ldap_token_bridge.yamlfile import checked, format_duration, parse_duration, parsed, refuse

_BUDGET = re.compile(r"([0-9]{1,9}) per (\S+)").fullmatch
_BUDGET_SCHEMA = {"type": "string", "pattern": r"^([0-9]+ per [0-9]+(\.[0-9]+)?(s|m|h|d)|off)$"}
_MOST_FAILURES = 1_000_000
_LONGEST_BUDGET = 86_400
_DURATION_SCHEMA = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"}
_DURATION_OR_OFF_SCHEMA = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d)|off)$"}


def whole(least: int, most: int) -> tuple[Any, ...]:
    """The annotations of a whole number within bounds."""

    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            refuse(f"must be a whole number from {least} to {most}", "Write a number within these bounds.")
        return value

    return checked(parse, {"type": "integer", "minimum": least, "maximum": most})


def span(least: float, most: float, why: str = "") -> tuple[Any, ...]:
    """The annotations of a duration within bounds, in seconds; `why` says where a bound comes from."""
    return checked(lambda value: _seconds(value, least, most, why), _DURATION_SCHEMA)


def span_or_off(least: float, most: float) -> tuple[Any, ...]:
    """As `span`; 0 for `off`."""
    return checked(lambda value: 0.0 if value == "off" else _seconds(value, least, most, ""), _DURATION_OR_OFF_SCHEMA)


def whole_seconds(least: int, most: int, why: str) -> tuple[Any, ...]:
    """As `span`, for what is passed on in whole seconds."""

    def parse(value: Any) -> int:
        seconds = _seconds(value, least, most, why)
        if not seconds.is_integer():
            refuse("must be in whole seconds", "Write it as in 90s or 15m.")
        return int(seconds)

    return checked(parse, _DURATION_SCHEMA)


def _seconds(value: Any, least: float, most: float, why: str) -> float:
    seconds = parse_duration(value)
    if not least <= seconds <= most:
        bounds = f"from {format_duration(least)} to {format_duration(most)}"
        refuse(f"must be {bounds}", f"Write a duration {bounds}{why and ': '}{why}.")
    return seconds


def parse_cache_time(value: Any) -> float:
    """Seconds from a duration, or 0 for `off`."""
    return 0.0 if value == "off" else parse_duration(value)


def parse_budget(value: Any) -> Budget | None:
    """So many in so long; None for `off`."""
    remedy = "Write how many in how long, as in 3 per 15m, or off."
    if value == "off":
        return None
    match = _BUDGET(value) if isinstance(value, str) else None
    if not match:
        refuse("is not a number of failures in a time", remedy)
    failures, seconds = int(match[1]), parse_duration(match[2])
    if not 1 <= failures <= _MOST_FAILURES:
        refuse(f"must allow from 1 to {_MOST_FAILURES} failures", remedy)
    if not seconds.is_integer() or not 1 <= seconds <= _LONGEST_BUDGET:
        refuse("must be in whole seconds, for 1s to 1d", remedy)
    return Budget(failures, int(seconds))


CacheTime = Annotated[float, *checked(parse_cache_time, _DURATION_OR_OFF_SCHEMA)]
FailureBudget = Annotated[Budget | None, *parsed(parse_budget, _BUDGET_SCHEMA)]
