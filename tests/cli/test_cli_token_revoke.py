"""`token revoke`: what it says of names that may revoke nothing."""

from pathlib import Path

import click.testing
import pytest
from click.testing import CliRunner

from ldap_token_bridge.cache import FileRevocations, start_revocations
from ldap_token_bridge.cli import root
from tests.support.settings_file import write_settings


def _revoke(settings: Path, account: str) -> click.testing.Result:
    return CliRunner().invoke(root, ["token", "revoke", "--account", account, "-c", str(settings)])


@pytest.mark.parametrize("name", ["alice@corp.example.com", "CORP\\alice"])
def test_a_name_for_the_login_is_refused(tmp_path: Path, name: str) -> None:
    """Tokens hold the account: such a name would revoke nothing, and be told as a success."""
    settings = write_settings(tmp_path)
    start_revocations(tmp_path / "revoked.json")
    result = _revoke(settings, name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "as tokens and the audit trail show it" in result.stderr
    assert "ldap-token-bridge whoami NAME" in result.stderr
    assert not FileRevocations(tmp_path / "revoked.json").list.accounts


def test_an_address_is_taken_where_accounts_are_addresses(tmp_path: Path) -> None:
    """`users.account: userPrincipalName`: there is no other name."""
    settings = write_settings(tmp_path, directory__users={"account": "userPrincipalName"})
    start_revocations(tmp_path / "revoked.json")
    assert _revoke(settings, "alice@corp.example.com").exit_code == 0
    assert list(FileRevocations(tmp_path / "revoked.json").list.accounts) == ["alice@corp.example.com"]


def test_nothing_proves_that_there_is_such_an_account(tmp_path: Path) -> None:
    """A mistyped name must not be told as a success."""
    start_revocations(tmp_path / "revoked.json")
    result = _revoke(write_settings(tmp_path), "alcie")
    assert result.exit_code == 0
    assert "Every refresh token of alcie is revoked, if there is such an account" in result.stdout
    assert "whoami NAME" in result.stdout
