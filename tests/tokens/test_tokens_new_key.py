"""New keys: what is written, and what is never written over."""

import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.tokens import Keyring, install
from ldap_token_bridge.tokens.install import NewKey, new_key
from ldap_token_bridge.tokens.public_key import leading_zero
from tests.support.key_folder import NOW, certificate, ec_key, pem, write_pair, zero_key


def _make(folder: Path) -> NewKey:
    return new_key(folder, common_name="bridge.corp.example.com", now=NOW)


def test_first_key_signs_and_loads(tmp_path: Path) -> None:
    """Folder, key, certificate and `active` are all there after one call."""
    folder = tmp_path / "deep" / "keys"
    made = _make(folder)
    assert made.active
    assert made.signer == made.key.name
    keyring = Keyring.load(folder, NOW)
    assert keyring.active == made.key
    assert keyring.warnings == ()
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [made.files.key.name, made.files.certificate.name, "active"]
    )


def test_modes_keep_the_key_secret(tmp_path: Path) -> None:
    """The key is for its owner alone whatever the umask; so is the folder."""
    before = os.umask(0)
    try:
        made = _make(tmp_path / "keys")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.files.key.parent.stat().st_mode) == 0o700


def test_certificate_serves_as_its_own_root(tmp_path: Path) -> None:
    """Back-dated five minutes, ten years long, CA for itself alone, random serial: fit for registries of every age."""
    first, second = (
        x509.load_der_x509_certificate(_make(tmp_path / name).key.chain[0]) for name in ("first", "second")
    )
    assert first.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert first.not_valid_after_utc == NOW + timedelta(days=3650)
    constraints = first.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value.ca, constraints.value.path_length, constraints.critical) == (True, 0, True)
    usage = first.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.key_cert_sign
    assert first.subject == first.issuer
    assert first.subject.rfc4514_string() == "CN=bridge.corp.example.com"
    assert first.serial_number != second.serial_number


def test_rsa_and_days(tmp_path: Path) -> None:
    """Both choices reach the key and the certificate."""
    made = new_key(tmp_path, common_name="i", now=NOW, algorithm="RS256", days=2)
    assert made.key.alg == "RS256"
    assert made.key.not_after == NOW + timedelta(days=2)


@pytest.mark.parametrize("name", ["x" * 100, "ü" * 63])
def test_long_issuer_is_shortened(tmp_path: Path, name: str) -> None:
    """A certificate's name holds 64 bytes; an issuer may be longer."""
    made = new_key(tmp_path, common_name=name, now=NOW)
    subject = x509.load_der_x509_certificate(made.key.chain[0]).subject
    assert name.startswith(str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value))


def test_later_key_is_published_only(tmp_path: Path) -> None:
    """Registries must learn a key before it signs."""
    first, second = _make(tmp_path), _make(tmp_path)
    assert (second.active, second.signer) == (False, first.key.name)
    keyring = Keyring.load(tmp_path, NOW)
    assert keyring.active == first.key
    assert {key.name for key in keyring.keys} == {first.key.name, second.key.name}


def test_single_key_without_active_file_goes_on_signing(tmp_path: Path) -> None:
    """A second key would leave it open which one signs, so the first is written down."""
    write_pair(tmp_path, "tls", ec_key())
    made = _make(tmp_path)
    assert made.signer == "tls"
    assert (tmp_path / "active").read_text() == "tls\n"
    assert Keyring.load(tmp_path, NOW).active.name == "tls"


def test_first_key_takes_over_a_stale_active_file(tmp_path: Path) -> None:
    """What `active` says of keys that are gone does not stand in the way."""
    (tmp_path / "active").write_text("gone\n")
    assert _make(tmp_path).active
    assert Keyring.load(tmp_path, NOW).active.name != "gone"


def test_leading_zero_key_is_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assertion 60: the generator's draws are repeated until both coordinates are full."""
    good = ec_key()
    draws = iter([zero_key(), zero_key(), good])
    monkeypatch.setattr("ldap_token_bridge.tokens.generate.generate_ec_key", lambda _curve: next(draws))
    made = _make(tmp_path)
    private = load_pem_private_key(made.files.key.read_bytes(), None)
    assert isinstance(private, EllipticCurvePrivateKey)
    assert private.public_key() == good.public_key()
    assert not leading_zero(private.public_key())
    assert next(draws, None) is None


def test_given_pair_is_taken_over_whole(tmp_path: Path) -> None:
    """Key and chain of somebody else's authority are installed as they are."""
    authority, key = ec_key(), ec_key()
    chain = (certificate(key, issuer=("corp", authority)), certificate(authority, name="corp", ca=True))
    write_pair(tmp_path / "given", "x", key, *chain)
    made = new_key(
        tmp_path / "keys",
        common_name="i",
        now=NOW,
        certificate=tmp_path / "given" / "x.crt",
        key=tmp_path / "given" / "x.key",
    )
    assert made.files.certificate.read_text() == "".join(map(pem, chain))
    assert Keyring.load(tmp_path / "keys", NOW).active.kid == made.key.kid


@pytest.mark.parametrize("fault", ["mismatch", "expired", "zero"])
def test_given_pair_that_registries_refuse_is_not_installed(tmp_path: Path, fault: str) -> None:
    """A mismatch, an expired certificate or an unsuitable key is refused before anything is written."""
    key = zero_key() if fault == "zero" else ec_key()
    end = NOW - timedelta(days=1) if fault == "expired" else NOW + timedelta(days=1)
    bad = certificate(ec_key() if fault == "mismatch" else key, start=NOW - timedelta(days=9), end=end)
    write_pair(tmp_path / "given", "x", key, bad)
    files = (tmp_path / "given" / "x.crt", tmp_path / "given" / "x.key")
    with pytest.raises(Misconfigured):
        new_key(tmp_path / "keys", common_name="i", now=NOW, certificate=files[0], key=files[1])
    assert not (tmp_path / "keys").exists()


def test_half_a_pair_and_senseless_days_are_refused(tmp_path: Path) -> None:
    """A certificate without its key cannot sign, and a certificate needs a life."""
    with pytest.raises(Misconfigured, match="together"):
        new_key(tmp_path, common_name="i", now=NOW, certificate=tmp_path / "x")
    for days in (0, -1, 10**9):
        with pytest.raises(Misconfigured, match="days"):
            new_key(tmp_path, common_name="i", now=NOW, days=days)


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    """The same pair twice: the second call is refused and the files stay as they were."""
    write_pair(tmp_path / "given", "x", ec_key())

    def install() -> NewKey:
        return new_key(
            tmp_path / "keys",
            common_name="i",
            now=NOW,
            certificate=tmp_path / "given" / "x.crt",
            key=tmp_path / "given" / "x.key",
        )

    made = install()
    before = {path: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    with pytest.raises(Misconfigured, match="no key is ever overwritten"):
        install()
    assert {path: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    assert made.files.key in before


def test_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk between the two files: neither the certificate nor a draft of the key remains."""
    link = os.link

    def fail_on_key(source: Path, target: Path) -> None:
        if target.suffix == ".key":
            raise OSError(28, "No space left on device", str(source))
        link(source, target)

    monkeypatch.setattr(os, "link", fail_on_key)
    with pytest.raises(Misconfigured, match="No space left on device"):
        _make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_first_keys_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them signs, and both commands say which: the other's steps are those of a later key."""
    both = Barrier(2)

    def together(folder: Path) -> str:
        with suppress(BrokenBarrierError):
            both.wait(0.3)  # where the commands do not wait for each other, both look before either has written
        return settle(folder)

    settle = install._settle_signer
    monkeypatch.setattr(install, "_settle_signer", together)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(_make, [tmp_path] * 2))
    assert sorted(each.active for each in made) == [False, True]
    assert {each.signer for each in made} == {Keyring.load(tmp_path, NOW).active.name}


def test_a_signal_waits_until_both_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge does not start with half a key, so a command that is ended must not leave one."""
    there = list[set[str]]()
    link = os.link

    def end_in_the_middle(source: Path, target: Path) -> None:
        link(source, target)
        if target.suffix == ".crt":
            signal.raise_signal(signal.SIGTERM)  # to this thread: any other that the tests have would take it at once

    monkeypatch.setattr(os, "link", end_in_the_middle)
    before = signal.signal(signal.SIGTERM, lambda *_: there.append({path.suffix for path in tmp_path.iterdir()}))
    try:
        _make(tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert there == [{".key", ".crt"}]


def test_folder_that_is_a_file_is_explained(tmp_path: Path) -> None:
    """The path of a file as the folder is a problem with words, no traceback."""
    (tmp_path / "keys").write_text("")
    with pytest.raises(Misconfigured, match="cannot write the new key"):
        _make(tmp_path / "keys")
