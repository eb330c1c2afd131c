"""What is put out of the collector's sight, in a process of its own: the collector is everybody's."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PRELUDE = """
import gc
from ldap_token_bridge.serve.unnoticed import unnoticed

class Cycle:
    def __init__(self):
        self.it = self

def read(objects):
    with unnoticed():
        return [[] for _ in range(objects)]

first = read(10)
frozen = gc.get_freeze_count()
assert frozen > 1_000, "all that a start has made"
"""


def run(script: str) -> str:
    """What it prints."""
    command = [sys.executable, "-c", _PRELUDE + script]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout


def test_a_small_policy_is_left_to_the_collector() -> None:
    """Reloads come again and again, and what they would freeze beside it is never looked at again."""
    assert run("for _ in range(50): Cycle(); read(1_000)\nprint(gc.get_freeze_count() <= frozen)") == "True\n"


@pytest.mark.parametrize("reloads", [1, 40])
def test_what_a_large_policy_freezes_beside_it_is_let_go_in_the_end(reloads: int) -> None:
    """Garbage of the moment stays for a while, but not of all reloads: a fifth of everything at most."""
    script = f"""
for number in range({reloads}):
    for _ in range(3_000): Cycle()
    kept = read(100_000)
print(gc.get_freeze_count() > 100_000)
gc.freeze()
before = gc.get_freeze_count()
gc.unfreeze()
print(gc.collect() <= 0.25 * before)
"""
    assert run(script) == "True\nTrue\n"
