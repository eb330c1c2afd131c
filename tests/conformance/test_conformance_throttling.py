"""Assertion 52: too many attempts, over a real socket and with what really reaches the directory."""

import json
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, Sections, openldap
from tests.support.slapd import Slapd
from tests.support.wire import Wire


@pytest.fixture
def guarded(tmp_path_factory: pytest.TempPathFactory, directory: Slapd, wire: Wire) -> Iterator[RunningBridge]:
    """A bridge with small budgets, behind a proxy that tells the clients' addresses."""
    sections: Sections = {
        "guard": {"account_failures": "2 per 15m", "address_failures": "4 per 1m"},
        "server": {"trusted_proxies": ["127.0.0.1"]},
        "cache": {"rejected": "off"},
    }
    settings = openldap(wire.url, directory.base, directory.bind_dn)
    with RunningBridge(tmp_path_factory.mktemp("guarded"), settings, sections=sections) as bridge:
        yield bridge


def _from(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": str(ip_address("198.51.100.0") + number)}


@pytest.mark.parametrize("login", ["alice", "nobody-here"])
def test_052_too_many_wrong_passwords(guarded: RunningBridge, wire: Wire, login: str) -> None:
    """429, an integer Retry-After, both shapes of a text that says when; no bind; GET and POST alike."""
    for number in range(2):
        assert guarded.get(login=login, password=f"wrong-{number}", headers=_from(1)).status == 401
    before = wire.binds()
    for answer in (
        guarded.get(login=login, password="wrong-2", headers=_from(1)),
        guarded.post(login=login, password="wrong-3"),
        guarded.get(login=login, headers=_from(2)),
    ):
        assert answer.status == 429
        assert 890 <= int(answer.headers["retry-after"]) <= 900
        assert answer.headers["cache-control"] == "no-store"
        body = json.loads(answer.body)
        assert body["errors"] == [{"code": "TOOMANYREQUESTS", "message": body["details"]}]
        assert "Try again in 15 minutes" in body["details"]
    assert guarded.get(login=login, password="wrong-0", headers=_from(1)).status == 401
    assert wire.binds() == before
    line = guarded.audit()[-2]
    assert (line["reason"], line["status"], line["budget"]) == ("too-many-attempts", 429, "account")
    assert 'ltb_budget_blocks_total{budget="account"} 3.0' in guarded.metrics()


def test_052_too_many_failures_from_one_address(guarded: RunningBridge, wire: Wire) -> None:
    """The real client behind the proxy counts; who is known from there, or comes from elsewhere, is let in."""
    assert guarded.get(login="bob", headers=_from(7)).status == 200
    for number in range(4):
        assert guarded.get(login=f"made-up-{number}", password="wrong", headers=_from(7)).status == 401
    before = wire.seen
    answer = guarded.get(login="made-up-9", password="wrong", headers=_from(7))
    assert answer.status == 429
    assert 50 <= int(answer.headers["retry-after"]) <= 60
    assert answer.message.startswith("Too many failed logins from your address. Try again in ")
    assert wire.seen == before
    assert guarded.get(login="carol", headers=_from(7)).status == 429
    assert guarded.get(login="bob", headers=_from(7)).status == 200
    assert guarded.get(login="carol", headers=_from(8)).status == 200
    assert guarded.audit()[-4]["budget"] == "address"


def test_052_a_block_outlives_a_reload(guarded: RunningBridge) -> None:
    """Other settings of the directory bring a new connection and no new budget; another budget starts anew."""
    for number in range(2):
        guarded.get(login="alice", password=f"wrong-{number}")
    guarded.sections["directory"]["timeouts"] = {"operation": "3s"}
    guarded.write_settings()
    assert guarded.reload()
    assert guarded.get(login="alice").status == 429
    guarded.sections["guard"]["account_failures"] = "3 per 15m"
    guarded.write_settings()
    assert guarded.reload()
    assert guarded.get(login="alice").status == 200


def test_052_nothing_secret_is_told(guarded: RunningBridge) -> None:
    """Neither in the answer nor in log and metrics."""
    password = canaries.password("alice")
    for number in range(3):
        answer = guarded.get(login="alice", password=f"{password}-{number}")
        assert password.encode() not in answer.body
    assert password not in guarded.log_text() + guarded.metrics()
