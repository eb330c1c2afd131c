"""`schema`: the JSON Schema of bridge.yaml on stdout."""

import json

from click.testing import CliRunner

from ldap_token_bridge.cli import root
from ldap_token_bridge.settings.reference import bridge_schema, settings_page


def test_the_schema() -> None:
    """The schema and nothing else, so that it can be sent into a file."""
    result = CliRunner().invoke(root, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == bridge_schema()


def test_the_page() -> None:
    """The table of all settings."""
    result = CliRunner().invoke(root, ["schema", "--format", "markdown"])
    assert result.exit_code == 0
    assert result.stdout == settings_page()
