"""`policy diff --replay`: the audit trail of a real bridge, put to two policies."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from tests.support.bridge import POLICY, RunningBridge, openldap
from tests.support.slapd import Slapd

# Teams may no longer push, and everybody may delete in the public space.
NEXT = POLICY.replace(
    'repositories: ["{team}/**"], actions: [pull, push]', 'repositories: ["{team}/**"], actions: [pull]'
).replace(
    'who: [anyone], repositories: ["public/**"], actions: [pull]',
    'who: [anyone], repositories: ["public/**"], actions: [pull, delete]',
)


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd) -> Iterator[RunningBridge]:
    """A bridge at which bob pushes, alice does what stays hers, and somebody unknown pulls what is public."""
    directory = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(tmp_path / "bridge", directory)
    # asyncio tells developers of each slow step, in a line that is no JSON: a busy machine would have one in the trail.
    bridge.as_people_run_it()
    with bridge:
        for _ in range(3):
            assert bridge.get("repository:team-a/app:pull,push", login="bob").status == 200
        assert bridge.get("repository:team-a/app:push", login="alice").status == 200
        assert bridge.get("repository:public/x:pull,delete").status == 200
        assert bridge.get(login="bob", password="Canary-that-is-wrong").status == 401
        yield bridge


def run(bridge: RunningBridge, *options: str, more: str = "") -> Result:
    """The command on the bridge's own log, which holds other lines, too."""
    trail, following = bridge.folder / "audit.jsonl", bridge.folder / "next.yaml"
    trail.write_text(bridge.log_text() + more)
    following.write_text(NEXT)
    command = ["policy", "diff", "--replay", str(trail), *options, str(bridge.policy), str(following)]
    return CliRunner().invoke(root, command)


def test_a_trail_with_the_directorys_groups(bridge: RunningBridge) -> None:
    """Who gains and loses what, how often, and by which rules."""
    result = run(bridge, "-c", str(bridge.settings), "--format", "json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["requests"] == 5
    assert not told["not_decided"]
    by_account = {each["account"]: each for each in told["changes"]}
    assert set(by_account) == {"bob", None}
    assert by_account["bob"]["requests"] == 3
    assert by_account["bob"]["lost"] == ["repository:team-a/app:push"]
    assert by_account["bob"]["rules_before"] == ["team-write"]
    assert by_account[None]["gained"] == ["repository:public/x:delete"]
    shown = run(bridge, "-c", str(bridge.settings)).stdout
    assert "5 requests, 4 with another outcome." in shown


def test_without_the_directory_nothing_is_guessed(bridge: RunningBridge) -> None:
    """People are named as not decided; and a gate stays shut."""
    result = run(bridge)
    assert result.exit_code == 0
    assert "Not decided, for want of their groups: alice, bob." in result.stdout
    assert "1 with another outcome" in result.stdout


def test_a_gate_is_shut_by_a_gain_and_by_what_is_not_known(bridge: RunningBridge) -> None:
    """`--no-new-access` exits with 1."""
    assert run(bridge, "--no-new-access", "-c", str(bridge.settings)).exit_code == 1
    same = [str(bridge.policy), str(bridge.policy)]
    trail = bridge.folder / "audit.jsonl"
    gate = ["policy", "diff", "--no-new-access", "--replay", str(trail)]
    assert CliRunner().invoke(root, [*gate, "-c", str(bridge.settings), *same]).exit_code == 0
    assert CliRunner().invoke(root, [*gate, *same]).exit_code == 1


def test_lines_that_cannot_be_read_are_told(bridge: RunningBridge) -> None:
    """With their number; the others count."""
    result = run(bridge, "-c", str(bridge.settings), more='{"event":"token-request","outcome":"issued"}\n')
    assert "was left out: it is no audit line of this program" in result.stderr
    assert "5 requests" in result.stdout


def test_a_trail_that_is_not_there(bridge: RunningBridge) -> None:
    """Told as a wrong argument."""
    command = ["policy", "diff", "--replay", "nowhere.jsonl", str(bridge.policy), str(bridge.policy)]
    assert CliRunner().invoke(root, command).exit_code == 2


def test_a_trail_without_a_request_proves_nothing(bridge: RunningBridge, tmp_path: Path) -> None:
    """It is told, and a gate stays shut: it would have been open for any change."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"event":"listening"}\n\n')
    command = ["policy", "diff", "--replay", str(log), str(bridge.policy), str(bridge.policy)]
    result = CliRunner().invoke(root, command)
    assert result.exit_code == 0
    assert "nothing was compared" in result.stderr
    assert CliRunner().invoke(root, [*command, "--no-new-access"]).exit_code == 1
