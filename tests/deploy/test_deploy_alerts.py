"""Alerts, dashboard and runbook fit each other and the metrics that there are; promtool runs the alerts' tests."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ldap_token_bridge.observe import Metrics
from tests.support.documents import ROOT, document
from tests.support.process import require

RULES, TESTS = ROOT / "deploy/prometheus/alerts.yaml", ROOT / "deploy/prometheus/alerts_test.yaml"
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text(encoding="utf-8"))
RUNBOOK = document("docs/runbook.md")
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
NAMES = [str(alert["alert"]) for alert in ALERTS]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
_PROMTOOL = "/usr/bin/promtool"
# What prometheus-client adds to a counter or a histogram.
_ENDINGS = re.compile(r"_(bucket|sum|count|created)$")


def _promtool(*arguments: str) -> str:
    require(_PROMTOOL)
    done = subprocess.run([_PROMTOOL, *arguments], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_rules() -> None:
    """All of them, by the program that Prometheus brings."""
    assert f"{len(ALERTS)} rules found" in _promtool("check", "rules", str(RULES))


def test_the_alerts_pass_their_tests() -> None:
    """The file beside them."""
    assert "SUCCESS" in _promtool("test", "rules", str(TESTS))


def test_every_alert_is_seen_to_come() -> None:
    """An alert that no test makes come may never come."""
    tests = yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
    fired = {each["alertname"] for test in tests for each in test.get("alert_rule_test", ()) if each["exp_alerts"]}
    assert sorted(fired) == sorted(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_every_alert_leads_to_its_entry(alert: dict[str, Any]) -> None:
    """Which says what it means, what to look at and what to do."""
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert {"summary", "description", "runbook_url"} == alert["annotations"].keys()
    path, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert path == RUNBOOK.name
    assert anchor == alert["alert"].lower()
    entry = RUNBOOK.section(alert["alert"])
    assert re.findall(r"^\*\*(\w+):\*\*", entry, re.MULTILINE) == ["Means", "Look", "Do"]


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_every_metric_is_of_the_one_job(alert: dict[str, Any]) -> None:
    """Or bridges that have nothing to do with each other would be counted together; the chart puts its own job in."""
    metrics = re.findall(r"\b(?:ltb_\w+|up)\b", alert["expr"])
    assert metrics
    assert len(re.findall(r'\b(?:ltb_\w+|up)\{job="ldap-token-bridge"', alert["expr"])) == len(metrics)


def test_every_entry_has_its_alert() -> None:
    """None is left over from an alert that is gone."""
    assert re.findall(r"^## (LdapTokenBridge\w+)$", RUNBOOK.text, re.MULTILINE) == NAMES


def test_the_runbooks_search_finds_who_sends_wrong_passwords(tmp_path: Path) -> None:
    """The command line that it shows, on lines of an audit trail."""
    (line,) = [block.text for block in document("docs/operations.md").blocks if block.language == "json"]
    refused = {**json.loads(line), "reason": "wrong-credentials"}
    trail = [json.loads(line), refused, refused | {"client": "10.0.0.9", "account": ""}, refused]
    written = (json.dumps(each, separators=(",", ":")) for each in trail)
    (tmp_path / "audit.jsonl").write_text("".join(f"{each}\n" for each in written))
    (command,) = [block.text for block in RUNBOOK.blocks if "audit.jsonl" in block.text]
    shown = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert [each.split() for each in shown.splitlines()] == [["1", "10.0.0.9"], ["2", "127.0.0.1", "alice"]]


def _expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in ALERTS)
    yield from (target["expr"] for panel in PANELS for target in panel["targets"])
    yield from (each["definition"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query")


def test_every_metric_that_is_named_exists() -> None:
    """In alerts, dashboard and the alerts' tests: those of the bridge, and those of its process."""
    shown = {line.split()[2] for line in Metrics().render().decode().splitlines() if line.startswith("# TYPE ")}
    text = "\n".join(_expressions()) + TESTS.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:ltb|process)_[a-z_]+", text))
    assert {name for name in named if name not in shown and _ENDINGS.sub("", name) not in shown} == set()


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_the_dashboard_shows_what_alerts_go_by(alert: dict[str, Any]) -> None:
    """Whoever is woken sees since when."""
    shown = "\n".join(target["expr"] for panel in PANELS for target in panel["targets"])
    assert [name for name in re.findall(r"\bltb_\w+", alert["expr"]) if f"{name}{{" not in shown] == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_can_be_read(panel: dict[str, Any]) -> None:
    """A title, a word on what it shows, a unit, queries with legends; the data source is a variable."""
    assert panel["title"] and panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for asked in (panel, *panel["targets"]):
        assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert target["expr"] and target["legendFormat"]
        # Every metric is of the chosen job and bridge, or a dashboard for two of them mixes both.
        metrics = re.findall(r"\b(?:ltb_\w+|process_\w+|up)\b(?=[{[)])", target["expr"])
        assert metrics
        assert target["expr"].count('job=~"$job", instance=~"$instance"') == len(metrics)


def test_the_dashboard_is_one() -> None:
    """Ids are unique, nothing overlaps, and each variable that is used is there."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    covered: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not covered & cells
        covered |= cells
    there = {each["name"] for each in DASHBOARD["templating"]["list"]}
    used = {name for text in (*_expressions(), "${datasource}") for name in re.findall(r"\$\{?(\w+)", text)}
    assert used - {"__rate_interval", "__interval"} == there
