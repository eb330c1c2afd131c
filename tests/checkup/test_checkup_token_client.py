"""A token fetched as docker fetches it: the password goes to the bridge or nowhere."""

import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup.token_client import fetch_token, source_at, source_of
from ldap_token_bridge.errors import BridgeError, Misconfigured, Unavailable
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.settings import load_settings
from tests.support.certificates import Authority
from tests.support.settings_file import write_settings

WHO = Credentials("jürgen", Secret(b"pass: word"))


class _Server(HTTPServer):
    """Answers everything with one answer and remembers what was asked."""

    status, body, location = 200, b'{"token": "t"}', ""

    def __init__(self, address: Any) -> None:
        self.asked: list[tuple[str, str]] = []
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look-up of a name that a Unix socket does not have."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that trusts no certificate hangs up: no news."""


class _UnixServer(_Server):
    """The same on a Unix socket."""

    address_family = socket.AF_UNIX


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[_Server]:
    """One on a free port."""
    with _running(_Server(("127.0.0.1", 0))) as server:
        yield server


def _url(server: _Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/auth/token"


def test_what_is_asked(server: _Server) -> None:
    """Service, account, scopes and Basic credentials, at the path of the address."""
    assert fetch_token(source_at(_url(server), None), WHO, "one", ["repository:a/b:pull", "x y"]) == "t"
    ((path, basic),) = server.asked
    assert path == (
        "/auth/token?account=j%C3%BCrgen&client_id=ldap-token-bridge&service=one"
        "&scope=repository%3Aa%2Fb%3Apull&scope=x+y"
    )
    assert base64.b64decode(basic.removeprefix("Basic ")) == "jürgen:pass: word".encode()


def test_the_bridge_of_the_settings(tmp_path: Path) -> None:
    """By its port; by its socket; not if it takes any port."""
    with _running(_UnixServer(str(tmp_path / "s"))) as server:
        settings = load_settings(write_settings(tmp_path, server__listen=f"unix:{tmp_path}/s"), {})
        assert fetch_token(source_of(settings), WHO, "one", []) == "t"
        assert server.asked[0][0].startswith("/token?")
    for listen, url in (("0.0.0.0:5001", "http://127.0.0.1:5001/token"), ("[::]:5001", "http://[::1]:5001/token")):
        assert str(source_of(load_settings(write_settings(tmp_path, server__listen=listen), {}))) == url
    with pytest.raises(Misconfigured, match="--url"):
        source_of(load_settings(write_settings(tmp_path, server__listen="127.0.0.1:0"), {}))


def test_tls_is_verified(tmp_path: Path, authority: Authority) -> None:
    """By the authority for an address, by the certificate itself for the settings' own bridge; else nothing is sent."""
    pair = authority.issue("bridge", ["bridge.corp.example.com"])
    loopback = authority.issue("loopback", ["127.0.0.1"])
    stranger = Authority(tmp_path / "other").issue("stranger", ["127.0.0.1"])
    for shown in (pair, loopback):
        server = _Server(("127.0.0.1", 0))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown.certificate, shown.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        port = server.server_address[1]
        with _running(server):
            listen = {"server__listen": f"127.0.0.1:{port}"}
            for configured in (shown, stranger):
                tls = {"certificate": str(configured.certificate), "key": str(configured.key)}
                source = source_of(load_settings(write_settings(tmp_path, **listen, server__tls=tls), {}))
                if configured is shown:
                    assert fetch_token(source, WHO, "one", []) == "t"
                else:
                    with pytest.raises(Unavailable, match="certificate is not trusted"):
                        fetch_token(source, WHO, "one", [])
            source = source_at(f"https://127.0.0.1:{port}/token", authority.ca_file)
            if shown is loopback:
                assert fetch_token(source, WHO, "one", []) == "t"
            else:
                with pytest.raises(Unavailable, match="certificate is not trusted"):
                    fetch_token(source, WHO, "one", [])
        assert len(server.asked) == (2 if shown is loopback else 1)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, json.dumps({"details": "Your password has expired."}).encode(), "(401): Your password has expired."),
        (401, json.dumps({"details": "\x1b[2J!"}).encode(), "(401): \ufffd[2J!"),
        (401, b"", "answered 401 without a token or a reason"),
        (200, b"<html>", "answered 200 without a token"),
        (200, b'{"token": 1}', "answered 200 without a token"),
        (200, b"[]", "answered 200 without a token"),
        (502, b"\xff", "may not be the bridge"),
    ],
)
def test_answers_without_a_token(server: _Server, status: int, body: bytes, words: str) -> None:
    """What the bridge says is passed on; what makes no sense is called that."""
    server.status, server.body = status, body
    with pytest.raises(BridgeError) as caught:
        fetch_token(source_at(_url(server), None), WHO, "one", [])
    assert words in str(caught.value)
    assert "pass" not in str(caught.value).replace("password has", "")


def test_a_redirect_is_not_followed(server: _Server) -> None:
    """The password would go wherever it leads."""
    with _running(_Server(("127.0.0.1", 0))) as other:
        server.status, server.location = 307, _url(other)
        with pytest.raises(Unavailable, match="answered 307"):
            fetch_token(source_at(_url(server), None), WHO, "one", [])
        assert other.asked == []


def test_nobody_there() -> None:
    """Said with the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/token"
    with pytest.raises(Unavailable, match=f"{url} does not answer: Connection refused"):
        fetch_token(source_at(url, None), WHO, "one", [])


@pytest.mark.parametrize("url", ["", "bridge", "ftp://bridge", "https://", "http://bridge:x"])
def test_what_is_no_address(url: str) -> None:
    """A ValueError with a text for people."""
    with pytest.raises(ValueError, match=r"."):
        source_at(url, None)


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    """Named."""
    with pytest.raises(ValueError, match=r"none\.pem holds no certificates"):
        source_at("https://bridge", tmp_path / "none.pem")
