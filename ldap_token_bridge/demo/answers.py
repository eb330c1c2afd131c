"""The sample directory's answers, from values to bytes, on ldap3's definitions (ldap3.protocol.rfc4511)."""

from collections.abc import Iterable, Mapping
from typing import Any

from ldap3.protocol import rfc4511
from pyasn1.codec.ber import encoder

from .grammar import PAGE, parts_of

PAGED_RESULTS = "1.2.840.113556.1.4.319"  # RFC 2696
_NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"  # RFC 4511 section 4.4.1


def encode_result(message_id: int, kind: str, code: int, diagnostic: str = "", *, cookie: bytes | None = None) -> bytes:
    """A result. `kind` is the answer's name in RFC 4511: bindResponse, searchResDone, extendedResp and so on.

    `cookie` makes it the end of a page (RFC 2696); an empty one says that this page was the last.
    """
    result = _ANSWERS[kind].clone()
    result["resultCode"] = code
    result["matchedDN"] = ""
    result["diagnosticMessage"] = diagnostic
    return _encode(message_id, kind, result, cookie)


def encode_entry(message_id: int, dn: str, attributes: Mapping[str, Iterable[bytes]]) -> bytes:
    """One found entry."""
    parts = rfc4511.PartialAttributeList()
    for position, (name, values) in enumerate(attributes.items()):
        part = rfc4511.PartialAttribute()
        part["type"] = name
        part["vals"] = rfc4511.Vals()
        part["vals"].extend(values)
        parts[position] = part
    entry = rfc4511.SearchResultEntry()
    entry["object"] = dn
    entry["attributes"] = parts
    return _encode(message_id, "searchResEntry", entry)


def notice_of_disconnection(code: int, diagnostic: str) -> bytes:
    """What a server says before it closes a connection on its own account."""
    notice = rfc4511.ExtendedResponse()
    notice["resultCode"] = code
    notice["matchedDN"] = ""
    notice["diagnosticMessage"] = diagnostic
    notice["responseName"] = _NOTICE_OF_DISCONNECTION
    return _encode(0, "extendedResp", notice)


def _encode(message_id: int, kind: str, answer: Any, cookie: bytes | None = None) -> bytes:
    message = rfc4511.LDAPMessage()
    message["messageID"] = message_id
    message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(kind, answer)
    if cookie is not None:
        page = PAGE.clone()
        page["size"] = 0
        page["cookie"] = cookie
        control = rfc4511.Control()
        control["controlType"] = PAGED_RESULTS
        control["controlValue"] = encoder.encode(page)
        message["controls"].append(control)
    encoded: bytes = encoder.encode(message)
    return encoded


_ANSWERS = {
    part.name: part.asn1Object
    for part in parts_of(rfc4511.ProtocolOp)
    if part.name.endswith(("Response", "Resp", "Done"))
}
