"""Files that commands write and services read: whose they are, and where they stand."""

import errno
import os
from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.whole_files import (
    SECRET_MODE,
    behind_links,
    create,
    explained,
    for_root_alone,
    make_folder,
    open_file,
    open_to_others,
)

ROOT, SERVICE, OTHER = 0, 65532, 12345


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    """Neither the mode for new files nor a strict umask takes it from a group that reads it."""
    path = tmp_path / "list"
    path.write_text("old")
    path.chmod(0o640)
    before = os.umask(0o077)
    try:
        create(path, b"new", SECRET_MODE, replace=True)
    finally:
        os.umask(before)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_root_replaced_is_still_the_services(tmp_path: Path) -> None:
    """A command run as root must not take from the service what it reads: it would go on by what it knew before."""
    path = tmp_path / "list"
    path.write_text("old")
    path.chmod(0o600)
    os.chown(path, 12345, 23456)
    create(path, b"new", SECRET_MODE, replace=True)
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 23456, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("replace", [True, False])
def test_what_root_makes_anew_belongs_to_whom_the_folder_belongs(tmp_path: Path, replace: bool) -> None:  # noqa: FBT001
    """Folders above it, too: a service that is not root could not read it."""
    os.chown(tmp_path, 12345, 23456)
    make_folder(tmp_path / "deep" / "keys", 0o700)
    path = tmp_path / "deep" / "keys" / "key"
    create(path, b"new", SECRET_MODE, replace=replace)
    for made in (path, path.parent, path.parent.parent):
        found = made.stat()
        assert (found.st_uid, found.st_gid) == (12345, 23456)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not list(for_root_alone(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads everything")
def test_a_file_for_root_alone_in_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """Root is told what the service cannot read, with the command that mends it; nobody else is told anything."""
    path = tmp_path / "key"
    path.write_text("secret")
    path.chmod(0o600)
    assert not list(for_root_alone(path))
    os.chown(tmp_path, 12345, 23456)
    (warning,) = for_root_alone(path)
    assert warning.endswith(f"chown 12345:23456 {path}")
    path.chmod(0o640)
    assert not list(for_root_alone(path))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "Make room"),
        (errno.EDQUOT, "Make room"),
        (errno.EROFS, "mounted read-only"),
        (errno.EACCES, "must be writable for the user"),
    ],
)
def test_what_the_system_refuses_has_its_own_remedy(tmp_path: Path, number: int, words: str) -> None:
    """A full disk is not mended by permissions."""
    with pytest.raises(Misconfigured, match=words) as raised, explained(tmp_path, "cannot write the new key"):
        raise OSError(number, os.strerror(number))
    assert f"cannot write the new key: {os.strerror(number)}" in str(raised.value)


def test_a_link_is_no_new_folder(tmp_path: Path) -> None:
    """What stands in the way stays, and is told by its error."""
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "link")
    assert not (tmp_path / "nowhere").exists()


def test_what_a_link_leads_to_is_meant(tmp_path: Path) -> None:
    """A link that leads to itself leads nowhere else."""
    (tmp_path / "shared").mkdir()
    file, link = tmp_path / "shared" / "list", tmp_path / "list"
    file.write_text("old")
    link.symlink_to(Path("shared", "list"))
    assert behind_links(link) == file
    assert behind_links(file) == file
    link.unlink()
    link.symlink_to(link)
    assert behind_links(link) == link


def test_a_new_file_has_its_mode_and_replaces_nothing(tmp_path: Path) -> None:
    """What is there already stays, a link to nowhere too."""
    path = tmp_path / "key"
    create(path, b"first", SECRET_MODE)
    assert path.stat().st_mode & 0o777 == SECRET_MODE
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in (path, tmp_path / "link"):
        with pytest.raises(FileExistsError):
            create(taken, b"second", SECRET_MODE)
    assert path.read_bytes() == b"first"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["key", "link"]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """To open a pipe could take for ever."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/null")):
        with pytest.raises(OSError, match="no regular file"):
            open_file(path)
    (tmp_path / "file").write_bytes(b"content")
    with open_file(tmp_path / "file") as file:
        assert file.read() == b"content"


@pytest.mark.parametrize(
    ("mode", "owner", "group", "bits"),
    [
        (0o600, ROOT, ROOT, 0),
        (0o440, ROOT, SERVICE, 0),
        (0o640, ROOT, SERVICE, 0),
        (0o640, OTHER, SERVICE, 0o040),
        (0o440, ROOT, OTHER, 0o040),
        (0o440, SERVICE, SERVICE, 0o040),
        (0o460, ROOT, SERVICE, 0o060),
        (0o444, ROOT, SERVICE, 0o044),
    ],
    ids=["owner", "fsGroup", "fsGroup-640", "of-another-user", "another-group", "our-own-file", "group-writes", "all"],
)
def test_who_else_may_read_a_secret(
    monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, group: int, bits: int
) -> None:
    """A file of root that the service reads by its own group, as Kubernetes gives Secrets, is open to nobody else."""
    monkeypatch.setattr(os, "geteuid", lambda: SERVICE)
    monkeypatch.setattr(os, "getegid", lambda: SERVICE)
    assert open_to_others(os.stat_result((mode, 0, 0, 1, owner, group, 0, 0, 0, 0))) == bits


def test_the_group_of_root_is_none_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a service that runs as root its files are its own, and whoever is in that group is somebody else."""
    monkeypatch.setattr(os, "geteuid", lambda: ROOT)
    monkeypatch.setattr(os, "getegid", lambda: ROOT)
    assert open_to_others(os.stat_result((0o440, 0, 0, 1, ROOT, ROOT, 0, 0, 0, 0))) == 0o040
