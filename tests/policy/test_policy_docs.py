"""What docs/policy.md shows can be copied."""

import re
from pathlib import Path

import pytest

from ldap_token_bridge.policy import parse_policy
from tests.support.policies import HEAD, granted, policy, user

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
# Files of other programs begin with their names: .github/…, .gitlab-ci.yml.
EXAMPLES = re.findall(r"```yaml\n(?!# \.git)(.*?)```", PAGE, re.DOTALL)
ROWS = re.findall(
    r"^\| `([^`]+)` \| ((?:`[^`]+`(?:, )?)+) \| (.*) \|$", PAGE.partition("### Patterns")[2], re.MULTILINE
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_load(example: str) -> None:
    """Each example is a policy as it stands, but for the version and, where it has none, the groups."""
    head = "version: 1\n" if "groups:" in example and "tests:" not in example else HEAD
    head = "version: 1\n" if "families:\n" in example else head
    head = "" if "version:" in example else head
    assert parse_policy([("docs/policy.md", head + example)]).hash


@pytest.mark.parametrize(("pattern", "matching", "others"), ROWS)
def test_the_table_of_patterns_is_true(pattern: str, matching: str, others: str) -> None:
    """Every name in the table, in both columns."""
    rules = policy(f"allow:\n  - {{id: a, who: [anyone], repositories: ['{pattern}'], actions: [pull]}}\n")
    for name in re.findall("`([^`]+)`", matching):
        assert granted(rules, user(), name), name
    for name in re.findall("`([^`]+)`", others):
        assert not granted(rules, user(), name), name


def test_the_page_has_examples() -> None:
    """The expressions above still find something."""
    assert len(EXAMPLES) >= 8
    assert len(ROWS) >= 6
