"""Files that anyone on the machine may read or change, and should not."""

import pytest

from ldap_token_bridge.cache import start_revocations
from ldap_token_bridge.checkup import Grade
from ldap_token_bridge.tokens import new_refresh_key
from tests.checkup.conftest import MakeFolder
from tests.checkup.test_checkup_files import DIRECTORY, bad


def test_secrets_that_anyone_may_read(make_folder: MakeFolder) -> None:
    """The service account's password stands in a file that `echo` made: a warning with the command that mends it."""
    path = make_folder(DIRECTORY)
    (path.parent / "password").chmod(0o644)
    (item,) = bad(path)
    assert (item.topic, item.grade) == ("files", Grade.WARNING)
    assert item.remedy == f"chmod o-rwx {path.parent / 'password'}"
    assert item.where is not None and item.where.file == str(path)
    (path.parent / "password").chmod(0o640)  # a group is how Kubernetes gives it to a Pod
    assert not bad(path)


@pytest.mark.parametrize("name", ["bridge.yaml", "policy.yaml", "robots.yaml", "revoked.json"])
def test_files_to_go_by_that_anyone_may_change(make_folder: MakeFolder, name: str) -> None:
    """Whoever does, decides who may push; to read them is no harm."""
    refresh = {"enabled": True, "key_file": "refresh-keys", "revocations": "revoked.json"}
    path = make_folder(DIRECTORY, token={"refresh": refresh})
    path.write_text(path.read_text() + "robots: robots.yaml\n")
    new_refresh_key(path.parent / "refresh-keys")
    start_revocations(path.parent / "revoked.json")
    (path.parent / "robots.yaml").write_text("version: 1\nrobots: []\n")
    assert not bad(path)
    (path.parent / name).chmod(0o646)
    (item,) = bad(path)
    assert (item.topic, item.grade, item.remedy) == ("files", Grade.WARNING, f"chmod o-w {path.parent / name}")


def test_a_folder_that_anyone_may_write_in(make_folder: MakeFolder) -> None:
    """A file could be put in the other's place; not where only its owner may take it away, as in /tmp."""
    path = make_folder(DIRECTORY)
    path.parent.chmod(0o777)
    (item,) = bad(path)
    assert item.remedy == f"chmod o-w {path.parent}"
    path.parent.chmod(0o1777)
    assert not bad(path)
