"""What docs/workloads.md shows of bridge.yaml is what the program takes."""

from pathlib import Path

import pytest

from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.tokens.signed import MAX_SIGNED
from ldap_token_bridge.yamlfile import read_document
from tests.support.documents import Block, document
from tests.support.settings_file import write_settings

PAGE = document("docs/workloads.md")
SETTINGS = [block for block in PAGE.blocks if block.language == "yaml" and block.text.startswith("workloads:")]


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_the_issuers_that_are_shown_are_good(block: Block, tmp_path: Path) -> None:
    """As they stand there, below the shortest good file."""
    issuers = read_document(block.text, str(block)).value["workloads"]
    path = write_settings(tmp_path)
    path.write_text(path.read_text() + block.text)
    assert load_settings(path, {}).workloads.keys() == issuers.keys() == {"gitlab", "github", "prod"}


def test_the_size_of_a_token_is_the_one_that_is_told() -> None:
    """In the table of what a token must be."""
    assert f"{MAX_SIGNED} bytes" in PAGE.section("What a token must be")
