"""Characters that the output's encoding lacks: no command ends over them, and JSON stays JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_GROUP = "CN=Plattförm Żółw,OU=Groups,DC=corp,DC=example,DC=com"
_POLICY = f"""\
version: 1
groups: {{platform: "{_GROUP}"}}
allow:
  - {{id: base, who: ["group:platform", "user:jürgen"], repositories: [base/**], actions: [pull]}}
tests:
  - {{user: jürgen, can: [pull base/x]}}
"""
_ENCODINGS = [
    {"PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C"},
]
_COMMANDS = [
    ["policy", "check", "żółw.yaml"],
    ["policy", "who-can", "pull", "base/x", "--policy", "żółw.yaml"],
    ["policy", "explain", "--user", "jürgen", "--group", "platform", "repository:base/x:pull", "--policy", "żółw.yaml"],
]


def _environment(**changes: str) -> dict[str, str]:
    without = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}
    return without | changes


@pytest.mark.parametrize("arguments", _COMMANDS, ids=lambda words: words[1])
@pytest.mark.parametrize("variables", _ENCODINGS, ids=str)
def test_text_and_json(tmp_path: Path, arguments: list[str], variables: dict[str, str]) -> None:
    """A file, a group and a person with letters that Latin-1 has, and has not."""
    (tmp_path / "żółw.yaml").write_text(_POLICY, "utf-8")
    command, encoding = (
        [sys.executable, "-m", "ldap_token_bridge", *arguments],
        variables.get("PYTHONIOENCODING", "utf-8"),
    )
    for more in ([], ["--format", "json"]):
        done = subprocess.run(
            [*command, *more], cwd=tmp_path, env=_environment(**variables), capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b""), done.stderr
        if more:
            json.loads(done.stdout.decode(encoding))
