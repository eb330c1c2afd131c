"""Value types that several files share: durations, networks, paths."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from .model import checked, refuse

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)").fullmatch


def parse_duration(value: Any) -> float:
    """Seconds from text such as `1.5s`, `15m`, `30d`."""
    match = _DURATION(value) if isinstance(value, str) else None
    if not match:
        refuse("is not a duration", "Write a number and a unit: 500ms, 8s, 15m, 2h, 30d.")
    return float(match[1]) * _UNITS[match[2]]


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as `seconds`."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and (seconds / _UNITS[unit]).is_integer():
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds:g}s" if seconds >= 1 else f"{round(seconds * 1000)}ms"


def parse_network(value: Any) -> IPv4Network | IPv6Network:
    """A network from text such as `10.20.0.0/16`; a single address is a network of one."""
    try:
        return ip_network(value if isinstance(value, str) else str(value))
    except ValueError as error:
        if "host bits" in str(error):
            refuse(f"{value!r} has bits set behind the prefix", f"Write {ip_network(value, strict=False)}.")
        refuse(f"{value!r} is no network", "Write an address and a prefix: 10.20.0.0/16 or fd00::/8.")


def parse_path(value: Any) -> Path:
    """A path as written; whoever reads the file makes it relative to the file."""
    if not isinstance(value, str) or not value or "\0" in value:
        refuse("is not a path", "Write the path of a file, relative to this one.")
    return Path(value)


Duration = Annotated[float, *checked(parse_duration, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"})]
Network = Annotated[IPv4Network | IPv6Network, *checked(parse_network, {"type": "string"})]
FilePath = Annotated[Path, *checked(parse_path, {"type": "string", "minLength": 1})]
