"""Tables on terminals: whatever the width, nothing is cut and no column is lost."""

import sys

import click
import pytest

from ldap_token_bridge.cli.table import print_table

_HEAD = ("robot", "state", "owner", "until", "networks")
_ROWS = [
    ("ci-deployer", "active", "team-a", "2026-12-22", "anywhere"),
    ("nightly", "revoked", "team-b", "2027-01-02", "10.20.0.0/16, 10.30.0.0/16, 2001:db8::/32"),
]


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
def test_a_narrow_terminal(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell can be read, on several lines if need be: a name that is folded away is no list of robots."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(_HEAD, _ROWS)
    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= columns
    letters = sorted("".join(lines).translate(str.maketrans("", "", " ─")))
    assert letters == sorted("".join(word for row in (_HEAD, *_ROWS) for word in row).replace(" ", ""))


def test_short_columns_stay_whole_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A long DN is folded, and the short words beside it are not."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(("group", "reached"), [("CN=Platform,OU=Groups," * 6, "by the primary group")])
    assert "by the primary group" in capsys.readouterr().out
