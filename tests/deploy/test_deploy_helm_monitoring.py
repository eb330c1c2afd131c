"""The chart's alerts go by the job that its ServiceMonitor gives, so that releases do not disturb each other."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.documents import ROOT
from tests.support.helm_chart import only, template
from tests.support.helm_values import FULL, Values, merged
from tests.support.process import require

_PROMTOOL = "/usr/bin/promtool"


class Release:
    """What the chart makes for the Prometheus operator."""

    def __init__(self, changes: Values, *arguments: str) -> None:
        things = template(merged(FULL, changes), *arguments)
        self.rules: dict[str, Any] = only(things, "PrometheusRule")["spec"]
        (endpoint,) = only(things, "ServiceMonitor")["spec"]["endpoints"]
        (relabeling,) = endpoint["relabelings"]
        # Without a source and a regex the replacement is put in as it stands.
        assert relabeling.keys() == {"targetLabel", "replacement"}
        assert relabeling["targetLabel"] == "job"
        self.job = str(relabeling["replacement"])


Releases = tuple[Release, Release, Release]


@pytest.fixture(scope="module")
def releases() -> Releases:
    """Of the same name in two namespaces, and one that is called otherwise."""
    return Release({}), Release({}, "--namespace", "others"), Release({"nameOverride": "tokens"})


def judge(folder: Path, releases: tuple[Release, ...], series: Values, fired: list[tuple[str, Release]]) -> str:
    """What promtool says to `series`: SUCCESS if after some time those alerts have come, each for one release."""
    require(_PROMTOOL)
    for number, release in enumerate(releases):
        (folder / f"{number}.yaml").write_text(yaml.safe_dump(release.rules))
    samples = [{"labels": f'{{alertname="{alert}", job="{release.job}"}}', "value": 1} for alert, release in fired]
    test = {
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname, job) (ALERTS{alertstate="firing"})',
                "eval_time": "30m",
                "exp_samples": samples,
            }
        ],
    }
    files = [f"{number}.yaml" for number, _ in enumerate(releases)]
    (folder / "test.yaml").write_text(yaml.safe_dump({"rule_files": files, "tests": [test]}))
    command = [_PROMTOOL, "test", "rules", "test.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
    return done.stdout + done.stderr


def healthy(release: Release, policy: str, key: str) -> dict[str, str]:
    """A bridge of that release."""
    labels = f'job="{release.job}", instance="a"'
    return {
        f"up{{{labels}}}": "1x40",
        f"ltb_build_info{{{labels}}}": "1x40",
        f'ltb_policy_info{{{labels}, hash="{policy}"}}': "1x40",
        f'ltb_signing_key_not_after_seconds{{{labels}, kid="{key}"}}': "315360000x40",
    }


def test_each_release_has_a_job_of_its_own(releases: Releases) -> None:
    """By its namespace and its name."""
    assert [each.job for each in releases] == [
        "registries/registry-ldap-token-bridge",
        "others/registry-ldap-token-bridge",
        "registries/registry-tokens",
    ]


def test_one_release_that_is_gone_is_told(releases: Releases, tmp_path: Path) -> None:
    """The other one that runs hides nothing, and no alert of its own comes."""
    first, second, _ = releases
    series = {**healthy(first, "p", "k"), **healthy(second, "p", "k"), f'up{{job="{first.job}", instance="a"}}': "0x40"}
    told = judge(tmp_path, (first, second), series, [("LdapTokenBridgeDown", first), ("LdapTokenBridgeGone", first)])
    assert "SUCCESS" in told, told


def test_releases_may_differ(releases: Releases, tmp_path: Path) -> None:
    """In policies and keys: that is a fault among the bridges of one release alone."""
    first, second, _ = releases
    told = judge(tmp_path, (first, second), {**healthy(first, "p", "k"), **healthy(second, "q", "l")}, [])
    assert "SUCCESS" in told, told


def test_another_name_keeps_no_alert_away(releases: Releases, tmp_path: Path) -> None:
    """With `nameOverride` one bridge of two is down: that is told, and not that all are gone."""
    *_, renamed = releases
    series = {**healthy(renamed, "p", "k"), f'up{{job="{renamed.job}", instance="b"}}': "0x40"}
    told = judge(tmp_path, (renamed,), series, [("LdapTokenBridgeDown", renamed)])
    assert "SUCCESS" in told, told


def test_the_alerts_are_those_of_prometheus(releases: Releases) -> None:
    """Not one more or less, with the address of the runbook put in."""
    ours = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(ours).replace("docs/runbook.md", "https://wiki.corp.example.com/runbook")
    for release in releases:
        theirs = yaml.safe_dump(release.rules).replace(release.job, "ldap-token-bridge")
        assert yaml.safe_load(theirs) == yaml.safe_load(text)
