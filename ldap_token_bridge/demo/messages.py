"""Requests as the sample directory reads them: from bytes to values that are typed and frozen."""

from typing import Any

from pyasn1.codec.ber import decoder

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.values import dataclass

from .filters import And, AtLeast, AtMost, Equal, Extensible, Filter, Not, Or, Present, Substring
from .grammar import FILTER, MESSAGE, PAGE

MAX_FILTER_DEPTH = 10


class MalformedMessage(ValueError):
    """The bytes are no LDAP request. The text holds nothing of them: there may be a password among them."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A bind; `password` is None for anything but a simple one."""

    version: int
    name: str
    password: Secret | None


@dataclass(frozen=True, slots=True)
class Search:
    """A search. `scope`: 0 base, 1 one level, 2 subtree; `size_limit` 0 is none."""

    base: str
    scope: int
    size_limit: int
    types_only: bool
    filter: Filter
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Any other request, by its name in RFC 4511: unbindRequest, modifyRequest, extendedReq and so on."""

    name: str


@dataclass(frozen=True, slots=True)
class Control:
    """A control (RFC 4511 section 4.1.11)."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One message of a client."""

    message_id: int
    operation: Bind | Search | Other
    controls: tuple[Control, ...]


def decode_request(data: bytes) -> Request:
    """The request in one framed message; raises MalformedMessage."""
    try:
        message, _ = decoder.decode(data, asn1Spec=MESSAGE)
        return Request(
            int(message["messageID"]),
            _operation(message["protocolOp"].getName(), message["protocolOp"].getComponent()),
            tuple(
                Control(str(control["controlType"]), bool(control["criticality"]), _octets(control["controlValue"]))
                for control in (message["controls"] if message["controls"].isValue else ())
            ),
        )
    except MalformedMessage:
        raise
    except Exception as error:  # noqa: BLE001 -- a stranger's bytes; pyasn1 fails in many ways besides its own errors
        raise MalformedMessage(f"no LDAP request: {type(error).__name__}") from None


def read_page(value: bytes) -> tuple[int, bytes]:
    """Page size and cookie of a paged results control; raises MalformedMessage."""
    try:
        page, _ = decoder.decode(value, asn1Spec=PAGE)
        return int(page["size"]), _octets(page["cookie"])
    except Exception as error:  # noqa: BLE001 -- as in `decode_request`
        raise MalformedMessage(f"no paged results control: {type(error).__name__}") from None


def _operation(name: str, body: Any) -> Bind | Search | Other:
    if name == "bindRequest":
        choice = body["authentication"]
        simple = choice.getName() == "simple"
        password = Secret(_octets(choice.getComponent())) if simple else None
        return Bind(int(body["version"]), _text(body["name"]), password)
    if name == "searchRequest":
        return Search(
            base=_text(body["baseObject"]),
            scope=int(body["scope"]),
            size_limit=int(body["sizeLimit"]),
            types_only=bool(body["typesOnly"]),
            filter=_filter(body["filter"]),
            attributes=tuple(_text(attribute) for attribute in body["attributes"]),
        )
    return Other(name)


def _filter(encoded: Any, depth: int = 0) -> Filter:
    if depth > MAX_FILTER_DEPTH:
        raise MalformedMessage(f"a filter is nested deeper than {MAX_FILTER_DEPTH} levels")
    node, _ = decoder.decode(bytes(encoded), asn1Spec=FILTER)
    name, body = node.getName(), node.getComponent()
    match name:
        case "and" | "or":
            parts = tuple(_filter(part, depth + 1) for part in body)
            return And(parts) if name == "and" else Or(parts)
        case "not":
            return Not(_filter(body["filter"], depth + 1))
        case "present":
            return Present(_text(body))
        case "substringFilter":
            return _substring(body)
        case "extensibleMatch":
            return Extensible(_text(body["matchingRule"]), _text(body["type"]), _octets(body["matchValue"]))
        case _:
            return _assertion(name, _text(body["attributeDesc"]), _octets(body["assertionValue"]))


def _assertion(name: str, attribute: str, value: bytes) -> Filter:
    if name == "greaterOrEqual":
        return AtLeast(attribute, value)
    return AtMost(attribute, value) if name == "lessOrEqual" else Equal(attribute, value)  # approxMatch is equality


def _substring(body: Any) -> Substring:
    parts: dict[str, list[bytes]] = {"initial": [], "any": [], "final": []}
    for part in body["substrings"]:
        parts[part.getName()].append(_octets(part.getComponent()))
    initial, final = (b"".join(parts[name]) for name in ("initial", "final"))
    return Substring(_text(body["type"]), initial, tuple(parts["any"]), final)


def _octets(value: Any) -> bytes:
    return bytes(value) if value.isValue else b""


def _text(value: Any) -> str:
    return _octets(value).decode()
