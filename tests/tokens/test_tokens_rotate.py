"""Rotation in the key folder: who signs, who is put aside, and what is refused."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.tokens.listing import KeyState, list_keys
from ldap_token_bridge.tokens.rotate import activate_key, retire_key
from tests.support.key_folder import NOW, certificate, ec_key, write_pair


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two keys, `old` signs."""
    write_pair(tmp_path, "old", ec_key())
    write_pair(tmp_path, "new", ec_key())
    (tmp_path / "active").write_text("old\n")
    return tmp_path


def _states(folder: Path) -> dict[str, KeyState]:
    return {listed.key.name: listed.state for listed in list_keys(folder, NOW).keys}


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _write_out_of_time(folder: Path, name: str, fault: str) -> None:
    key, hour = ec_key(), timedelta(hours=1)
    bad = certificate(key, end=NOW - hour) if fault == "expired" else certificate(key, start=NOW + hour)
    write_pair(folder, name, key, bad)


def test_a_whole_rotation(folder: Path) -> None:
    """Activate, then retire: the ring signs with the new key and publishes it alone; the old files are kept."""
    old = Keyring.load(folder, NOW).active
    done = activate_key(folder, "new", NOW)
    assert (done.before, done.signer, done.key.name) == ("old", "new", "new")
    assert [key.name for key in Keyring.load(folder, NOW).keys] == ["new", "old"]
    files = _content(folder)
    gone = retire_key(folder, "old")
    keyring = Keyring.load(folder, NOW)
    assert [key.name for key in keyring.keys] == ["new"]
    assert old.kid not in str(keyring.jwks())
    assert keyring.bundle_pem().count("BEGIN") == 1
    assert gone.files.load().kid == old.kid
    assert _content(folder)["retired/old.key"] == files["old.key"]
    assert _content(folder)["retired/old.crt"] == files["old.crt"]
    assert gone.files.key.stat().st_mode & 0o077 == 0
    assert gone.files.key.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", ["name", "kid", "thumbprint"])
@pytest.mark.parametrize("part", [None, 9])
def test_every_form_of_an_id_is_understood(folder: Path, form: str, part: int | None) -> None:
    """The name, the libtrust id and the RFC 7638 thumbprint, whole or their beginning."""
    key = next(listed.key for listed in list_keys(folder, NOW).keys if listed.key.name == "new")
    assert activate_key(folder, getattr(key, form)[:part], NOW).signer == "new"


def test_an_exact_name_wins_over_a_longer_one(folder: Path) -> None:
    """`new` is `new`, though `new-2` begins with it."""
    write_pair(folder, "new-2", ec_key())
    assert activate_key(folder, "new", NOW).signer == "new"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("ne", "'ne' fits several keys: new, new-2"),
        ("zz", "there is no key 'zz'"),
        ("", "there is no key ''"),
        ("x\n" * 50, "there is no key of that name"),
        ("gone", "gone is retired"),
    ],
)
def test_what_names_no_key_changes_nothing(folder: Path, wanted: str, words: str) -> None:
    """The text says what there is."""
    write_pair(folder, "new-2", ec_key())
    write_pair(folder, "gone", ec_key())
    retire_key(folder, "gone")
    before = _content(folder)
    for attempt in (partial(activate_key, folder, wanted, NOW), partial(retire_key, folder, wanted)):
        with pytest.raises(Misconfigured) as caught:
            attempt()
        assert words in str(caught.value)
    assert _content(folder) == before


def test_the_signing_key_is_not_retired(folder: Path) -> None:
    """The text names the other one, and the order of the steps."""
    before = _content(folder)
    with pytest.raises(Misconfigured) as caught:
        retire_key(folder, "old")
    told = ("old is the key that signs", "`ldap-token-bridge keys activate` new", "taken it up", "token.lifetime")
    for words in told:
        assert words in str(caught.value)
    assert _content(folder) == before


def test_the_last_key_is_not_retired(tmp_path: Path) -> None:
    """Whether or not a file says that it signs."""
    write_pair(tmp_path, "only", ec_key())
    with pytest.raises(Misconfigured, match="only is the only key"):
        retire_key(tmp_path, "only")
    assert (tmp_path / "only.key").exists()


@pytest.mark.parametrize("fault", ["expired", "early"])
def test_a_certificate_out_of_its_time_does_not_sign(folder: Path, fault: str) -> None:
    """Registries would refuse every token from that moment on."""
    _write_out_of_time(folder, "bad", fault)
    with pytest.raises(Misconfigured, match=r"bad\.crt"):
        activate_key(folder, "bad", NOW)
    assert Keyring.load(folder, NOW).active.name == "old"


def test_an_active_file_that_names_nobody_is_mended(folder: Path) -> None:
    """That is what one would call the command for."""
    (folder / "active").write_text("nobody")
    assert activate_key(folder, "new", NOW).before == ""
    assert Keyring.load(folder, NOW).active.name == "new"


def test_an_expired_signer_can_be_replaced(folder: Path) -> None:
    """The bridge does not start with it, but the way out works."""
    key = ec_key()
    write_pair(folder, "old", key, certificate(key, end=NOW - timedelta(hours=1)))
    assert _states(folder) == {"old": KeyState.EXPIRED, "new": KeyState.PUBLISHED}
    activate_key(folder, "new", NOW)
    assert Keyring.load(folder, NOW).active.name == "new"


def test_states(folder: Path) -> None:
    """All five, the one that signs first and the retired ones last."""
    _write_out_of_time(folder, "expired", "expired")
    _write_out_of_time(folder, "early", "early")
    write_pair(folder, "aside", ec_key())
    retire_key(folder, "aside")
    assert list(_states(folder).items()) == [
        ("old", KeyState.SIGNS),
        ("early", KeyState.NOT_YET_VALID),
        ("expired", KeyState.EXPIRED),
        ("new", KeyState.PUBLISHED),
        ("aside", KeyState.RETIRED),
    ]


def test_a_retired_key_that_cannot_be_read_is_a_warning(folder: Path) -> None:
    """It has no say any more."""
    write_pair(folder, "aside", ec_key())
    retire_key(folder, "aside")
    (folder / "retired" / "aside.crt").unlink()
    found = list_keys(folder, NOW)
    assert [listed.key.name for listed in found.keys] == ["old", "new"]
    assert any("aside.crt" in warning for warning in found.warnings)


def test_two_keys_of_one_name_are_both_kept(folder: Path) -> None:
    """A name that was retired before gets a number: nothing is written over."""
    retire_key(folder, "new")
    write_pair(folder, "new", ec_key())
    retire_key(folder, "new")
    assert {"retired/new.key", "retired/new-2.key"} <= _content(folder).keys()


def test_a_move_that_fails_leaves_all_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk between the two files."""
    link = os.link
    before = _content(folder)

    def fail_on_key(source: Path, target: Path) -> None:
        if target.suffix == ".key":
            raise OSError(28, "No space left on device", str(source))
        link(source, target)

    monkeypatch.setattr(os, "link", fail_on_key)
    with pytest.raises(Misconfigured, match="cannot move the key: No space left on device"):
        retire_key(folder, "new")
    assert _content(folder) == before


def test_a_signal_waits_until_both_files_are_moved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge does not start with half a key, so a command that is ended must not leave one."""
    there = list[list[str]]()
    unlink = Path.unlink

    def end_in_the_middle(path: Path) -> None:
        unlink(path)
        if path.name == "old.key":
            signal.raise_signal(signal.SIGTERM)  # to this thread: other tests leave some behind

    activate_key(folder, "new", NOW)
    monkeypatch.setattr(Path, "unlink", end_in_the_middle)
    before = signal.signal(signal.SIGTERM, lambda *_: there.append([path.name for path in folder.glob("old.*")]))
    try:
        retire_key(folder, "old")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert there == [[]]


def test_commands_at_once_never_leave_the_folder_without_a_signer(folder: Path) -> None:
    """Everybody activates one key and retires another, at the same time."""
    names = [f"key-{number}" for number in range(4)]
    for name in names:
        write_pair(folder, name, ec_key())

    def attempt(number: int) -> None:
        name = names[number % len(names)]
        try:
            if number % 2:
                activate_key(folder, name, NOW)
            else:
                retire_key(folder, name)
        except Misconfigured:
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(40)))
    keyring = Keyring.load(folder, NOW)
    assert keyring.active.name == (folder / "active").read_text().strip()


def test_missing_and_empty_folders_name_the_command(tmp_path: Path) -> None:
    """As everywhere else."""
    for folder in (tmp_path, tmp_path / "none"):
        attempts = (partial(activate_key, folder, "x", NOW), partial(retire_key, folder, "x"))
        for attempt in attempts:
            with pytest.raises(Misconfigured, match="ldap-token-bridge keys new"):
                attempt()


def test_the_end_of_a_certificate_is_told_at_any_moment(folder: Path) -> None:
    """A ring that was loaded long ago says it as well: from thirty days before the end on."""
    keyring = Keyring.load(folder, NOW)
    end = keyring.active.not_after
    assert keyring.ending(end - timedelta(days=31)) == ()
    assert "ends on" in keyring.ending(end - timedelta(days=29))[0]
    assert "ended on" in keyring.ending(end + timedelta(seconds=1))[0]
