"""A shadow policy is compared with the one in force, and changes nothing."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.bridge import RunningBridge, openldap
from tests.support.http import request
from tests.support.process import free_port
from tests.support.slapd import Slapd

ALLOW = '  - {{id: {0}, who: [{1}], repositories: ["{0}/**"], actions: [{2}]}}\n'
NOW = "version: 1\nallow:\n" + ALLOW.format("one", "signed-in", "pull, push") + ALLOW.format("two", "anyone", "pull")
NEXT = "version: 1\nallow:\n" + ALLOW.format("one", "signed-in", "pull") + ALLOW.format("three", "anyone", "pull")


def results(bridge: RunningBridge) -> dict[str, float]:
    """The counters of the comparison."""
    found = re.findall(r'^ltb_shadow_decisions_total\{result="(\w+)"\} (\S+)', bridge.metrics(), re.MULTILINE)
    return {result: float(number) for result, number in found}


def detail(bridge: RunningBridge) -> Any:
    """What readiness tells of the shadow policy."""
    return request(f"http://127.0.0.1:{bridge.admin_port}/readyz?verbose").json["shadow"]


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come."""
    give_up = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < give_up, "it has not happened"
        time.sleep(0.05)


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd) -> Iterator[RunningBridge]:
    """A bridge by NOW, with NEXT as its shadow."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    sections = {"policy": {"path": "policy.yaml", "shadow": "next.yaml", "poll": "500ms"}}
    bridge = RunningBridge(tmp_path / "bridge", settings, policy=NOW, sections=sections)
    (bridge.folder / "next.yaml").write_text(NEXT)
    with bridge:
        yield bridge


def test_only_differences_are_told(bridge: RunningBridge) -> None:
    """Gain, loss and same are counted; the audit line names what differs and by which rules; the token is as before."""
    assert bridge.get("repository:one/x:pull,push", login="bob").access == {"one/x": ["pull", "push"]}
    shadow = detail(bridge)["hash"]
    lost = bridge.audit()[-1]
    assert lost["shadow"] == {"policy": shadow, "gained": [], "lost": ["repository:one/x:push"], "rules": []}
    assert lost["policy"] != shadow
    assert bridge.get("repository:three/x:pull", login="bob").access == {}
    gained = {"policy": shadow, "gained": ["repository:three/x:pull"], "lost": [], "rules": ["three"]}
    assert bridge.audit()[-1]["shadow"] == gained
    bridge.get("repository:one/x:pull", login="bob")
    assert "shadow" not in bridge.audit()[-1]
    assert results(bridge) == {"loss": 1, "gain": 1, "same": 1}
    bridge.get("repository:two/x:pull", "repository:three/x:pull", login="bob")
    assert results(bridge) == {"loss": 2, "gain": 2, "same": 1}
    assert f'ltb_shadow_policy_info{{hash="{shadow}"}} 1.0' in bridge.metrics()


def test_anonymous_clients_are_compared_too(bridge: RunningBridge) -> None:
    """One that is challenged, and would get something; one that gets something, and would not."""
    assert bridge.get("repository:three/x:pull").status == 401
    assert bridge.audit()[-1]["shadow"]["gained"] == ["repository:three/x:pull"]
    assert bridge.get("repository:two/x:pull").status == 200
    assert bridge.audit()[-1]["shadow"]["lost"] == ["repository:two/x:pull"]


def test_a_wrong_password_is_compared_with_nothing(bridge: RunningBridge) -> None:
    """No policy was asked, so there is nothing to count."""
    assert bridge.get("repository:three/x:pull", login="bob", password="wrong-canary-42").status == 401
    assert "shadow" not in bridge.audit()[-1]
    assert results(bridge) == {}


def test_a_broken_shadow_harms_nothing(bridge: RunningBridge) -> None:
    """It is told by log, metric and readiness; the policy in force is reloaded beside it; mended, it is taken up."""
    following = bridge.folder / "next.yaml"
    following.write_text("version: 1\nallow: [")
    until(lambda: "ltb_shadow_policy_broken 1.0" in bridge.metrics())
    assert detail(bridge)["hash"] == ""
    assert "next.yaml:3" in detail(bridge)["problems"][0]
    assert bridge.log_text().count("the shadow policy cannot be used; nothing is compared") == 1
    assert bridge.get("repository:one/x:push", login="bob").access == {"one/x": ["push"]}
    assert "shadow" not in bridge.audit()[-1]
    bridge.policy.write_text(NEXT)
    until(lambda: bridge.get("repository:three/x:pull").status == 200)
    assert "ltb_last_reload_successful 1.0" in bridge.metrics()
    following.write_text(NOW + "tests:\n  - {user: bob, cannot: [pull one/x]}\n")
    until(lambda: "test failed" in json.dumps(detail(bridge)["problems"]))
    following.write_text(NOW)
    until(lambda: "ltb_shadow_policy_broken 0.0" in bridge.metrics())
    bridge.get("repository:three/x:pull")
    assert bridge.audit()[-1]["shadow"]["lost"] == ["repository:three/x:pull"]


def test_a_start_with_a_broken_shadow_succeeds(tmp_path: Path) -> None:
    """It is no reason to stop deployments."""
    settings = openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")
    sections = {"policy": {"path": "policy.yaml", "shadow": "nowhere.yaml"}}
    with RunningBridge(tmp_path / "bridge", settings, policy=NOW, sections=sections) as bridge:
        assert bridge.get("repository:two/x:pull").status == 200
        assert "bridge.yaml" in detail(bridge)["problems"][0]
