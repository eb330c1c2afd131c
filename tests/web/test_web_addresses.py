"""Whose address counts: only what trusted proxies tell is believed."""

from ipaddress import ip_address, ip_network

import pytest

from ldap_token_bridge.web.addresses import client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("fe80::1%eth0", [], "fe80::1"),
        (None, [], "127.0.0.1"),
        ("10.0.0.1", ["198.51.100.7:51234"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        # The longest that there is.
        ("10.0.0.1", ["[0000:0000:0000:0000:0000:ffff:255.255.255.255%interface-name]:65535"], "255.255.255.255"),
    ],
)
def test_the_nearest_untrusted_address_is_the_client(peer: str | None, forwarded: list[str], expected: str) -> None:
    """A client outside of the proxies cannot choose its address, nor add one before its own."""
    assert client_address(peer, forwarded, PROXIES) == ip_address(expected)


@pytest.mark.parametrize(
    "forwarded",
    [
        "",
        "unknown",
        "198.51.100.7:x",
        "[2001:db8::1",
        "a, b",
        "198.51.100.7,",
        "[]",
        "[]:443",
        # Addresses are remembered: who could make them long could fill the memory.
        "2001:db8::1%" + "x" * 1000,
    ],
)
def test_what_is_no_address_is_unknown(forwarded: str) -> None:
    """An address that a trusted proxy mangled is none, so that no network rule can allow it."""
    assert client_address("10.0.0.1", [forwarded], PROXIES) is None
