"""Whether files have changed: every way of saving is seen, and what did not change is not read."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from ldap_token_bridge import fingerprint as module
from ldap_token_bridge.fingerprint import Fingerprint


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a word in it."""
    path = tmp_path / "policy.yaml"
    path.write_text("one")
    return path


def test_the_same_content_is_the_same_text(file: Path) -> None:
    """Also if the file was written anew; other content is another text, and so is another name."""
    look = Fingerprint(lambda: [file])
    first = look()
    file.write_text("one")
    assert look() == first
    file.write_text("two")
    second = look()
    file.write_text("one")
    assert second != first == look()
    assert Fingerprint(lambda: [file.rename(file.with_name("other.yaml"))])() != first


def test_a_change_of_the_same_size_with_its_times_put_back_is_seen(file: Path) -> None:
    """At once while the file is young, as a write within the same tick of the clock is."""
    look = Fingerprint(lambda: [file])
    first, found = look(), file.stat()
    with file.open("r+") as opened:
        opened.write("two")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert look() != first


def test_old_files_that_did_not_change_are_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only their state is asked for; once a minute they are read in spite of it."""
    clock = Clock(file.stat().st_ctime + 100)
    read: list[Path] = []
    content = module._content

    def counted(path: Path) -> str:
        read.append(path)
        return content(path)

    monkeypatch.setattr(module, "_content", counted)
    look = Fingerprint(lambda: [file], clock)
    first = look()
    for _ in range(10):
        clock.seconds += 2
        assert look() == first
    assert read == [file]
    clock.seconds += 60
    look()
    assert read == [file, file]


def test_old_times_do_not_hide_a_write(file: Path) -> None:
    """The time of the last change of state is nobody's to set back."""
    os.utime(file, (1, 1))
    clock = Clock(file.stat().st_ctime + 100)
    look = Fingerprint(lambda: [file], clock)
    first = look()
    while file.stat().st_ctime + 100 == clock.seconds:  # until the file system's clock has moved on
        file.write_text("two")
        os.utime(file, (1, 1))
    assert look() != first


def test_what_cannot_be_read_is_told_apart(file: Path, tmp_path: Path) -> None:
    """A file that is gone, a folder and a pipe are neither an error nor waited for."""
    look = Fingerprint(lambda: [file])
    texts = {look()}
    file.unlink()
    texts.add(look())
    os.mkfifo(file)
    texts.add(look())
    assert len(texts) == 3
    assert Fingerprint(lambda: [tmp_path])() == Fingerprint(lambda: [tmp_path])()


def test_a_list_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    """A folder that is gone, and is there again."""

    def files() -> Iterable[Path]:
        return sorted((tmp_path / "policies").iterdir())

    look = Fingerprint(files)
    gone = look()
    (tmp_path / "policies").mkdir()
    assert look() != gone
    (tmp_path / "policies").rmdir()
    assert look() == gone
