"""LDIF (RFC 2849) as text, every value in base64, so that no value needs a second thought."""

import base64
from collections.abc import Iterable

Attributes = Iterable[tuple[str, str | bytes]]


def _line(name: str, value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return f"{name}:: {base64.b64encode(raw).decode()}\n"


def added(dn: str, attributes: Attributes) -> str:
    """A record that adds an entry; name an attribute as often as it has values."""
    return _line("dn", dn) + "".join(_line(name, value) for name, value in attributes) + "\n"


def replaced(dn: str, attributes: Attributes) -> str:
    """A change record that gives each attribute this one value."""
    changes = (f"replace: {name}\n{_line(name, value)}-\n" for name, value in attributes)
    return _line("dn", dn) + "changetype: modify\n" + "".join(changes) + "\n"


def put_in(dn: str, name: str, values: Iterable[str]) -> str:
    """A change record that adds values to an attribute, members to a group for example."""
    lines = "".join(_line(name, value) for value in values)
    return f"{_line('dn', dn)}changetype: modify\nadd: {name}\n{lines}-\n\n"


def taken_out(dn: str, name: str, values: Iterable[str] = ()) -> str:
    """A change record that removes values from an attribute, or all of it."""
    lines = "".join(_line(name, value) for value in values)
    return f"{_line('dn', dn)}changetype: modify\ndelete: {name}\n{lines}-\n\n"


def deleted(dn: str) -> str:
    """A change record that deletes an entry."""
    return f"{_line('dn', dn)}changetype: delete\n\n"
