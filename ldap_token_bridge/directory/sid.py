"""Security identifiers of Windows, between bytes and text ([MS-DTYP] section 2.4.2)."""

_HEADER = 8  # revision, count of sub-authorities, six bytes of authority
_MAX_SUB_AUTHORITIES = 15


def sid_text(raw: bytes) -> str:
    """`S-1-5-21-…` from the bytes of an objectSid or tokenGroups value; ValueError if they are none."""
    if len(raw) < _HEADER or raw[0] != 1 or raw[1] > _MAX_SUB_AUTHORITIES or len(raw) != _HEADER + 4 * raw[1]:
        raise ValueError("not a security identifier")
    authority = int.from_bytes(raw[2:_HEADER], "big")
    parts = (int.from_bytes(raw[at : at + 4], "little") for at in range(_HEADER, len(raw), 4))
    return "-".join(["S", "1", str(authority), *map(str, parts)])


def sid_bytes(text: str) -> bytes:
    """The bytes of `S-1-5-21-…`; ValueError if the text is none."""
    letter, revision, authority, *parts = text.split("-")
    if letter.upper() != "S" or revision != "1" or len(parts) > _MAX_SUB_AUTHORITIES:
        raise ValueError("not a security identifier")
    try:
        head = bytes([1, len(parts)]) + int(authority).to_bytes(6, "big")
        return head + b"".join(int(part).to_bytes(4, "little") for part in parts)
    except OverflowError:
        raise ValueError("not a security identifier") from None


def sibling_sid(text: str, relative_id: int) -> str:
    """The identifier in the same domain with another last number: an account's primary group."""
    return f"{text.rpartition('-')[0]}-{relative_id}"
