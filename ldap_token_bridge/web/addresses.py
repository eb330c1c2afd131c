"""The address of the real client, behind proxies that are trusted to tell it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted: Networks) -> Address | None:
    """The nearest address that is no trusted proxy; None if a trusted proxy sent something that is no address.

    `peer` is the connection's other end, None for a Unix socket, which counts as this machine. `forwarded_for` are the
    values of all X-Forwarded-For headers in order. Only what trusted proxies have appended is believed: whatever a
    client sends by itself stands to the left of that.
    """
    nearest = _parse(peer or "127.0.0.1")
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    while hops and nearest is not None and any(nearest in network for network in trusted):
        nearest = _parse(hops.pop())
    return nearest


# Some gateways append the port: 192.0.2.1:4711, [2001:db8::1]:443.
_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?").fullmatch

_LONGEST = len("[0000:0000:0000:0000:0000:ffff:255.255.255.255%interface-name]:65535")


def _parse(text: str) -> Address | None:
    return _parse_short(text) if len(text) <= _LONGEST else None


@lru_cache(4096)  # clients come again and again
def _parse_short(text: str) -> Address | None:
    with_port = _WITH_PORT(text)
    bare = (with_port[1] or with_port[2] or "") if with_port else text
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    # ::ffff:10.0.0.1 is 10.0.0.1, which is how networks are written in policies.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
