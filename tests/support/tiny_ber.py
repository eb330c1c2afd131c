"""BER for the scripted server: written apart from the bridge's own codec, so that one does not excuse the other."""

from dataclasses import dataclass


def put(tag: int, *contents: bytes) -> bytes:
    """One element; lengths as Active Directory writes them, always in four octets, above 127."""
    body = b"".join(contents)
    size = bytes([len(body)]) if len(body) < 128 else b"\x84" + len(body).to_bytes(4, "big")
    return bytes([tag]) + size + body


def number(value: int, tag: int = 2) -> bytes:
    """A small non-negative integer."""
    return put(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass(frozen=True)
class Element:
    """A tag with its contents, and the octets of both as they came."""

    tag: int
    body: bytes
    octets: bytes

    def parts(self) -> list["Element"]:
        """The elements inside."""
        found, rest = [], self.body
        while rest:
            element, rest = take(rest)
            found.append(element)
        return found

    def number(self) -> int:
        """The contents as an integer."""
        return int.from_bytes(self.body, "big")


def take(octets: bytes) -> tuple[Element, bytes]:
    """The first element and what follows it."""
    size, start = octets[1], 2
    if size >= 128:
        start += size - 128
        size = int.from_bytes(octets[2:start], "big")
    if len(octets) < start + size:
        raise ValueError("cut short")
    end = start + size
    return Element(octets[0], octets[start:end], octets[:end]), octets[end:]
