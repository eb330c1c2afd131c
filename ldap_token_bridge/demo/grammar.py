"""The ASN.1 types of requests, built from ldap3's definitions (ldap3.protocol.rfc4511, RFC 4511 appendix B).

ldap3 serves clients: its Filter encodes any nesting but decodes none, as pyasn1 fixes the parts of a type when it is
made. So the types here leave the filters within a filter encoded, and whoever reads one goes down level by level.
"""

import typing

from ldap3.protocol import rfc4511
from pyasn1.type.namedtype import NamedType, NamedTypes
from pyasn1.type.tag import Tag, tagClassContext, tagFormatConstructed
from pyasn1.type.univ import Any, Choice, Integer, OctetString, Sequence, SetOf


def parts_of(definition: typing.Any) -> list[typing.Any]:
    """The named components of a type."""
    return [definition.componentType[position] for position in range(len(definition.componentType))]


# A set or negation of filters that are still encoded.
_ENCODED = NamedType("filter", Any())
# On the wire an explicit tag around a filter is a sequence that holds just the filter.
_NOT = Sequence(
    tagSet=Sequence.tagSet.tagImplicitly(Tag(tagClassContext, tagFormatConstructed, 2)),
    componentType=NamedTypes(_ENCODED),
)
FILTER = Choice(
    componentType=NamedTypes(
        NamedType("and", SetOf(tagSet=rfc4511.And.tagSet, componentType=Any())),
        NamedType("or", SetOf(tagSet=rfc4511.Or.tagSet, componentType=Any())),
        NamedType("not", _NOT),
        *(part for part in parts_of(rfc4511.Filter) if part.name not in ("and", "or", "notFilter")),
    )
)
_SEARCH = Sequence(
    tagSet=rfc4511.SearchRequest.tagSet,
    componentType=NamedTypes(
        *(_ENCODED if part.name == "filter" else part for part in parts_of(rfc4511.SearchRequest)),
    ),
)
# Requests only: an answer sent to a server is malformed.
_OPERATION = Choice(
    componentType=NamedTypes(
        *(
            NamedType(part.name, _SEARCH) if part.name == "searchRequest" else part
            for part in parts_of(rfc4511.ProtocolOp)
            if part.name.endswith(("Request", "Req"))
        )
    )
)
MESSAGE = Sequence(
    componentType=NamedTypes(
        NamedType("messageID", rfc4511.MessageID()),
        NamedType("protocolOp", _OPERATION),
        parts_of(rfc4511.LDAPMessage)[2],  # controls
    )
)
# The value of a paged results control (RFC 2696 section 2).
PAGE = Sequence(componentType=NamedTypes(NamedType("size", Integer()), NamedType("cookie", OctetString())))
