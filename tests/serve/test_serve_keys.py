"""Keys in a running bridge: taken up by their content, told by metric and log; no signal anywhere here."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.tokens import STEPS, verify_token
from tests.support.bridge import ISSUER, SERVICE, RunningBridge, openldap
from tests.support.http import Answer, request
from tests.support.key_folder import certificate, ec_key, write_pair
from tests.support.process import free_port

POLL = 0.5
REFUSED = "the reload was refused; what was in force stays"


def _bridge(folder: Path) -> RunningBridge:
    """One whose directory is down: tokens for anyone need none."""
    settings = openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")
    return RunningBridge(folder, settings, sections={"policy": {"path": "policy.yaml", "poll": f"{POLL:.1f}s"}})


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[RunningBridge]:
    """It looks at its files often."""
    with _bridge(tmp_path / "bridge") as bridge:
        yield bridge


def _token(bridge: RunningBridge) -> Answer:
    answer = bridge.get("repository:public/base:pull")
    assert answer.status == 200
    return answer


def _bundle(bridge: RunningBridge) -> str:
    return request(f"{bridge.url}/bundle.pem").body.decode()


def _keys(bridge: RunningBridge) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = request(f"http://127.0.0.1:{bridge.admin_port}/readyz?verbose").json["keys"]
    return found


def _until(bridge: RunningBridge, happened: Callable[[], bool]) -> None:
    """Tokens are issued all the while."""
    give_up = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < give_up, bridge.log_text()[-3000:]
        _token(bridge)
        time.sleep(0.05)


def _refusals(bridge: RunningBridge) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in bridge.log_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == REFUSED]


def _expiry(bridge: RunningBridge) -> Mapping[str, float]:
    found = re.findall(r'^ltb_signing_key_not_after_seconds\{kid="(\S+)"\} (\S+)$', bridge.metrics(), re.MULTILINE)
    return {kid: float(value) for kid, value in found}


def test_a_rotation_needs_no_signal(bridge: RunningBridge) -> None:
    """`keys new`, `activate` and `retire` are taken up within seconds, each whole; metric and detail go along."""
    options = ["-c", str(bridge.settings)]
    (old,) = (path.stem for path in (bridge.folder / "keys").glob("*.key"))
    before = _token(bridge)
    made = json.loads(bridge.command_line(["keys", "new", *options, "--format", "json"]))
    _until(bridge, lambda: _bundle(bridge).count("BEGIN") == 2)
    assert _token(bridge).header["kid"] == before.header["kid"]
    assert len(_expiry(bridge)) == 2
    overlap = _bundle(bridge)
    bridge.command_line(["keys", "activate", made["name"], *options])
    _until(bridge, lambda: _token(bridge).header["kid"] == made["kid"])
    after = _token(bridge)
    for answer in (before, after):
        now = answer.claims["exp"] - 1
        for generation in STEPS:
            assert verify_token(
                answer.token, overlap, issuer=ISSUER, service=SERVICE, now=now, generation=generation
            ).accepted
    bridge.command_line(["keys", "retire", old, *options])
    _until(bridge, lambda: _bundle(bridge).count("BEGIN") == 1)
    assert [(key["kid"], key["signing"]) for key in _keys(bridge)] == [(made["kid"], True)]
    assert list(_expiry(bridge)) == [made["kid"]]
    assert not _refusals(bridge)


def test_a_renewed_certificate_is_taken_up(bridge: RunningBridge) -> None:
    """The key stays, its certificate changes, as cert-manager does it: the next token carries the new one."""
    keys = bridge.folder / "keys"
    key, now = ec_key(), datetime.now(UTC)
    write_pair(keys, "tls", key, certificate(key, start=now, end=now + timedelta(days=90)))
    _until(bridge, lambda: len(_keys(bridge)) == 2)
    (keys / "active").write_text("tls")
    _until(bridge, lambda: _keys(bridge)[0]["signing"] and len(_keys(bridge)) == 2 and _signs(bridge, 90))
    write_pair(keys, "tls", key, certificate(key, start=now, end=now + timedelta(days=180)))
    _until(bridge, lambda: _signs(bridge, 180))
    assert not _refusals(bridge)


def _signs(bridge: RunningBridge, days: int) -> bool:
    """Whether the certificate of the key that signs is good for so many days."""
    end = datetime.fromisoformat(_keys(bridge)[0]["not_after"])
    return abs((end - datetime.now(UTC)).days - days) <= 1


def test_half_a_key_is_told_once_and_changes_nothing(bridge: RunningBridge) -> None:
    """A key without its certificate: the old one signs on, one line in the log, and when it is whole it is taken up."""
    keys = bridge.folder / "keys"
    before = _token(bridge)
    key, now = ec_key(), datetime.now(UTC)
    write_pair(keys, "next", key, certificate(key, start=now, end=now + timedelta(days=90)))
    whole = (keys / "next.crt").read_bytes()
    _until(bridge, lambda: len(_keys(bridge)) == 2)
    (keys / "next.crt").unlink()
    _until(bridge, lambda: bool(_refusals(bridge)))
    for _ in range(6):
        time.sleep(POLL)
        assert _token(bridge).header["kid"] == before.header["kid"]
    (line,) = _refusals(bridge)
    assert "next.crt: the certificate is missing" in line["problems"][0]
    assert len(_keys(bridge)) == 2
    assert "ltb_last_reload_successful 0.0" in bridge.metrics()
    (keys / "next.crt").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    _until(bridge, lambda: len(_refusals(bridge)) == 2)
    assert "next.crt: holds no certificate" in _refusals(bridge)[1]["problems"][0]
    (keys / "next.crt").write_bytes(whole)
    _until(bridge, lambda: "ltb_last_reload_successful 1.0" in bridge.metrics())
    assert len(_refusals(bridge)) == 2


@pytest.mark.parametrize("fault", ["expired", "mismatched"])
def test_a_signing_certificate_that_cannot_be_used_refuses_start_and_reload(tmp_path: Path, fault: str) -> None:
    """Assertion 61 both ways: a start ends with 2 and the file's name, a running bridge keeps what it has."""
    key, now = ec_key(), datetime.now(UTC)
    end = now - timedelta(hours=1) if fault == "expired" else now + timedelta(days=90)
    wrong = certificate(key if fault == "expired" else ec_key(), start=now - timedelta(days=2), end=end)
    words = "the certificate expired on" if fault == "expired" else "the certificate does not belong to the key"
    with _bridge(tmp_path / "bridge") as bridge:
        before = _token(bridge)
        write_pair(bridge.folder / "keys", "wrong", key, wrong)
        (bridge.folder / "keys" / "active").write_text("wrong")
        _until(bridge, lambda: bool(_refusals(bridge)))
        assert any(f"wrong.crt: {words}" in each for each in _refusals(bridge)[-1]["problems"])
        assert _token(bridge).header["kid"] == before.header["kid"]
    code, output = bridge.fails_to_start()
    assert code == 2
    assert f"wrong.crt: {words}" in output


def test_every_key_near_its_end_is_told_by_log_and_metric(tmp_path: Path) -> None:
    """The one that signs and the one that is only published; one whose end is far is in the metric alone."""
    bridge = _bridge(tmp_path / "bridge")
    now = datetime.now(UTC)
    for name, days in (("near", 20), ("nearer", 3), ("far", 300)):
        key = ec_key()
        made = certificate(key, start=now - timedelta(days=1), end=now + timedelta(days=days))
        write_pair(bridge.folder / "keys", name, key, made)
    (bridge.folder / "keys" / "active").write_text("near")
    with bridge:
        listed = _keys(bridge)
        ends = {key["kid"]: datetime.fromisoformat(key["not_after"]).timestamp() for key in listed}
        assert len(listed) == 4
        assert _expiry(bridge) == pytest.approx(ends)
        lines = [line for line in bridge.log_text().splitlines() if "registries refuse its tokens from" in line]
    assert [name for name in ("near", "nearer", "far") if any(f"/{name}.crt" in line for line in lines)] == [
        "near",
        "nearer",
    ]
    assert all('"level": "warning"' in line and "keys new" in line for line in lines)
