"""Values of a request: the same in both kinds, and nobody writes to one."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_USE = """
from dataclasses import FrozenInstanceError, field, replace
from ldap_token_bridge.values import dataclass

@dataclass(frozen=True, slots=True)
class Plain:
    one: int
    two: str = field(default="b", repr=False)

@dataclass(frozen=True, slots=True, eq=False)
class Itself:
    one: int

@dataclass(frozen=True, slots=True)
class Own:
    one: int
    made: int = field(init=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "made", self.one + 1)

    def __hash__(self):
        return 7

@dataclass(frozen=True, slots=True)
class More(Plain):
    three: str = "'c'"

    @dataclass(frozen=True)
    class Inner:
        pass

@dataclass(frozen=True, slots=True)
class Spoken:
    one: int

    def __repr__(self):
        return "spoken"

@dataclass(frozen=True, slots=True, repr=False)
class Silent(Spoken):
    two: int = 0

@dataclass(slots=True)
class Changing:
    one: int

plain, own, changing = Plain(1), Own(1), Changing(1)
changing.one = 2
print(plain, plain == Plain(1), plain == Plain(2), hash(plain) == hash(Plain(1)), {plain: 1}[Plain(1)])
print(replace(plain, one=3).one, Itself(1) == Itself(1), len({Itself(1), Itself(1)}), hash(own), own.made, changing)
print(hasattr(plain, "__dict__"), Changing.__hash__)
print(More(1), More.Inner(), Spoken(1), Silent(1), replace(More(1), three=(own,)))
"""
_WRITE = """
try:
    plain.one = 5
except FrozenInstanceError:
    print("frozen")
"""


@pytest.mark.parametrize("mode", [[], ["-X", "dev"]])
def test_values_are_the_same_in_both_kinds(mode: list[str]) -> None:
    """They compare, hash, print and are replaced alike; only the time differs, and who guards the fields."""
    done = subprocess.run(
        [sys.executable, *mode, "-c", _USE + _WRITE], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "Plain(one=1) True False True 1",
        "3 False 2 7 2 Changing(one=2)",
        "False None",
        """More(one=1, three="'c'") More.Inner() spoken spoken More(one=1, three=(Own(one=1, made=2),))""",
        *(["frozen"] if mode else []),
    ]


def test_mypy_finds_whoever_writes_to_one(tmp_path: Path) -> None:
    """In a value of each room that has them."""
    fields = (
        "deadline.Deadline.at",
        "identity.Account.name",
        "registry.Access.name",
        "ldap.SearchRequest.base",
        "policy.Question.service",
        "directory.Person.account",
        "token_service.TokenRequest.account",
        "settings.Settings.policy",
    )
    text = ""
    for number, path in enumerate(fields):
        kind, _, field = path.rpartition(".")
        room, _, name = kind.partition(".")
        text += f"from ldap_token_bridge.{room} import {name}\n"
        text += f"def write_{number}(it: {name}, other: {name}) -> None:\n    it.{field} = other.{field}\n"
    written = tmp_path / "written.py"
    written.write_text(text)
    command = [sys.executable, "-m", "mypy", str(written)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.count("is read-only") == len(fields), done.stdout + done.stderr
