"""`cache flush` and POST /cache/flush: what a running bridge forgets, and what it refuses to."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.http import Answer, request
from tests.support.process import free_port
from tests.support.settings_file import write_settings
from tests.support.slapd import Slapd

PULL = "repository:users/bob/app:pull"


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[RunningBridge]:
    """One for these tests, which leave nothing behind that the next one minds."""
    with Slapd(tmp_path_factory.mktemp("slapd"), authority) as slapd:
        settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        with RunningBridge(tmp_path_factory.mktemp("bridge"), settings) as bridge:
            yield bridge


def _post(bridge: RunningBridge, query: str = "", body: bytes = b"", **headers: str) -> Answer:
    url = f"http://127.0.0.1:{bridge.admin_port}/cache/flush{query}"
    return request(url, form=body, content_type="application/json", headers=headers)


def _cache(bridge: RunningBridge, login: str) -> str:
    assert bridge.get(PULL, login=login).status == 200
    return str(bridge.audit()[-1]["cache"])


def test_an_account_is_forgotten_and_the_others_are_not(bridge: RunningBridge) -> None:
    """Under every name that was typed for it, without regard to case."""
    for login in ("bob", "carol"):
        _cache(bridge, login)
        assert _cache(bridge, login) == "hit"
    answer = _post(bridge, body=b'{"account": "BOB"}')
    assert answer.status == 200
    assert answer.json["account"] == "BOB"
    assert answer.json["forgotten"]["credentials"] == 1
    assert _cache(bridge, "carol") == "hit"
    assert _cache(bridge, "bob") == "miss"


def test_everyone_is_forgotten(bridge: RunningBridge) -> None:
    """Without an account in query or body."""
    for login in ("bob", "carol"):
        _cache(bridge, login)
    assert _post(bridge).json["forgotten"]["credentials"] == 2
    assert [_cache(bridge, login) for login in ("bob", "carol")] == ["miss", "miss"]


def test_a_refusal_is_forgotten(bridge: RunningBridge) -> None:
    """Who was refused a moment ago is let in: for help desks that have just set the password."""
    typed = "typed-too-early-" + canaries.password("flush")
    assert bridge.get(login="bob", password=typed).status == 401
    assert bridge.get(login="bob", password=typed).status == 401
    assert bridge.audit()[-1]["cache"] == "hit"
    assert _post(bridge, "?account=bob").json["forgotten"]["rejected"] >= 1
    assert bridge.get(login="bob", password=typed).status == 401
    assert bridge.audit()[-1]["cache"] == "miss"


def test_a_block_of_an_account_ends(tmp_path: Path, slapd: Slapd) -> None:
    """Whoever was blocked for somebody else's wrong passwords is let in at once; a flush of everyone ends no block."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with RunningBridge(tmp_path, settings, sections={"guard": {"account_failures": "2 per 15m"}}) as bridge:
        for number in range(2):
            assert bridge.get(login="carol", password=f"guess-{number}-{canaries.password('flush')}").status == 401
        assert bridge.get(login="carol").status == 429
        assert _post(bridge).status == 200
        assert bridge.get(login="carol").status == 429
        assert _post(bridge, "?account=carol").status == 200
        assert bridge.get(login="carol").status == 200


def test_nobody_is_nothing(bridge: RunningBridge) -> None:
    """A name that no account has is no error: it may have been deleted."""
    assert set(_post(bridge, "?account=no-such-person").json["forgotten"].values()) == {0}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("?account=", b""),
        ("?acount=bob", b""),
        ("?account=bob&account=carol", b""),
        ("?account=bob", b'{"account": "carol"}'),
        ("?account=" + "x" * 257, b""),
        ("", b'{"account": ""}'),
        ("", b'{"account": 5}'),
        ("", b'{"acount": "bob"}'),
        ("", b"[]"),
        ("", b"bob"),
        ("", b"\xff"),
        ("", b"[" * 4000),
    ],
)
def test_a_slip_is_not_taken_for_everyone(bridge: RunningBridge, query: str, body: bytes) -> None:
    """400, and nothing is forgotten."""
    _cache(bridge, "bob")
    answer = _post(bridge, query, body)
    assert answer.status == 400
    assert answer.json["details"]
    assert _cache(bridge, "bob") == "hit"


def test_only_programs_post(bridge: RunningBridge) -> None:
    """A GET changes nothing, a web page is refused, and so is a body without end."""
    _cache(bridge, "bob")
    assert request(f"http://127.0.0.1:{bridge.admin_port}/cache/flush").status == 405
    assert _post(bridge, Origin="http://evil.example").status == 403
    assert _post(bridge, body=b" " * 5000).status == 413
    assert request(f"{bridge.url}/cache/flush", form=b"").status == 404
    assert _cache(bridge, "bob") == "hit"


def test_each_flush_is_told(bridge: RunningBridge) -> None:
    """In log and metric, with the directory's id and not with what was typed."""
    _post(bridge, "?account=bob%20my-secret")
    _post(bridge, "?account=bob")
    text = bridge.log_text()
    told = [json.loads(line) for line in text.splitlines() if "the memory was flushed" in line]
    assert told[-1]["what"] == "account" and len(told[-1]["ids"]) == 1
    assert "my-secret" not in text
    assert 'ltb_cache_flushes_total{what="account"}' in bridge.metrics()
    assert not canaries.leaks(text)


def test_the_command_asks_the_bridge_of_its_settings(bridge: RunningBridge) -> None:
    """For people in a line, for programs in JSON."""
    _cache(bridge, "bob")
    run = CliRunner().invoke(root, ["cache", "flush", "--account", "bob", "-c", str(bridge.settings)])
    assert run.exit_code == 0, run.output
    assert run.stdout.startswith("Forgotten about bob: people: 1, credentials: 1")
    run = CliRunner().invoke(root, ["cache", "flush", "-c", str(bridge.settings), "--format", "json"])
    assert json.loads(run.stdout)["account"] == ""
    assert _cache(bridge, "bob") == "miss"


def test_by_a_unix_socket(tmp_path: Path, slapd: Slapd) -> None:
    """The admin listener may be one."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    admin = {"admin_listen": f"unix:{tmp_path}/admin.sock"}
    with RunningBridge(tmp_path / "bridge", settings, sections={"server": admin}) as bridge:
        run = CliRunner().invoke(root, ["cache", "flush", "-c", str(bridge.settings)])
        assert run.exit_code == 0, run.output


def test_a_bridge_that_does_not_run(tmp_path: Path) -> None:
    """1, and who was asked."""
    port = free_port()
    settings = write_settings(tmp_path, server__admin_listen=f"127.0.0.1:{port}")
    run = CliRunner().invoke(root, ["cache", "flush", "-c", str(settings)])
    assert run.exit_code == 1
    assert f"127.0.0.1:{port}/cache/flush does not answer: connection refused. Does the bridge run?" in run.stderr


def test_a_listener_that_nobody_can_find(tmp_path: Path) -> None:
    """2: any free port is no address."""
    settings = write_settings(tmp_path, server__admin_listen="127.0.0.1:0")
    run = CliRunner().invoke(root, ["cache", "flush", "-c", str(settings)])
    assert run.exit_code == 2
    assert "Give server.admin_listen a port" in run.stderr


def test_an_empty_account_is_no_flush_of_everyone(tmp_path: Path) -> None:
    """2: a script whose variable is not set must not empty every memory."""
    run = CliRunner().invoke(root, ["cache", "flush", "--account", "", "-c", str(write_settings(tmp_path))])
    assert run.exit_code == 2
    assert "--account is empty" in run.stderr
