"""Changed files are taken up without a signal, in whatever way they are saved; a shadow policy decides nothing."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.serve.watch import Watch
from tests.support.bridge import RunningBridge, openldap
from tests.support.http import request
from tests.support.process import free_port
from tests.support.slapd import Slapd

POLL = "500ms"
_PATIENCE = 30


def rule(name: str) -> str:
    """A policy by which anyone may pull below `name`."""
    return f'version: 1\nallow:\n  - {{id: {name}, who: [anyone], repositories: ["{name}/**"], actions: [pull]}}\n'


def down() -> dict[str, Any]:
    """A directory that does not answer: tokens for anyone need none."""
    return openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come."""
    give_up = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < give_up, "it has not happened"
        time.sleep(0.05)


def reloads(bridge: RunningBridge, result: str) -> float:
    """How many there were."""
    found = re.search(rf'^ltb_reloads_total\{{result="{result}"\}} (\S+)$', bridge.metrics(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def decides_by(bridge: RunningBridge, name: str) -> bool:
    """Whether the policy of that name is in force."""
    return bridge.get("repository:one/x:pull", "repository:two/x:pull").access == {f"{name}/x": ["pull"]}


def logged(bridge: RunningBridge, event: str) -> list[dict[str, Any]]:
    """The log's lines of that event."""
    lines = (json.loads(line) for line in bridge.log_text().splitlines())
    return [line for line in lines if line["event"] == event]


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[RunningBridge]:
    """A bridge with the policy `one`, which is looked at often."""
    sections = {"policy": {"path": "policy.yaml", "poll": POLL}}
    with RunningBridge(tmp_path / "bridge", down(), policy=rule("one"), sections=sections) as bridge:
        assert decides_by(bridge, "one")
        yield bridge


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _write_with_old_time(path: Path, text: str) -> None:
    """As `cp --preserve` and `rsync --times` do it."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _rename_over(path: Path, text: str) -> None:
    path.with_name(".policy.yaml.new").write_text(text)
    path.with_name(".policy.yaml.new").rename(path)


def _delete_and_write(path: Path, text: str) -> None:
    path.unlink()
    time.sleep(0.6)
    path.write_text(text)


@pytest.mark.parametrize("save", [_write, _write_with_old_time, _rename_over, _delete_and_write])
def test_a_saved_policy_is_taken_up(bridge: RunningBridge, save: Callable[[Path, str], None]) -> None:
    """Without a signal; hash, metrics and log as by one."""
    save(bridge.policy, rule("two"))
    until(lambda: decides_by(bridge, "two"))
    assert reloads(bridge, "ok") == 1
    (line,) = logged(bridge, "reloaded")
    assert (line["by"], line["changed"]) == ("content", ["policy"])
    assert f'ltb_policy_info{{hash="{line["policy"]}"}} 1.0' in bridge.metrics()


def test_the_log_says_how_large_the_policy_is_and_what_has_changed(bridge: RunningBridge) -> None:
    """At the start and at each reload; a policy that had tests and has none any more may have been cut short."""
    tests = "tests:\n  - {anonymous: true, can: [pull one/x, pull one/y]}\n"
    bridge.policy.write_text(rule("one") + tests)
    assert bridge.reload()
    bridge.policy.with_name("next.yaml").write_text(rule("two"))
    bridge.sections["policy"]["shadow"] = "next.yaml"
    bridge.write_settings()
    assert bridge.reload()
    assert not logged(bridge, "the policy has no tests any more")
    bridge.policy.write_text(rule("one"))
    assert bridge.reload()
    (start,) = logged(bridge, "listening")
    assert (start["rules"], start["tests"]) == (1, 0)
    told = [(line["rules"], line["tests"], line["changed"]) for line in logged(bridge, "reloaded")]
    assert told == [(1, 1, ["policy"]), (1, 1, ["shadow", "settings"]), (1, 0, ["policy"])]
    (warning,) = logged(bridge, "the policy has no tests any more")
    assert (warning["level"], warning["before"]) == ("warning", 1)


def test_what_was_refused_counts_as_changed_when_it_is_mended(bridge: RunningBridge) -> None:
    """The line is held against what was in force."""
    bridge.policy.write_text("half of it")
    assert not bridge.reload()
    bridge.policy.write_text(rule("one"))
    assert bridge.reload()
    bridge.policy.write_text(rule("two"))
    assert bridge.reload()
    assert [line["changed"] for line in logged(bridge, "reloaded")] == [[], ["policy"]]


def test_a_config_map_is_taken_up(tmp_path: Path) -> None:
    """The kubelet writes a new folder, points `..data` to it by a rename, and deletes the old one."""
    mount = tmp_path / "mount"

    def publish(stamp: str, **files: str) -> None:
        (mount / stamp).mkdir(parents=True)
        for name, text in files.items():
            (mount / stamp / f"{name}.yaml").write_text(text)
            if not (mount / f"{name}.yaml").is_symlink():
                (mount / f"{name}.yaml").symlink_to(Path("..data") / f"{name}.yaml")
        old = (mount / "..data").resolve() if (mount / "..data").is_symlink() else None
        (mount / "..data_tmp").symlink_to(stamp)
        (mount / "..data_tmp").rename(mount / "..data")
        if old:
            shutil.rmtree(old)
        for link in mount.glob("*.yaml"):
            if link.stem not in files:
                link.unlink()

    publish("..2026_01_01", policy=rule("one"))
    sections = {"policy": {"path": str(mount), "poll": POLL}}
    with RunningBridge(tmp_path / "bridge", down(), sections=sections) as bridge:
        assert decides_by(bridge, "one")
        publish("..2026_01_02", policy=rule("two"))
        until(lambda: decides_by(bridge, "two"))
        publish("..2026_01_03", policy=rule("two"), more=rule("one"))
        until(lambda: len(bridge.get("repository:one/x:pull", "repository:two/x:pull").access) == 2)
        publish("..2026_01_04", more=rule("one"))
        until(lambda: decides_by(bridge, "one"))
        assert reloads(bridge, "failed") == 0


def test_a_bad_policy_is_told_once(bridge: RunningBridge) -> None:
    """The last good one stays, readiness says why, and the next look does not say it again; a good one is taken up."""
    bridge.policy.write_text(rule("two").replace("pull", "pulll"))
    until(lambda: reloads(bridge, "failed") == 1)
    time.sleep(2)  # four looks more
    assert reloads(bridge, "failed") == 1
    assert bridge.log_text().count("the reload was refused") == 1
    assert decides_by(bridge, "one")
    assert "'pulll' is no action" in request(f"http://127.0.0.1:{bridge.admin_port}/readyz?verbose").json["last_reload"]
    bridge.policy.write_text(rule("two"))
    until(lambda: decides_by(bridge, "two"))
    assert "ltb_last_reload_successful 1.0" in bridge.metrics()


def test_settings_that_are_being_edited_wait_for_a_signal(bridge: RunningBridge) -> None:
    """bridge.yaml does not matter for a change of the policy, good or bad."""
    bridge.settings.write_text("half of it")
    bridge.policy.write_text(rule("two"))
    until(lambda: decides_by(bridge, "two"))
    assert not bridge.reload()
    assert decides_by(bridge, "two")


def test_a_signal_is_not_followed_by_a_second_reload(bridge: RunningBridge) -> None:
    """What SIGHUP has taken up, or refused, is not taken up again."""
    bridge.policy.write_text(rule("two"))
    assert bridge.reload()
    bridge.policy.write_text("version: 1\nallow: [")
    assert not bridge.reload()
    time.sleep(2)  # four looks
    assert (reloads(bridge, "ok"), reloads(bridge, "failed")) == (1, 1)


def test_polling_can_be_turned_off_and_on(bridge: RunningBridge) -> None:
    """By the settings, at SIGHUP."""
    bridge.sections["policy"]["poll"] = "off"
    bridge.write_settings()
    assert bridge.reload()
    bridge.policy.write_text(rule("two"))
    time.sleep(2)
    assert decides_by(bridge, "one")
    bridge.sections["policy"]["poll"] = POLL
    bridge.write_settings()
    assert bridge.reload()
    assert decides_by(bridge, "two")
    bridge.policy.write_text(rule("one"))
    until(lambda: decides_by(bridge, "one"))


def test_a_new_policy_forgets_no_groups_and_no_decision_outlives_it(tmp_path: Path, slapd: Slapd) -> None:
    """The directory is not asked again, and the very next request is decided by the new policy."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    sections = {"policy": {"path": "policy.yaml", "poll": POLL}}
    with RunningBridge(tmp_path / "bridge", settings, sections=sections) as bridge:
        assert bridge.get("repository:team-a/x:push", login="bob").access == {"team-a/x": ["push"]}
        lost = 'deny:\n  - {id: d, who: [signed-in], repositories: ["team-a/**"], actions: [push]}\n  - {'
        bridge.policy.write_text(bridge.policy.read_text().replace("deny:\n  - {", lost))
        until(lambda: reloads(bridge, "ok") == 1)
        assert bridge.get("repository:team-a/x:push,pull", login="bob").access == {"team-a/x": ["pull"]}
        assert bridge.audit()[-1]["cache"] == "hit"
        searches = re.findall(
            r'^ltb_cache_lookups_total\{cache="groups",result="miss"\} (\S+)', bridge.metrics(), re.MULTILINE
        )
        assert searches == ["1.0"]


def test_a_file_is_taken_up_when_it_has_come_to_rest() -> None:
    """Half of a policy can be a whole one without its deny rules, so what changes from look to look is left alone."""
    content = "one"
    watch = Watch(lambda: {"policy": content})
    for content, changed in (("one", False), ("half", False), ("two", False), ("two", True), ("two", True)):  # noqa: B007 -- the lambda reads it
        assert watch.changed() is changed
    still = watch.take()
    assert still()
    assert not watch.changed()
    content = "three"
    assert not still()
    assert [watch.changed(), watch.changed()] == [False, True]
