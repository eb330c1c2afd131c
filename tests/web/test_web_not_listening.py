"""An address that cannot be had: why, and what to do, for each thing that people meet."""

import errno
import os
import socket
from pathlib import Path

import pytest
from aiohttp import web

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.web.not_listening import not_listening
from ldap_token_bridge.web.server import Listener, ServerTls


async def _refused(address: ListenAddress) -> str:
    with pytest.raises(Misconfigured) as raised:
        await Listener(web.Application(), address, max_connections=1).start()
    return str(raised.value)


async def test_a_port_that_is_taken() -> None:
    """The command that shows by whom."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = await _refused(ListenAddress("127.0.0.1", taken.getsockname()[1]))
    assert "address already in use" in told
    assert "`ss -ltnp`" in told


@pytest.mark.parametrize(
    ("host", "why"),
    [("192.0.2.7", "cannot assign requested address"), ("nobody.invalid", "the host name cannot be resolved")],
)
async def test_an_address_of_another_machine(host: str, why: str) -> None:
    """Addresses of the documentation's network, and names that nobody has, are no addresses of this machine."""
    told = await _refused(ListenAddress(host, 5001))
    assert f"cannot listen on {host}:5001: {why}" in told
    assert "an address that this machine has" in told


@pytest.mark.parametrize(
    ("path", "why", "remedy"),
    [
        ("taken", "address already in use", "remove it"),
        ("missing/socket", "no such file or directory", "make it"),
        ("taken/socket", "not a directory", "make it"),
        ("x" * 120, "path too long", "107 bytes at most"),
    ],
)
async def test_a_socket_that_cannot_be_made(tmp_path: Path, path: str, why: str, remedy: str) -> None:
    """It says what is in the way, and never that it was a success."""
    (tmp_path / "taken").write_text("")
    told = await _refused(ListenAddress(path=str(tmp_path / path)))
    assert why in told
    assert remedy in told


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        (ListenAddress("0.0.0.0", 443), "CAP_NET_BIND_SERVICE"),  # noqa: S104 -- nothing listens here
        (ListenAddress(path="/run/x/y.sock"), f"uid {os.geteuid()}"),
    ],
)
def test_what_the_user_may_not(address: ListenAddress, remedy: str) -> None:
    """Which right is missing; the tests may run as root, whom nothing is forbidden."""
    assert remedy in not_listening(address, OSError(errno.EACCES, "Permission denied")).remedy


@pytest.mark.parametrize("name", ["none.pem", "x" * 300, "."])
def test_a_certificate_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """Missing, in a folder that may not be entered (a name too long stands for that), or a folder: with the setting."""
    with pytest.raises(Misconfigured, match=r"cannot be read: [\s\S]*server\.tls"):
        ServerTls(tmp_path / name, tmp_path / name)
