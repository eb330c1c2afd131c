"""What a hostile client or a careless administrator can do to a bridge before a real directory."""

import base64
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import canaries, ldif
from tests.support.bridge import SERVICE, RunningBridge, openldap
from tests.support.slapd import Slapd


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd) -> Iterator[RunningBridge]:
    """At the most talkative level."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with RunningBridge(tmp_path / "bridge", settings, sections={"logging": {"level": "debug"}}) as bridge:
        yield bridge


def send(bridge: RunningBridge, raw: bytes) -> bytes:
    """Bytes as they are, and all that comes back."""
    with socket.create_connection(("127.0.0.1", bridge.port), timeout=10) as client:
        client.sendall(raw)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_malformed_request_shows_no_password(bridge: RunningBridge) -> None:
    """Neither in the answer nor in the log: a stray space or a control character is enough to be no HTTP."""
    basic = base64.b64encode(f"alice:{canaries.password('alice')}".encode())
    plain = canaries.password("alice").encode()
    answers = b""
    for raw in (
        b"GET /token HTTP/1.1\r\nHost: x\r\nAuthorization : Basic " + basic + b"\r\n\r\n",
        b"GET /token HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + basic + b"\x01\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nxpassword=" + plain,
        b"GET http://alice:" + plain + b"@x:y:z/ HTTP/1.1\r\n\r\n",
        plain + b"\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(plain) + plain,
    ):
        answers += send(bridge, raw)
    assert answers.count(b" 400 Bad Request") >= 5
    assert not re.search(rb"HTTP/1\.[01] 5", answers)
    assert b"aiohttp" not in answers
    assert not canaries.leaks(answers)
    assert not canaries.leaks(bridge.log_text())
    assert "Traceback" not in bridge.log_text()


def test_a_long_name_of_marks_stops_nobody(bridge: RunningBridge) -> None:
    """It is refused before it is normalised, which tests/directory holds; the service goes on."""
    name = "a" + "\u0301" * 10_000 + "\u0323" * 10_000
    assert bridge.get(login=name, password="x").status == 401
    assert bridge.get(login="bob").status == 200


def test_more_connections_than_descriptors(bridge: RunningBridge) -> None:
    """Whoever comes beyond the bound is not served; who is served can log in."""
    limit = 300
    bridge.stop()
    bridge.command = ("prlimit", f"--nofile={limit}:{limit}", *bridge.command)
    bridge.start()
    held = []
    for _ in range(limit):
        client = socket.create_connection(("127.0.0.1", bridge.port), timeout=5)
        client.sendall(b"GET /livez HT")
        held.append(client)
    time.sleep(0.5)
    held[0].sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
    assert held[0].recv(100).startswith(b"HTTP/1.1 200")
    basic = base64.b64encode(f"bob:{canaries.password('bob')}".encode())
    held[1].sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
    assert held[1].recv(1000).startswith(b"HTTP/1.1 200")
    held[1].sendall(b"GET /token?service=" + SERVICE.encode() + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ")
    held[1].sendall(basic + b"\r\n\r\n")
    assert held[1].recv(1000).startswith(b"HTTP/1.1 200"), "the directory's descriptors are kept free"
    for client in held:
        client.close()
    assert bridge.log_text().count("too many connections") == 1, "and not for each of them"


def test_two_accounts_of_one_name(bridge: RunningBridge, slapd: Slapd) -> None:
    """A contractor with alice's uid elsewhere in the tree is not alice, by whatever name they log in."""
    contractor = f"uid=alice,ou=Service,{slapd.base}"
    slapd.change(
        ldif.added(
            contractor,
            [
                ("objectClass", "inetOrgPerson"),
                ("uid", "alice"),
                ("cn", "Mallory"),
                ("sn", "M"),
                ("mail", "mallory@evil.example"),
                ("userPassword", canaries.password("mallory")),
            ],
        )
    )
    answer = bridge.get("repository:any/x:push", login="mallory@evil.example", password=canaries.password("mallory"))
    assert answer.status == 401
    assert "stands for several entries" in bridge.log_text()


def test_a_mail_attribute_shuts_nobody_out(bridge: RunningBridge, slapd: Slapd) -> None:
    """People may often write their own; `mail: bob` does not make the login `bob` ambiguous."""
    slapd.change(ldif.replaced(slapd.person_dn("carol"), [("mail", "bob")]))
    assert bridge.get(login="bob").claims["sub"] == "bob"


def test_an_address_of_two_lets_nobody_in(bridge: RunningBridge, slapd: Slapd) -> None:
    """Two entries with one mail address: neither is taken for the other."""
    slapd.change(ldif.replaced(slapd.person_dn("carol"), [("mail", "bob@corp.example.com")]))
    assert bridge.get(login="bob@corp.example.com", password=canaries.password("bob")).status == 401
    assert bridge.get(login="bob").status == 200


def test_a_request_is_answered_whatever_is_pipelined_behind_it(bridge: RunningBridge) -> None:
    """Two requests in one packet get two answers, each with its own credentials."""
    basic = base64.b64encode(f"bob:{canaries.password('bob')}".encode()).decode()
    first = f"GET /token?service={SERVICE} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\r\n"
    second = f"GET /token?service={SERVICE}&account=bob HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = send(bridge, (first + second).encode())
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"401"]
