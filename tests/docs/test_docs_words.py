"""Words that must not stand in the project: where it was built, and where packages come from."""

import re
import subprocess

import pytest

from tests.support.documents import ROOT, documents

# Put together here, so that this file does not hold them itself.
_FOLDERS = ("work", "tmp/v")
_HOSTS = (
    "pypi org",
    "files pythonhosted org",
    "registry npmjs org",
    "crates io",
    "rubygems org",
    "proxy golang org",
)
_FORBIDDEN = [f"/{folder}/" for folder in _FOLDERS] + [host.replace(" ", ".") for host in _HOSTS]


def _files() -> list[str]:
    """What is or would be committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_package_index_is_promised() -> None:
    """The program is installed from a checkout: by its name alone somebody else's could come."""
    pages = {page.name: page.text for page in documents()}
    assert "pip install" in pages["README.md"]
    assert [
        name for name, text in pages.items() if re.search(r"pip install (\S+ )*['\"]?ldap-token-bridge", text)
    ] == []


@pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="no checkout, so nothing says which files belong to the project"
)
def test_no_forbidden_word_stands_anywhere() -> None:
    """In no file that belongs to the project."""
    files = _files()
    assert "README.md" in files
    found = [
        f"{name}: {word}"
        for name in files
        for word in _FORBIDDEN
        if word in (ROOT / name).read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []
