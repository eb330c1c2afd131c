"""The check-up of the files: keys, certificates, policy and its tests, each trouble with its place and remedy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from ldap_token_bridge.checkup import Grade, Item, exit_code
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.tokens.install import new_key
from tests.checkup.conftest import POLICY, MakeFolder
from tests.support import key_folder
from tests.support.certificates import Authority

NOW = datetime.now(UTC)
DIRECTORY: dict[str, Any] = {"servers": ["ldaps://dc1.corp.example.com"], "bind_dn": "CN=svc,DC=corp,DC=example,DC=com"}


def bad(config: Path) -> list[Item]:
    """Everything that is not fine."""
    return [item for item in check_files(config, {}, NOW).items if item.grade is not Grade.FINE]


def with_ca(file: Path) -> dict[str, Any]:
    """The `directory` section that trusts this file."""
    return DIRECTORY | {"tls": {"ca_file": str(file)}}


def test_files_that_are_fine(make_folder: MakeFolder) -> None:
    """A line for each: settings, keys, what is trusted, policy; and the parts for whoever goes on."""
    found = check_files(make_folder(DIRECTORY), {}, NOW)
    assert [item.topic for item in found.items] == ["settings", "keys", "directory.tls", "policy", "revocation"]
    assert {item.grade for item in found.items} == {Grade.FINE}
    assert found.settings is not None
    assert found.policy is not None
    assert found.directory_tls is not None


def test_settings_that_cannot_be_used(make_folder: MakeFolder) -> None:
    """Every problem of bridge.yaml is an item; nothing is guessed about the rest."""
    found = check_files(make_folder(DIRECTORY | {"kind": "novell", "xyzzy": 1}), {"LTB_X": "1"}, NOW)
    assert [item.topic for item in found.items] == ["settings"] * 3
    assert exit_code(found.items) == 2
    assert found.settings is None


def test_warnings_of_the_settings_are_items(make_folder: MakeFolder) -> None:
    """They do not make the check fail."""
    (item,) = bad(make_folder(DIRECTORY, server={"listen": "0.0.0.0:5001"}))
    assert (item.topic, item.grade) == ("settings", Grade.WARNING)
    assert exit_code([item]) == 0


def test_no_signing_key(make_folder: MakeFolder) -> None:
    """The remedy names the command that makes one."""
    (item,) = bad(make_folder(DIRECTORY, token={"keys_dir": "nowhere"}))
    assert (item.topic, item.grade) == ("keys", Grade.UNUSABLE)
    assert "keys new" in item.remedy


def test_an_expired_signing_certificate(make_folder: MakeFolder) -> None:
    """Registries would refuse every token."""
    path = make_folder(DIRECTORY, token={"keys_dir": "old"})
    new_key(path.parent / "old", common_name="test", now=NOW - timedelta(days=3), days=1)
    (item,) = bad(path)
    assert (item.topic, item.grade) == ("keys", Grade.UNUSABLE)
    assert "expired" in item.what
    assert item.where is not None and item.where.file.startswith(str(path.parent / "old"))


def test_a_signing_certificate_that_expires_soon(make_folder: MakeFolder) -> None:
    """A warning while there is time."""
    path = make_folder(DIRECTORY, token={"keys_dir": "old"})
    new_key(path.parent / "old", common_name="test", now=NOW, days=5)
    (item,) = bad(path)
    assert (item.topic, item.grade) == ("keys", Grade.WARNING)


def test_a_policy_that_is_not_there(make_folder: MakeFolder) -> None:
    """It is the key in bridge.yaml that is to be mended."""
    path = make_folder(DIRECTORY)
    (path.parent / "policy.yaml").unlink()
    (item,) = bad(path)
    assert str(item.where) == f"{path}:13:9"
    assert item.what.startswith(f"{path.parent / 'policy.yaml'}: ")
    assert item.grade is Grade.UNUSABLE


def test_a_malformed_policy(make_folder: MakeFolder) -> None:
    """The place is in the policy."""
    path = make_folder(DIRECTORY, policy=POLICY.replace("actions: [pull]", "actions: [pul]"))
    (item,) = bad(path)
    assert (item.topic, item.grade) == ("policy", Grade.UNUSABLE)
    assert str(item.where).startswith(f"{path.parent / 'policy.yaml'}:5:")


def test_a_policy_whose_own_test_fails(make_folder: MakeFolder) -> None:
    """A finding at the test's line."""
    path = make_folder(DIRECTORY, policy=POLICY.replace("can: [pull", "can: [push"))
    (item,) = bad(path)
    assert (item.topic, item.grade) == ("policy", Grade.FINDING)
    assert str(item.where).startswith(f"{path.parent / 'policy.yaml'}:7:")
    assert exit_code([item]) == 1


def test_a_file_of_authorities_that_cannot_be_used(make_folder: MakeFolder, tmp_path: Path) -> None:
    """Missing, or no certificate at all: the key and the file are named."""
    for content in (None, "no certificate"):
        if content:
            (tmp_path / "ca.pem").write_text(content)
        path = make_folder(with_ca(tmp_path / "ca.pem"))
        (item,) = bad(path)
        assert (item.topic, item.grade) == ("directory.tls", Grade.UNUSABLE)
        assert str(item.where) == f"{path}:13:20"
        assert item.what.startswith(f"{tmp_path}/ca.pem: ")
        assert item.remedy


def test_authorities_that_have_expired(make_folder: MakeFolder, tmp_path: Path) -> None:
    """A warning that names it while another in the same file is good; unusable if none is."""
    old, new = key_folder.ec_key(), key_folder.ec_key()
    certificates = [
        key_folder.certificate(old, name="Old CA", ca=True, start=NOW - timedelta(days=9), end=NOW - timedelta(days=1)),
        key_folder.certificate(new, name="New CA", ca=True, start=NOW - timedelta(days=9), end=NOW + timedelta(days=9)),
    ]
    for chosen, grade in ((certificates, Grade.WARNING), (certificates[:1], Grade.UNUSABLE)):
        (tmp_path / "ca.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chosen))
        (item,) = bad(make_folder(with_ca(tmp_path / "ca.pem")))
        assert item.what.startswith(f"{tmp_path}/ca.pem: the authority 'Old CA' expired on ")
        assert item.grade is grade


def test_the_servers_own_certificate(make_folder: MakeFolder, authority: Authority) -> None:
    """A good pair is told with its names and its end."""
    issued = authority.issue("bridge", ["bridge.example.com"], days=20)
    path = make_folder(DIRECTORY, server={"tls": {"certificate": str(issued.certificate), "key": str(issued.key)}})
    found = check_files(path, {}, NOW)
    item = next(item for item in found.items if item.topic == "server.tls")
    assert item.what.startswith("certificate for bridge.example.com, valid until ")
    assert item.grade is Grade.FINE


@pytest.mark.parametrize(
    ("days", "grade", "words"),
    [(-1, Grade.UNUSABLE, "has expired"), (3, Grade.WARNING, "expires on ")],
)
def test_the_servers_own_certificate_in_time(
    make_folder: MakeFolder, authority: Authority, days: int, grade: Grade, words: str
) -> None:
    """Expired is unusable; near its end it is a warning."""
    issued = authority.issue(f"bridge{days}", ["bridge.example.com"], days=days)
    path = make_folder(DIRECTORY, server={"tls": {"certificate": str(issued.certificate), "key": str(issued.key)}})
    (item,) = bad(path)
    assert (item.topic, item.grade) == ("server.tls", grade)
    assert words in item.what
    assert str(item.where) == f"{path}:3:24"
    assert item.remedy


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        ("nowhere", "good.key", "server.tls.certificate: FOLDER/nowhere cannot be read: no such file or directory"),
        ("good.pem", "nowhere", "server.tls.key: FOLDER/nowhere cannot be read: no such file or directory"),
        ("good.pem", "other.key", "server.tls: FOLDER/good.pem and FOLDER/other.key cannot be used together"),
        ("good.key", "good.key", "server.tls: FOLDER/good.key and FOLDER/good.key cannot be used together"),
        ("good.pem", "encrypted.key", "server.tls: FOLDER/good.pem and FOLDER/encrypted.key cannot be used together"),
    ],
)
def test_a_pair_that_cannot_be_used(
    make_folder: MakeFolder, tmp_path: Path, certificate: str, key: str, words: str
) -> None:
    """Missing, mixed up, no PEM, or with a passphrase, which nobody is asked for."""
    authority = Authority(tmp_path)
    authority.issue("good", ["bridge.example.com"])
    authority.issue("other", ["bridge.example.com"])
    (tmp_path / "encrypted.key").write_text(_encrypted())
    (tmp_path / "encrypted.key").chmod(0o600)
    tls = {"certificate": str(tmp_path / certificate), "key": str(tmp_path / key)}
    (item,) = bad(make_folder(DIRECTORY, server={"tls": tls}))
    assert item.what == words.replace("FOLDER", str(tmp_path))
    assert item.grade is Grade.UNUSABLE
    assert item.remedy


def _encrypted() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()


def test_rules_that_hold_nowhere_or_no_more(make_folder: MakeFolder) -> None:
    """A service that is mistyped and a year that is over are warnings: a deny rule among them would be missed."""
    config = make_folder(DIRECTORY)
    (config.parent / "policy.yaml").write_text(
        """\
version: 1
allow:
  - {id: all, who: [signed-in], repositories: ["**"], actions: [pull]}
deny:
  - {id: typo, why: x, who: [signed-in], repositories: ["a/**"], actions: [pull], services: [registry.tset]}
  - {id: over, why: x, who: [signed-in], repositories: ["b/**"], actions: [pull], until: 2001-01-04}
"""
    )
    found = bad(config)
    assert [(item.grade, item.where.line if item.where else 0) for item in found] == [
        (Grade.WARNING, 5),
        (Grade.WARNING, 6),
    ]
    assert "registry.tset" in found[0].what
    assert "Did you mean 'registry.test'?" in found[0].remedy
    assert "until 2001-01-04" in found[1].what
