"""A real Prometheus reads a bridge that runs, loads the alerts, and answers every question of the dashboard."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.bridge import RunningBridge, openldap
from tests.support.documents import ROOT, document
from tests.support.http import request
from tests.support.process import Process, free_port, require
from tests.support.slapd import Slapd

pytestmark = pytest.mark.slow

_PROGRAM = "/usr/bin/prometheus"
_PATIENCE = 30


class Prometheus(Process):
    """Debian's Prometheus on loopback, with the configuration that the runbook shows, for the bridge of the test."""

    def __init__(self, folder: Path, target: str) -> None:
        require(_PROGRAM)
        folder.mkdir()
        self.port = free_port()
        (shown,) = [block.text for block in document("docs/runbook.md").blocks if block.language == "yaml"]
        assert "127.0.0.1:5002" in shown
        # The alerts are looked for beside the configuration.
        (folder / "alerts.yaml").write_bytes((ROOT / "deploy/prometheus/alerts.yaml").read_bytes())
        fast = "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        (folder / "prometheus.yml").write_text(fast + shown.replace("127.0.0.1:5002", target))
        command = [
            _PROGRAM,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        super().__init__(command, folder / "prometheus.log", self._is_ready)

    def ask(self, path: str, **query: str) -> Any:
        """The data of an answer; fails if it is none."""
        answer = request(f"http://127.0.0.1:{self.port}/api/v1/{path}", query=list(query.items()))
        assert answer.json["status"] == "success", answer.json
        return answer.json["data"]

    def _is_ready(self) -> bool:
        try:
            return request(f"http://127.0.0.1:{self.port}/-/ready").status == 200
        except OSError:
            return False


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come."""
    give_up = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < give_up, "it has not happened"
        time.sleep(0.1)


# What has not happened in this test has no series.
_MAY_BE_SILENT = re.compile(
    "Workloads|Refresh|Shadow|Reloads|Lines lost|Shared store|Logins not looked at|Breakers|Certificates shown"
)


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd) -> Iterator[RunningBridge]:
    """One that asks OpenLDAP."""
    with RunningBridge(
        tmp_path / "bridge", openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    ) as bridge:
        yield bridge


@pytest.fixture
def prometheus(tmp_path: Path, bridge: RunningBridge) -> Iterator[Prometheus]:
    """One that reads that bridge."""
    with Prometheus(tmp_path / "prometheus", f"127.0.0.1:{bridge.admin_port}") as prometheus:
        yield prometheus


def test_the_bridge_is_read_without_an_error(prometheus: Prometheus) -> None:
    """The target of the configuration in the runbook is up."""
    until(lambda: [each["health"] for each in prometheus.ask("targets")["activeTargets"]] == ["up"])
    (target,) = prometheus.ask("targets")["activeTargets"]
    assert target["lastError"] == ""
    assert target["labels"]["job"] == "ldap-token-bridge"


def test_alerts_and_dashboard_work_on_it(prometheus: Prometheus, bridge: RunningBridge) -> None:
    """All alerts load, are evaluated without a fault and are quiet; the dashboard's queries find what has happened."""
    ours = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))["groups"]

    def evaluated() -> bool:
        rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
        assert len(rules) == sum(len(group["rules"]) for group in ours)
        assert "err" not in {rule["health"] for rule in rules}
        return {rule["health"] for rule in rules} == {"ok"}

    def answered() -> bool:
        assert bridge.get("repository:team-a/app:pull", login="bob").status == 200
        assert bridge.get(login="bob", password="wrong").status == 401
        return [title for title in silent(prometheus) if not _MAY_BE_SILENT.search(title)] == []

    until(evaluated)
    until(answered)
    # Before the first look at the bridge it was not there: that is pending for a moment.
    assert [alert for alert in prometheus.ask("alerts")["alerts"] if alert["state"] == "firing"] == []


def silent(prometheus: Prometheus) -> Iterator[str]:
    """The titles of the panels that show nothing; fails at a query that Prometheus does not understand."""
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            asked = re.sub(r"\$__(rate_)?interval", "1m", target["expr"])
            asked = asked.replace("$job", "ldap-token-bridge").replace("$instance", ".*")
            if not prometheus.ask("query", query=asked)["result"]:
                yield panel["title"]
