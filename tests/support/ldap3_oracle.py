"""ldap3 as the measure of the bridge's own messages: what it would write, and what it reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from ldap3 import SASL
from ldap3.operation.abandon import abandon_operation
from ldap3.operation.bind import bind_operation
from ldap3.operation.extended import extended_operation
from ldap3.operation.search import compile_filter, parse_filter, search_operation
from ldap3.operation.unbind import unbind_operation
from ldap3.protocol import rfc4511
from ldap3.protocol.convert import build_controls_list
from ldap3.protocol.rfc2696 import paged_search_control
from ldap3.utils.asn1 import decode_message_fast, encode

_START_TLS = "1.3.6.1.4.1.1466.20037"


def bind(message_id: int, dn: str, password: bytes) -> bytes:
    """A simple bind. Built from the definitions: ldap3's own bind_operation prepares the password."""
    request = rfc4511.BindRequest()
    request["version"] = rfc4511.Version(3)
    request["name"] = rfc4511.LDAPDN(dn)
    choice = rfc4511.AuthenticationChoice()
    request["authentication"] = choice.setComponentByName("simple", rfc4511.Simple(password))
    return _message(message_id, "bindRequest", request)


def external_bind(message_id: int) -> bytes:
    """SASL EXTERNAL, the identity being that of the certificate."""
    return _message(message_id, "bindRequest", bind_operation(3, SASL, "", None, "EXTERNAL", b""))


def search(
    message_id: int,
    base: str,
    scope: int,
    attributes: Sequence[str],
    size_limit: int,
    time_limit: int,
    page: tuple[int, bytes] | None = None,
) -> bytes:
    """A search for (objectClass=*)."""
    names = {0: "BASE", 1: "LEVEL", 2: "SUBTREE"}
    request = search_operation(
        base, "(objectClass=*)", names[scope], "NEVER", list(attributes), size_limit, time_limit, False, False, False
    )
    controls = [paged_search_control(criticality=False, size=page[0], cookie=page[1])] if page else None
    return _message(message_id, "searchRequest", request, controls)


def start_tls(message_id: int) -> bytes:
    """StartTLS."""
    return _message(message_id, "extendedReq", extended_operation(_START_TLS))


def unbind(message_id: int) -> bytes:
    """Unbind."""
    return _message(message_id, "unbindRequest", unbind_operation())


def abandon(message_id: int, other: int) -> bytes:
    """Abandon."""
    return _message(message_id, "abandonRequest", abandon_operation(other))


def search_filter(text: str) -> bytes:
    """A filter's octets."""
    root = parse_filter(text, None, auto_escape=False, auto_encode=False, validator=None, check_names=False)
    return bytes(encode(compile_filter(root.elements[0])))


def result(message_id: int, kind: str, code: int, text: str) -> bytes:
    """The answer to a bind or the end of a search."""
    name, response = {
        "bind": ("bindResponse", rfc4511.BindResponse()),
        "search": ("searchResDone", rfc4511.SearchResultDone()),
    }[kind]
    response["resultCode"] = code
    response["matchedDN"] = ""
    response["diagnosticMessage"] = text
    return _message(message_id, name, response)


def entry(message_id: int, dn: str, attributes: Mapping[str, Sequence[bytes]]) -> bytes:
    """An entry found."""
    response = rfc4511.SearchResultEntry()
    response["object"] = rfc4511.LDAPDN(dn)
    listed = rfc4511.PartialAttributeList()
    for position, (name, values) in enumerate(attributes.items()):
        attribute = rfc4511.PartialAttribute()
        attribute["type"] = rfc4511.AttributeDescription(name)
        vals = rfc4511.Vals()
        vals.clear()
        for index, value in enumerate(values):
            vals.setComponentByPosition(index, rfc4511.AttributeValue(value))
        attribute["vals"] = vals
        listed.setComponentByPosition(position, attribute)
    if not attributes:
        listed.clear()
    response["attributes"] = listed
    return _message(message_id, "searchResEntry", response)


def read_entry(octets: bytes) -> tuple[str, list[tuple[str, list[bytes]]]]:
    """An entry's name and attributes as ldap3's own decoder sees them."""
    payload = decode_message_fast(octets)["payload"]
    name = bytes(payload[0][3]).decode()
    attributes = [
        (bytes(attribute[3][0][3]).decode(), [bytes(value[3]) for value in attribute[3][1][3]])
        for attribute in payload[1][3]
    ]
    return name, attributes


def _message(message_id: int, name: str, operation: Any, controls: Any = None) -> bytes:
    message = rfc4511.LDAPMessage()
    message["messageID"] = rfc4511.MessageID(message_id)
    message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(name, operation)
    if controls:
        message["controls"] = build_controls_list(controls)
    return bytes(encode(message))
