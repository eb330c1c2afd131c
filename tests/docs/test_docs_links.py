"""Whatever the documents point at is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.documents import ROOT, Document, document, documents

ALL = documents()
# Paths that belong to the project by their first folder, and files by their ending.
_OURS = re.compile(r"(?:ldap_token_bridge|tests|docs|config|deploy|\.ci)/[\w./-]*|[\w./-]*/[\w.-]+\.(?:py|md|service)")


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Document) -> None:
    """To a file that exists, and to a heading that it has."""
    broken = [link for link in page.links if "://" not in link and not _leads_somewhere(page, link)]
    assert broken == []


def _leads_somewhere(page: Document, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.path.parent / path).resolve() if path else page.path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or (target.suffix == ".md" and anchor in Document(target).anchors)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Document) -> None:
    """From the top of the project or of the package; a test by `file::name` is there, too."""
    missing = [code for code in page.code if not _exists(code)]
    assert missing == []


def _exists(code: str) -> bool:
    path, _, test = code.partition("::")
    if not _OURS.fullmatch(path):
        return True
    found = next((folder / path for folder in (ROOT, ROOT / "ldap_token_bridge") if (folder / path).exists()), None)
    return found is not None and (not test or test in _functions(found))


def _functions(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_page_can_be_found_from_the_readme() -> None:
    """No page of docs/ stands there unread."""
    links = {link.partition("#")[0] for link in document("README.md").links}
    pages = {page.name for page in ALL if page.name.startswith("docs/")}
    assert pages <= links


def test_every_threat_has_its_test() -> None:
    """Each row of the table names the test that holds it."""
    rows = [line for line in document("docs/security.md").section("Threats").splitlines() if line.startswith("| ")][1:]
    assert rows
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py::test_\w+` \|$", row)] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    """Each with its context, the decision and the consequence."""
    text = document("docs/decisions.md").text
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    for part in ("Context", "Decision", "Consequence"):
        assert text.count(f"\n**{part}.** ") == len(numbers)
