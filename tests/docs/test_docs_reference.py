"""What docs/operations.md lists is what the code has: metrics, fields of the audit line, reasons, messages."""

import ast
import inspect
import re
from types import ModuleType

import pytest

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.observe import Metrics, audit
from ldap_token_bridge.tokens import RefreshRefusal
from ldap_token_bridge.web import DEFAULT_MESSAGES, answers, token_endpoint, trail
from ldap_token_bridge.workloads import WorkloadRefusal
from tests.support.documents import ROOT, column, document, documents

OPERATIONS = document("docs/operations.md")


def _metrics() -> set[str]:
    """The names as Prometheus shows them, without those that Python itself brings along."""
    lines = Metrics().render().decode().splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# TYPE ltb_")}
    return {name for name in names if not name.endswith("_created")}


def test_every_metric_is_documented() -> None:
    """In the table, each once and none besides."""
    listed = [name for name in column(OPERATIONS.section("Metrics"), 0) if name.startswith("ltb_")]
    assert sorted(listed) == sorted(_metrics())


def test_every_metric_that_is_named_exists() -> None:
    """On any page, with the endings that Prometheus adds."""
    named = {name for page in documents() for name in re.findall(r"\bltb_[a-z_]+", page.text)}
    assert {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in named} <= _metrics()


def _keys_written(module: ModuleType, *functions: str) -> set[str]:
    """The keys of every dict that these functions of a module spell out."""
    tree = ast.parse(inspect.getsource(module))
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in functions]
    assert {node.name for node in bodies} == set(functions)
    dicts = [node for body in bodies for node in ast.walk(body) if isinstance(node, ast.Dict)]
    return {
        key.value for each in dicts for key in each.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def test_every_field_of_the_audit_line_is_documented() -> None:
    """Those that are always there, those of a decision, those that a request adds."""
    written = _keys_written(audit, "write_audit") | _keys_written(trail, "record", "_add_decided")
    written |= set(re.findall(r'\brecord\["(\w+)"\]', inspect.getsource(trail)))
    written |= set(re.findall(r'\bfields\["(\w+)"\]', inspect.getsource(token_endpoint)))
    assert set(column(OPERATIONS.section("The audit line"), 0)) == written


def test_the_example_of_an_audit_line_has_the_fields_of_an_issued_token() -> None:
    """All of them, in a line that could have been written."""
    (block,) = [block for block in OPERATIONS.blocks if block.language == "json"]
    fields = set(re.findall(r'"(\w+)":', block.text))
    rare = {"token_bytes", "shadow", "workload", "budget", "stale", "stale_seconds", "trace_id", "span_id"}
    assert fields == set(column(OPERATIONS.section("The audit line"), 0)) - rare


def test_every_log_line_that_is_explained_is_written() -> None:
    """The text stands in the code, word for word."""
    texts = {
        node.value
        for file in (ROOT / "ldap_token_bridge").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    explained = [text for text in column(OPERATIONS.section("The log"), 0) if text != "event"]
    assert explained
    assert [text for text in explained if text not in texts] == []


def _reasons() -> set[str]:
    of_the_table = {reason for _, reason, _ in answers._TABLE}
    refused = {str(refusal) for refusal in (*Refusal, *RefreshRefusal, *WorkloadRefusal)}
    return refused | of_the_table | {"ok", "too-many-scopes"}


def test_every_reason_is_documented() -> None:
    """With its status and what to do; and no other."""
    table = OPERATIONS.section("What each answer means").partition("\n| status ")[2]
    assert set(column(table, 1)) == _reasons()


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_state_of_an_account_is_told(refusal: Refusal) -> None:
    """docs/directories.md says where each comes from, and names none that comes from elsewhere."""
    told = document("docs/directories.md").section("The state of an account")
    elsewhere = refusal in (
        Refusal.NO_CREDENTIALS,
        Refusal.WRONG_NETWORK,
        Refusal.TOO_MANY_ATTEMPTS,
    ) or refusal.startswith(("robot-", "workload-"))
    assert (f"`{refusal}`" in told) is not elsewhere


@pytest.mark.parametrize("key", [str(key) for key in DEFAULT_MESSAGES])
def test_every_message_is_documented(key: str) -> None:
    """By the key that sets its text."""
    assert f"`{key}`" in OPERATIONS.section("What each answer means")


def test_every_warning_about_a_policy_is_documented() -> None:
    """Whoever meets one in a pipeline finds it on the policy's page."""
    lints = (ROOT / "ldap_token_bridge" / "policy" / "lint").glob("*.py")
    kinds = {kind for file in lints for kind in re.findall(r'Lint\(\s*"([a-z-]+)"', file.read_text())}
    assert len(kinds) > 5
    assert kinds <= set(re.findall(r"`([a-z-]+)`", (ROOT / "docs" / "policy.md").read_text()))


@pytest.mark.parametrize("key", [str(key) for key in DEFAULT_MESSAGES])
def test_every_sentence_can_be_looked_up(key: str) -> None:
    """Word for word, as somebody reads it in a terminal; what changes from one time to another is `…`."""
    table = document("docs/registries.md").section("The bridge's own sentences")
    sentence = DEFAULT_MESSAGES[key].replace("{wait}", "…")
    assert f"| `{sentence}` | `{key}` |" in table
