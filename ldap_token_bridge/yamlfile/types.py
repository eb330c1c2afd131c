"""Value types that several files share: durations, days, networks, paths, texts."""

import re
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from .model import checked, refuse

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_MAPPED = IPv6Network("::ffff:0:0/96")
_TEXT = {"type": "string", "pattern": r"\S"}
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


def parse_client_network(value: Any) -> IPv4Network | IPv6Network:
    """As `parse_network`, for the addresses of clients, which never show as IPv4 within IPv6."""
    network = parse_network(value)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        inner = IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
        refuse(f"{value!r} is an IPv4 network written as IPv6, which no address matches", f"Write {inner}.")
    return network


def parse_day(value: Any) -> date:
    """A day from text such as `2027-03-31`."""
    if not isinstance(value, str) or not _DATE(value):
        remedy = "Write year, month and day, as in 2027-03-31; it holds through that day, UTC."
        refuse(f"{value!r} is not a date", remedy)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        refuse(f"{value!r} is not a date: {error}", "Write a day that exists, as in 2027-03-31.")


def parse_text(value: Any) -> str:
    """A text of at least one visible character."""
    if not isinstance(value, str) or not value.strip():
        refuse(f"{value!r} is not text", "Write some text; put it in quotes if it looks like a number.")
    return value


def parse_path(value: Any) -> Path:
    """A path as written; whoever reads the file makes it relative to the file."""
    if not isinstance(value, str) or not value or "\0" in value:
        refuse("is not a path", "Write the path of a file, relative to this one.")
    return Path(value)


Duration = Annotated[float, *checked(parse_duration, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"})]
Day = Annotated[date, *checked(parse_day, {"type": "string", "format": "date"})]
Text = Annotated[str, *checked(parse_text, _TEXT)]
Network = Annotated[IPv4Network | IPv6Network, *checked(parse_network, {"type": "string"})]
ClientNetwork = Annotated[IPv4Network | IPv6Network, *checked(parse_client_network, _TEXT)]
FilePath = Annotated[Path, *checked(parse_path, {"type": "string", "minLength": 1})]
