"""Distinguished names, compared as a directory compares them (RFC 4514 for the text, RFC 4518 for the comparison).

A name is compared whole: a bare CN collides between organisational units. Attribute types and values compare
without regard to case; runs of inner spaces count as one, as by caseIgnoreMatch, which directories use for the
attributes that name people and groups.
"""

import re
import unicodedata

from ldap_token_bridge.values import dataclass

# The short names of RFC 4514 section 3, by object identifier and by the long names of RFC 4519 section 2.
_SHORT_NAMES = {
    "commonname": "cn",
    "countryname": "c",
    "localityname": "l",
    "stateorprovincename": "st",
    "streetaddress": "street",
    "organizationname": "o",
    "organizationalunitname": "ou",
    "userid": "uid",
    "domaincomponent": "dc",
    "2.5.4.3": "cn",
    "2.5.4.6": "c",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.9": "street",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.25": "dc",
}
_TYPE = re.compile(r" *(?:OID\.)?([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+) *=", re.IGNORECASE)
_SPACES = re.compile(" +")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
_ESCAPABLE = frozenset(' "#+,;<=>\\')

# Far beyond any real name; reading takes time by the square of the length.
MAX_LENGTH = 8192

# One relative name: its attribute types with their values, more than one only in `cn=a+ou=b`.
RelativeName = frozenset[tuple[str, str]]


class InvalidName(ValueError):
    """The text is no distinguished name. `column` counts from 1."""

    def __init__(self, what: str, column: int) -> None:
        super().__init__(what)
        self.column = column


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A parsed, normalised name; two are equal if a directory holds them for the same entry."""

    rdns: tuple[RelativeName, ...]

    def is_below(self, base: "DistinguishedName") -> bool:
        """Whether this name is `base` or stands in the tree below it."""
        return len(self.rdns) >= len(base.rdns) and self.rdns[len(self.rdns) - len(base.rdns) :] == base.rdns

    @classmethod
    def parse(cls, text: str) -> "DistinguishedName":
        """The name in `text`; raises InvalidName. The empty text is the empty name."""
        rdns: list[RelativeName] = []
        pairs: list[tuple[str, str]] = []
        position = 0
        if len(text) > MAX_LENGTH:
            raise InvalidName(f"a name of more than {MAX_LENGTH} characters", MAX_LENGTH + 1)
        while text.strip(" "):
            attribute = _TYPE.match(text, position)
            if not attribute:
                raise InvalidName("an attribute and '=' must stand here, as in CN=Platform", position + 1)
            if text[attribute.end() :].lstrip(" ").startswith("#"):
                raise InvalidName("a value in hexadecimal is not supported; write it as text", attribute.end() + 1)
            value, position = _read_value(text, attribute.end())
            name = attribute[1].lower()
            pairs.append((_SHORT_NAMES.get(name, name), normalise_value(value)))
            separator = text[position : position + 1]
            position += 1
            if separator != "+":
                rdns.append(frozenset(pairs))
                pairs = []
            if not separator:
                break
        return cls(tuple(rdns))


def normalise_value(value: str) -> str:
    """An attribute value in the form in which it is compared: folded, runs of spaces as one.

    Only the space counts as one: directories keep names with other white space apart, and so must a policy.
    """
    return _SPACES.sub(" ", fold(value)).strip(" ")


def fold(name: str) -> str:
    """A name in the form in which names compare: composed, and without regard to case, letter by letter.

    No more than that is taken as equal: directories keep `Straße` and `Strasse` apart.
    """
    if name.isascii():
        return name.lower()
    composed = unicodedata.normalize("NFC", name)
    lowered = "".join(lower if len(lower := character.lower()) == 1 else character for character in composed)
    return unicodedata.normalize("NFC", lowered)


def _read_value(text: str, start: int) -> tuple[str, int]:
    """The value from `start` to the next unescaped separator, unescaped, and the separator's position."""
    out = bytearray()
    position = start
    quoted = False
    kept = 0  # what an escape has written is not trimmed as outer white space
    while position < len(text):
        character = text[position]
        if character == "\\":
            pair = _HEX_PAIR.match(text, position + 1)
            following = text[position + 1 : position + 2]
            if pair:
                out.append(int(pair[0], 16))
                position += 3
            elif following in _ESCAPABLE:
                out += following.encode()
                position += 2
            else:
                raise InvalidName("a backslash must be followed by two hex digits or a special character", position + 1)
            kept = len(out)
            continue
        if character == '"':
            quoted = not quoted
        elif character in ",;+" and not quoted:
            break
        elif quoted or out or character != " ":
            out += character.encode("utf-8", "surrogatepass")
            kept = len(out) if quoted or character != " " else kept
        position += 1
    if quoted:
        raise InvalidName("a quotation mark is not closed", start + 1)
    if not kept:
        raise InvalidName("a value is missing after '='", start + 1)
    try:
        return out[:kept].decode(), position
    except UnicodeDecodeError:
        raise InvalidName("an escaped value is not UTF-8", start + 1) from None
