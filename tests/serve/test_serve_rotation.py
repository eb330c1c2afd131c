"""A whole rotation under load: requests without pause while keys are made, activated and retired."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldap_token_bridge.tokens import verify_token
from tests.support.bridge import ISSUER, SERVICE, RunningBridge, openldap
from tests.support.http import Answer, request
from tests.support.process import free_port


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[RunningBridge]:
    """One whose directory is down: tokens for anyone need none."""
    settings = openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")
    with RunningBridge(tmp_path / "bridge", settings) as bridge:
        yield bridge


def _accepted(answer: Answer, bundle: str) -> bool:
    now = answer.claims["exp"] - 1
    return all(
        verify_token(answer.token, bundle, issuer=ISSUER, service=SERVICE, now=now, generation=generation).accepted
        for generation in ("2.x", "3.x")
    )


def test_rotation_under_load(bridge: RunningBridge) -> None:
    """Every request is answered with a token, and a registry accepts each by the bundle that it had at the time."""
    keys = ["--keys-dir", str(bridge.folder / "keys")]
    answers: list[tuple[int, Answer]] = []
    bundles = [request(f"{bridge.url}/bundle.pem").body.decode()]
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            stage = len(bundles) - 1
            answers.append((stage, bridge.get("repository:public/base:pull")))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for algorithm in ("RS256", "ES256"):
            old = (bridge.folder / "keys" / "active").read_text().strip() if len(bundles) > 1 else ""
            old = old or next((bridge.folder / "keys").glob("*.key")).stem
            bridge.make_key(algorithm)
            assert bridge.reload()
            # The registries are restarted with both certificates before the new key signs.
            bundles.append(request(f"{bridge.url}/bundle.pem").body.decode())
            new = next(file.stem for file in (bridge.folder / "keys").glob("*.key") if file.stem != old)
            bridge.command_line(["keys", "activate", new, *keys])
            assert bridge.reload()
            bridge.command_line(["keys", "retire", old, *keys])
            assert bridge.reload()
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert {answer.status for _, answer in answers} == {200}
    assert len({answer.header["kid"] for _, answer in answers}) == 3
    # A registry holds the bundle of its last restart; the stage was read before the request was sent.
    assert all(_accepted(answer, bundles[stage]) or _accepted(answer, bundles[stage + 1]) for stage, answer in answers)
    assert bundles[1].count("BEGIN") == bundles[2].count("BEGIN") == 2
    assert request(f"{bridge.url}/bundle.pem").body.decode().count("BEGIN") == 1
    assert len(list((bridge.folder / "keys" / "retired").glob("*.key"))) == 2
