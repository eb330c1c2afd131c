"""Start, reload, drain and stop, as a supervisor and an operator see them."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeSlapd
from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.http import request
from tests.support.slapd import Slapd

ONE_RULE = """\
version: 1
allow:
  - {{id: {id}, who: [signed-in], repositories: ["{pattern}"], actions: [pull]}}
"""


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd) -> Iterator[RunningBridge]:
    """A bridge before slapd, over LDAPS."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with RunningBridge(tmp_path / "bridge", settings) as bridge:
        yield bridge


def test_a_request_under_way_is_finished_on_sigterm(bridge: RunningBridge, slapd: Slapd) -> None:
    """It gets its token; new connections are refused meanwhile; the exit code is 0."""
    statuses: list[int] = []
    slapd.hang()
    waiting = threading.Thread(target=lambda: statuses.append(bridge.get(login="bob").status))
    waiting.start()
    while "ltb_token_requests_in_flight 1.0" not in bridge.metrics():
        time.sleep(0.02)
    os.kill(bridge.pid, signal.SIGTERM)
    while _accepts(bridge.port):
        time.sleep(0.02)
    slapd.resume()
    waiting.join(20)
    assert statuses == [200]
    assert bridge.wait() == 0


def test_whoever_is_connected_may_ask_once_more(bridge: RunningBridge) -> None:
    """A request may be on its way when the bridge is ended: over a connection that is kept, or one just made."""
    kept, new = (http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=20) for _ in range(2))
    kept.request("GET", "/livez")
    assert kept.getresponse().read() == b"ok\n"
    new.connect()
    os.kill(bridge.pid, signal.SIGTERM)
    while _accepts(bridge.port):
        time.sleep(0.01)
    for connection in (kept, new):
        connection.request("GET", "/token?scope=repository:public/x:pull")
        response = connection.getresponse()
        assert (response.status, response.headers["Connection"]) == (200, "close")
        assert json.loads(response.read())["token"]
        connection.close()
    assert bridge.wait() == 0


def test_whoever_waits_to_be_accepted_is_served(bridge: RunningBridge) -> None:
    """The system took the connection for a bridge that was busy, and that is then told to end before it looks."""
    bridge.hang()
    clients = [http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=20) for _ in range(20)]
    for client in clients:
        client.request("GET", "/token?scope=repository:public/x:pull")
    os.kill(bridge.pid, signal.SIGTERM)
    bridge.resume()
    assert [client.getresponse().status for client in clients] == [200] * len(clients)
    for client in clients:
        client.close()
    assert bridge.wait() == 0


def test_a_reload_takes_up_policy_and_settings(bridge: RunningBridge) -> None:
    """Without a restart, and without forgetting who is logged in."""
    scopes = ("repository:one/x:pull", "repository:two/x:pull")
    bridge.policy.write_text(ONE_RULE.format(id="one", pattern="one/**"))
    assert bridge.reload()
    assert bridge.get(*scopes, login="bob").access == {"one/x": ["pull"]}
    before = bridge.audit()[-1]
    bridge.policy.write_text(ONE_RULE.format(id="two", pattern="two/**"))
    bridge.sections["token"]["lifetime"] = "2m"
    bridge.write_settings()
    assert bridge.reload()
    answer = bridge.get(*scopes, login="bob")
    assert answer.access == {"two/x": ["pull"]}
    assert answer.json["expires_in"] == 120
    after = bridge.audit()[-1]
    assert (after["cache"], after["rules"]) == ("hit", ["two"])
    assert before["policy"] != after["policy"]
    assert after["policy"] in bridge.metrics()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nallow: [", "not valid YAML"),
        (
            "version: 1\nallow:\n  - {id: x, who: [signed-in], repositories: ['Team/**'], actions: [pull]}",
            "policy.yaml:3",
        ),
        (
            ONE_RULE.format(id="x", pattern="x/**") + "tests:\n  - {user: bob, can: [push x/y]}\n",
            "push x/y",
        ),
    ],
    ids=["form", "pattern", "failing-test"],
)
def test_a_bad_policy_changes_nothing(bridge: RunningBridge, text: str, words: str) -> None:
    """The last good one stays in force; log, metric and readiness say what is wrong and where."""
    good = bridge.policy.read_text()
    bridge.policy.write_text(text)
    assert not bridge.reload()
    assert bridge.get("repository:team-a/app:push", login="bob").access == {"team-a/app": ["push"]}
    assert words in bridge.log_text()
    assert "ltb_last_reload_successful 0.0" in bridge.metrics()
    detail = request(f"http://127.0.0.1:{bridge.admin_port}/readyz?verbose").json
    assert words in detail["last_reload"]
    bridge.policy.write_text(good)
    assert bridge.reload()
    assert "ltb_last_reload_successful 1.0" in bridge.metrics()


def test_another_directory_is_taken_up(bridge: RunningBridge, slapd: Slapd) -> None:
    """Directory settings change by a reload, too: here to a server that is not there and back."""
    servers = bridge.sections["directory"]["servers"]
    bridge.sections["directory"]["servers"] = ["ldaps://127.0.0.1:1"]
    bridge.write_settings()
    assert bridge.reload()
    assert bridge.get(login="bob").status == 503
    bridge.sections["directory"]["servers"] = servers
    bridge.write_settings()
    assert bridge.reload()
    assert bridge.get(login="bob").status == 200
    assert slapd.running


def test_tls(tmp_path: Path, slapd: Slapd, authority: Authority) -> None:
    """With a certificate the bridge speaks HTTPS; a renewed one is taken up by a reload.

    The metric says when the one ends that is shown.
    """
    pair = authority.issue("bridge", ["127.0.0.1"])
    tls = {"certificate": str(pair.certificate), "key": str(pair.key)}
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(tmp_path / "bridge", settings, sections={"server": {"tls": tls}})
    context = ssl.create_default_context(cafile=str(authority.ca_file))

    def serial() -> str:
        with (
            socket.create_connection(("127.0.0.1", bridge.port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as wrapped,
        ):
            shown = wrapped.getpeercert() or {}
            end = ssl.cert_time_to_seconds(str(shown["notAfter"]))
            (told,) = re.findall(
                r'^ltb_server_tls_not_after_seconds\{listener="server.listen"\} (.+)', bridge.metrics(), re.MULTILINE
            )
            assert float(told) == end
            return str(shown["serialNumber"])

    bridge.ready_when(lambda: _answers_tls(bridge.port, context))
    with bridge:
        before = serial()
        renewed = authority.issue("bridge", ["127.0.0.1"], days=30)
        assert renewed == pair, "issued over the old one"
        assert bridge.reload()
        second = serial()
        assert second != before
        # OpenSSL keeps a certificate for each type of key: one of another type must not leave the old one showing.
        authority.issue("bridge", ["127.0.0.1"], rsa_key=True)
        assert bridge.reload()
        third = serial()
        assert third not in (before, second)
        pair.key.write_text("no key")
        assert not bridge.reload()
        assert serial() == third


def test_a_unix_socket(tmp_path: Path, slapd: Slapd) -> None:
    """For a registry or a proxy on the same machine."""
    path = tmp_path / "s"
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(tmp_path / "bridge", settings, sections={"server": {"listen": f"unix:{path}"}})
    bridge.ready_when(path.exists)
    with bridge, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /token?scope=repository:public/x:pull HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        response = http.client.HTTPResponse(client)
        response.begin()
        assert response.status == 200
        assert json.loads(response.read())["token"]
        assert bridge.audit()[-1]["client"] == "127.0.0.1"


def test_what_stands_against_a_start_is_said_at_once(tmp_path: Path, slapd: Slapd) -> None:
    """No key and a broken policy: both in one go, with the way out, and exit code 2."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(tmp_path / "bridge", settings, policy="version: 2\n")
    for path in (bridge.folder / "keys").iterdir():
        path.unlink()
    code, output = bridge.fails_to_start()
    assert code == 2
    assert "ldap-token-bridge keys new" in output
    assert "policy.yaml:1:10" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("wrong", ["ca", "base"])
def test_a_directory_that_refuses_the_bridge_itself(
    tmp_path: Path, slapd: Slapd, authority: Authority, wrong: str
) -> None:
    """A wrong service password, authority or base is said with the key to mend, and exit code 2."""
    other_authority = Authority(tmp_path / "other-ca", "Another CA")
    ca_file = other_authority.ca_file if wrong == "ca" else authority.ca_file
    base = "dc=nowhere" if wrong == "base" else slapd.base
    bridge = RunningBridge(tmp_path / "bridge", openldap(slapd.ldaps_url, base, slapd.bind_dn, ca_file))
    if wrong == "password":
        (bridge.folder / "ldap-password").write_text("not the password")
    code, output = bridge.fails_to_start()
    assert code == 2
    key = {"password": "bind_password_file", "ca": "ca_file", "base": '"base"'}[wrong]
    line = next(n for n, text in enumerate(bridge.settings.read_text().splitlines(), 1) if key in text)
    assert f"bridge.yaml:{line}:" in output
    assert "Traceback" not in output
    assert not canaries.leaks(output)


def test_one_good_server_is_enough(tmp_path: Path, slapd: Slapd, make_slapd: MakeSlapd) -> None:
    """A second one that the bridge cannot trust is a warning: it must not keep the first from being used."""
    stranger = make_slapd(certificate=Authority(tmp_path / "ca").issue("stranger", ["127.0.0.1"]))
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    settings["servers"] = [stranger.ldaps_url, slapd.ldaps_url]
    with RunningBridge(tmp_path / "bridge", settings) as bridge:
        assert bridge.get(login="bob").status == 200
        assert stranger.ldaps_url in bridge.log_text()


def test_a_taken_port_is_said(bridge: RunningBridge, tmp_path: Path, slapd: Slapd) -> None:
    """With the key in the settings to change."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    other = RunningBridge(tmp_path / "other", settings, sections={"server": {"listen": f"127.0.0.1:{bridge.port}"}})
    code, output = other.fails_to_start()
    assert code == 2
    assert f"cannot listen on 127.0.0.1:{bridge.port}: address already in use" in output
    assert "Traceback" not in output


def test_nothing_secret_is_printed_at_debug_level(tmp_path: Path, slapd: Slapd) -> None:
    """Right and wrong passwords, at the most talkative level, with asyncio's own debugging on."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with RunningBridge(tmp_path / "bridge", settings, sections={"logging": {"level": "debug"}}) as bridge:
        canaries.watch("a wrong one", "wrong-canary-0123456789")
        assert bridge.get(login="bob").status == 200
        assert bridge.get(login="bob", password="wrong-canary-0123456789").status == 401
        assert bridge.post(login="jürgen").status == 200
        canaries.watch("a token", bridge.get(login="alice").token)
        slapd.stop()
        assert bridge.get(login="carol").status == 503
        everything = bridge.log_text() + bridge.metrics() + Path(f"/proc/{bridge.pid}/cmdline").read_text()
        assert not canaries.leaks(everything)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers_tls(port: int, context: ssl.SSLContext) -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1"),
        ):
            return True
    except OSError:
        return False
