"""What the ldap room says of a server is laid at the right key; the servers of the other tests say the rest."""

import pytest

from ldap_token_bridge.checkup import Grade
from ldap_token_bridge.checkup.trouble import trouble_of
from ldap_token_bridge.settings import load_settings
from tests.checkup.conftest import MakeFolder


@pytest.mark.parametrize(
    ("problem", "key", "grade"),
    [
        ("the server refuses StartTLS: 2 unsupported", ("directory", "tls", "start_tls"), Grade.UNUSABLE),
        ("the TLS handshake failed: TLSV1_ALERT_PROTOCOL_VERSION", ("directory", "servers", 1), Grade.UNUSABLE),
        ("the service account is refused: 8 strongerAuthRequired", ("directory", "servers"), Grade.UNUSABLE),
        ("the service account is refused: 34 invalidDNSyntax", ("directory", "bind_dn"), Grade.UNUSABLE),
        ("the service account is refused: 49 x", ("directory", "bind_password_file"), Grade.UNUSABLE),
        ("no connection within 1.5 s", ("directory", "servers", 1), Grade.FINDING),
    ],
)
def test_the_key_of_a_trouble(make_folder: MakeFolder, problem: str, key: tuple[str | int, ...], grade: Grade) -> None:
    """What somebody must mend is unusable; what may pass by itself is a finding."""
    directory = {"servers": ["ldaps://a", "ldaps://b"], "bind_dn": "CN=svc,DC=corp"}
    trouble = trouble_of(problem, 1, load_settings(make_folder(directory), {}))
    assert (trouble.key, trouble.grade) == (key, grade)


@pytest.mark.parametrize(
    ("problem", "key", "grade"),
    [
        ("no connection within 1.5 s", ("directory", "domain"), Grade.FINDING),
        ("the server's certificate is for another name", ("directory", "domain"), Grade.UNUSABLE),
        ("the server refuses StartTLS: 2 unsupported", ("directory", "tls", "start_tls"), Grade.UNUSABLE),
        ("the service account is refused: 48 x", ("directory", "tls", "certificate"), Grade.UNUSABLE),
    ],
)
def test_the_key_of_a_trouble_with_servers_by_dns_and_a_certificate(
    make_folder: MakeFolder, problem: str, key: tuple[str | int, ...], grade: Grade
) -> None:
    """Neither a list of servers nor a password is named, for there is none."""
    path = make_folder({"domain": "corp.example.com", "tls": {"certificate": "c.pem", "key": "c.key"}})
    path.write_text(path.read_text().replace('  bind_password_file: "password"\n', ""))
    trouble = trouble_of(problem, 1, load_settings(path, {}))
    assert (trouble.key, trouble.grade) == (key, grade)


def test_the_key_of_the_password(make_folder: MakeFolder) -> None:
    """It is named where it was set: in the environment here."""
    path = make_folder({"servers": ["ldaps://a"], "bind_dn": "CN=svc,DC=corp"})
    path.write_text(path.read_text().replace('  bind_password_file: "password"\n', ""))
    settings = load_settings(path, {"LTB_DIRECTORY__BIND_PASSWORD": "x"})
    trouble = trouble_of("the service account is refused: 49 invalidCredentials", 0, settings)
    assert str(settings.place(*trouble.key)) == "environment variable LTB_DIRECTORY__BIND_PASSWORD"
    assert trouble.remedy == "Check directory.bind_dn and directory.bind_password."
