"""What `serve` carries around: memory that each bridge takes for as long as it runs, and time at each start."""

import sys
from pathlib import Path

from tests.support.bridge import RunningBridge, openldap
from tests.support.slapd import Slapd

# The command itself, and at its end the names of all modules that it has loaded.
PROGRAM = """
import atexit, pathlib, sys
atexit.register(lambda: pathlib.Path("{file}").write_text("\\n".join(sys.modules)))
from ldap_token_bridge.cli import main
main()
"""
# For people at a terminal, for other settings than these, or for a table of values that nobody asks for.
LIBRARIES = {"argon2", "dns", "ldap3", "limits", "opentelemetry", "pyasn1", "pygments", "redis", "rich"}
# What commands do with a policy, with the files before a start, with people and tokens, and with files of secrets.
TOOLS = {
    "checkup": ("admin_client", "doctor", "exchange", "expand", "many", "offline", "person", "token_client", "whoami"),
    "policy": ("docker_auth", "explain", "obstacles", "proof.diff", "replay", "what_can", "who_can"),
    "robots": ("edit",),
    "settings": ("reference",),
    "tokens": ("generate", "install", "listing", "rotate"),
}


def test_serve_loads_nothing_that_only_other_commands_need(slapd: Slapd, tmp_path: Path) -> None:
    """From its start over a login to its end."""
    loaded = tmp_path / "modules"
    bridge = RunningBridge(tmp_path / "bridge", openldap(slapd.url, slapd.base, slapd.bind_dn))
    start = bridge.command.index("-m")
    bridge.command = (sys.executable, "-c", PROGRAM.format(file=loaded), *bridge.command[start + 2 :])
    with bridge:
        assert bridge.get("repository:users/alice/app:pull", login="alice").status == 200
    names = set(loaded.read_text().splitlines())
    assert {"aiohttp.web", "ldap_token_bridge.serve.bridge", "ldap_token_bridge.policy.engine"} < names
    assert {name for name in names if name.partition(".")[0] in LIBRARIES} == set()
    assert names.isdisjoint(f"ldap_token_bridge.{room}.{tool}" for room, tools in TOOLS.items() for tool in tools)


def test_the_tools_are_there() -> None:
    """What the test above looks out for has kept its names."""
    package = Path(__file__).parents[2] / "ldap_token_bridge"
    for room, tools in TOOLS.items():
        for tool in tools:
            path = package / room / tool.replace(".", "/")
            assert path.is_dir() or path.with_name(f"{path.name}.py").is_file(), tool
