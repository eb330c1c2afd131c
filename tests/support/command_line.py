"""The program's other commands, for what a test sets up as people do."""

from click.testing import CliRunner

from ldap_token_bridge.cli import root


def output(*arguments: str, **environment: str) -> str:
    """Standard output of a command that comes to a good end."""
    result = CliRunner().invoke(root, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout
