"""OpenLDAP is killed while people log in: who goes on by `cache.stale_if_down`, and what of it is told."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.slapd import Slapd

PULL = "repository:users/bob/app:pull"
PUSH = "repository:users/bob/app:pull,push"
_SHORT = {"credentials": "1s", "groups": "1s", "rejected": "1s"}


def _bridge(folder: Any, slapd: Slapd, **cache: str) -> RunningBridge:
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    return RunningBridge(folder, settings, sections={"cache": _SHORT | cache})


@pytest.fixture
def bridge(tmp_path_factory: pytest.TempPathFactory, slapd: Slapd) -> Iterator[RunningBridge]:
    """One that remembers for a second, and for an hour if nobody answers."""
    with _bridge(tmp_path_factory.mktemp("bridge"), slapd, stale_if_down="1h") as bridge:
        yield bridge


def _granted(bridge: RunningBridge) -> list[dict[str, Any]]:
    return [line for line in bridge.audit() if line.get("stale")]


def test_killed_under_load(bridge: RunningBridge, slapd: Slapd) -> None:
    """Pulls of known people go on; pushes, strangers and wrong passwords get 503; all is well when it is back."""
    wanted = {
        "pull": lambda: bridge.get(PULL, login="bob").status,
        "login": lambda: bridge.get(login="bob").status,
        "push": lambda: bridge.get(PUSH, login="bob").status,
        "catalog": lambda: bridge.get("registry:catalog:*", login="bob").status,
        "wrong": lambda: bridge.get(PULL, login="bob", password="wrong-" + canaries.password("bob")).status,
        "stranger": lambda: bridge.get(PULL, login="carol").status,
    }
    assert bridge.get(PUSH, login="bob").status == 200
    with ThreadPoolExecutor(8) as pool:
        before = [pool.submit(wanted["pull"]) for _ in range(100)]
        slapd.kill()
        assert {future.result() for future in before} <= {200}
        time.sleep(1.2)  # until what is fresh is over
        after = {name: [pool.submit(ask) for _ in range(20)] for name, ask in wanted.items() if name != "wrong"}
        statuses = {name: Counter(future.result() for future in asked) for name, asked in after.items()}
    good, gone = Counter({200: 20}), Counter({503: 20})
    assert statuses == {"pull": good, "login": good, "push": gone, "catalog": gone, "stranger": gone}
    assert wanted["wrong"]() == 503
    assert wanted["pull"]() == 200
    slapd.start()
    give_up = time.monotonic() + 20
    while wanted["push"]() != 200 and time.monotonic() < give_up:
        time.sleep(0.2)
    assert wanted["push"]() == 200
    assert bridge.audit()[-1].get("stale") is None


def test_what_is_told_of_it(bridge: RunningBridge, slapd: Slapd) -> None:
    """The audit line says so and how old it is, the metric counts, the token pulls; nothing secret anywhere."""
    bridge.get(PULL, login="bob")
    slapd.stop()
    time.sleep(1.2)
    answer = bridge.get(PULL, login="bob")
    canaries.watch("a token", answer.token)
    (line,) = _granted(bridge)
    assert line["account"] == "bob"
    assert line["granted"] == [PULL]
    assert line["stale_seconds"] >= 1
    assert "\nltb_stale_logins_total 1.0\n" in bridge.metrics()
    assert not canaries.leaks(bridge.log_text())
    assert not canaries.leaks(bridge.metrics())


def test_without_it_everything_ends_with_its_time(tmp_path_factory: pytest.TempPathFactory, slapd: Slapd) -> None:
    """Killed under load: a cached login works for as long as it is fresh; everybody new gets 503 at once."""
    with _bridge(tmp_path_factory.mktemp("bridge"), slapd, credentials="15s", groups="15s") as bridge:
        with ThreadPoolExecutor(8) as pool:
            assert bridge.get(PULL, login="bob").status == 200
            before = [pool.submit(bridge.get, PULL, login="bob") for _ in range(50)]
            slapd.kill()
            known = [pool.submit(bridge.get, scope, login="bob") for scope in (PULL, PUSH) for _ in range(20)]
            new = [pool.submit(bridge.get, PULL, login="carol") for _ in range(20)]
            assert {answer.result().status for answer in before + known} == {200}
            assert {answer.result().status for answer in new} == {503}
        give_up = time.monotonic() + 60
        while bridge.get(PULL, login="bob").status == 200 and time.monotonic() < give_up:
            time.sleep(0.5)
        assert {bridge.get(scope, login="bob").status for scope in (PULL, PUSH)} == {503}
        assert _granted(bridge) == []


def test_a_disabled_account_is_out_before_the_outage(bridge: RunningBridge, slapd: Slapd) -> None:
    """A flush of the account, which is what operations do in a hurry, holds in the outage too."""
    assert bridge.get(PULL, login="bob").status == 200
    shown = bridge.command_line(["cache", "flush", "--account", "BOB", "-c", str(bridge.settings), "--format", "json"])
    assert json.loads(shown)["forgotten"]["last_known"] == 1
    slapd.stop()
    assert bridge.get(PULL, login="bob").status == 503
