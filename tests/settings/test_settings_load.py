"""A good bridge.yaml becomes Settings with every default filled in."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import ABSENT, PASSWORD, write_settings


def test_a_dozen_lines_are_enough(tmp_path: Path) -> None:
    """The shortest file has the defaults of the product's page, in seconds and absolute paths."""
    settings = load_settings(write_settings(tmp_path), {})
    assert settings.server.listen == ListenAddress("0.0.0.0", 5001)  # noqa: S104 -- the default
    assert settings.server.admin_listen == ListenAddress("127.0.0.1", 5002)
    assert settings.server.tls is None
    assert settings.server.request_deadline == 8.0
    assert (settings.token.lifetime, settings.token.x5c) == (900, True)
    assert settings.token.keys_dir == tmp_path / "keys"
    assert settings.policy.path == tmp_path / "policy.yaml"
    assert [str(server) for server in settings.directory.servers] == [
        "ldaps://dc1.corp.example.com",
        "ldaps://dc2.corp.example.com",
    ]
    assert settings.directory.bind_password.reveal() == PASSWORD.encode()
    assert (settings.directory.timeouts.connect, settings.directory.timeouts.operation) == (1.5, 2.0)
    assert (settings.directory.connections.search, settings.directory.connections.bind) == (2, 8)
    assert (settings.cache.credentials, settings.cache.groups, settings.cache.rejected) == (60.0, 300.0, 60.0)
    assert settings.cache.max_accounts == 100_000
    assert (settings.logging.format, settings.logging.level) == ("json", "info")
    assert settings.messages == {}


def test_servers_may_be_found_by_dns(tmp_path: Path) -> None:
    """A domain stands in place of the list; its name is written in one way."""
    path = write_settings(
        tmp_path, directory__servers=ABSENT, directory__domain="Corp.Example.COM.", directory__site="Bonn"
    )
    directory = load_settings(path, {}).directory
    assert (directory.servers, directory.domain, directory.site) == ((), "corp.example.com", "Bonn")


def test_a_certificate_may_stand_for_the_service_account(tmp_path: Path) -> None:
    """Neither name nor password is needed then."""
    path = write_settings(
        tmp_path,
        directory__bind_dn=ABSENT,
        directory__bind_password_file=ABSENT,
        directory__tls={"certificate": "c.pem", "key": "c.key"},
    )
    directory = load_settings(path, {}).directory
    assert (directory.bind_dn, directory.bind_password.reveal()) == ("", b"")
    assert directory.tls.certificate == tmp_path / "c.pem"


def test_defaults_follow_the_kind(tmp_path: Path) -> None:
    """What people are called in a directory need not be said for a kind that is known."""
    options = load_settings(write_settings(tmp_path), {}).directory.options
    assert options.login == ("sAMAccountName", "userPrincipalName", "mail")
    assert (options.account, options.strategy) == ("sAMAccountName", "token-groups")
    assert options.user_base == options.group_base == options.base == "DC=corp,DC=example,DC=com"
    options = load_settings(write_settings(tmp_path, directory__kind="openldap"), {}).directory.options
    assert options.login == ("uid", "mail")
    assert (options.account, options.user_filter, options.strategy) == ("uid", "(objectClass=inetOrgPerson)", "auto")


def test_what_is_set_wins_over_the_kind(tmp_path: Path) -> None:
    """Every default of a kind can be set by hand."""
    path = write_settings(
        tmp_path,
        directory__users__base="OU=People,DC=corp,DC=example,DC=com",
        directory__users__login=["mail"],
        directory__users__account="cn",
        directory__users__filter="(employeeType=staff)",
        directory__groups__base="OU=Groups,DC=corp,DC=example,DC=com",
        directory__groups__strategy="member-of",
        directory__groups__nested=False,
    )
    options = load_settings(path, {}).directory.options
    assert (options.login, options.account) == (("mail",), "cn")
    assert options.user_filter == "(employeeType=staff)"
    assert (options.user_base, options.group_base) == (
        "OU=People,DC=corp,DC=example,DC=com",
        "OU=Groups,DC=corp,DC=example,DC=com",
    )
    assert (options.strategy, options.nested) == ("member-of", False)


def test_every_relative_path_starts_at_the_file(tmp_path: Path) -> None:
    """The working directory of the service is of no account."""
    path = write_settings(
        tmp_path,
        server__tls={"certificate": "tls/a.pem", "key": "/etc/a.key"},
        directory__tls={"ca_file": "ca.pem", "certificate": "c.pem", "key": "c.key"},
        policy={"path": "rules"},
    )
    settings = load_settings(path, {})
    assert settings.server.tls is not None
    assert (settings.server.tls.certificate, settings.server.tls.key) == (tmp_path / "tls/a.pem", Path("/etc/a.key"))
    tls = settings.directory.tls
    assert (tls.ca_file, tls.certificate, tls.key) == (tmp_path / "ca.pem", tmp_path / "c.pem", tmp_path / "c.key")
    assert settings.policy.path == tmp_path / "rules"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.0.0:5001", ListenAddress("0.0.0.0", 5001)),  # noqa: S104 -- as people write it
        ("[::]:5001", ListenAddress("::", 5001)),
        ("localhost:0", ListenAddress("localhost", 0)),
        ("unix:/run/bridge.sock", ListenAddress(path="/run/bridge.sock")),
    ],
)
def test_addresses_to_listen_on(tmp_path: Path, text: str, expected: ListenAddress) -> None:
    """An address and a port of either IP version, or a Unix socket; written back as it was."""
    settings = load_settings(write_settings(tmp_path, server__listen=text), {})
    assert settings.server.listen == expected
    assert str(settings.server.listen) == text


def test_values_of_every_kind(tmp_path: Path) -> None:
    """Durations, switches, networks, texts and numbers arrive as what they are."""
    path = write_settings(
        tmp_path,
        server__trusted_proxies=["10.20.0.0/16", "fd00::/8", "192.0.2.7"],
        token__lifetime="90s",
        cache={"credentials": "off", "groups": "0s", "stale_if_down": "off", "shared": "none"},
        messages={"wrong-credentials": "Mistyped?\nSee https://help.example.com/login", "directory-down": "Later."},
        logging={"format": "text", "level": "debug"},
        directory__tls__minimum=1.3,
    )
    settings = load_settings(path, {})
    assert settings.server.trusted_proxies == (
        ip_network("10.20.0.0/16"),
        ip_network("fd00::/8"),
        ip_network("192.0.2.7/32"),
    )
    assert settings.token.lifetime == 90
    assert (settings.cache.credentials, settings.cache.groups) == (0.0, 0.0)
    assert dict(settings.messages) == {
        "wrong-credentials": "Mistyped?\nSee https://help.example.com/login",
        "directory-down": "Later.",
    }
    assert settings.directory.tls.minimum == "1.3"


def test_the_settings_are_frozen(tmp_path: Path) -> None:
    """A snapshot cannot be changed under a request; mypy finds who writes to its own fields (tests/test_values.py)."""
    settings = load_settings(write_settings(tmp_path), {})
    with pytest.raises(ValueError, match="frozen"):
        settings.token.issuer = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.messages["no-credentials"] = "x"  # type: ignore[index]


def test_where_a_setting_stands(tmp_path: Path) -> None:
    """Findings that come later, from a server, still point at the line to mend."""
    path = write_settings(tmp_path)
    settings = load_settings(path, {"LTB_DIRECTORY__BASE": "DC=other,DC=example"})
    assert str(settings.place("directory", "servers", 1)) == f"{path}:7:45"
    assert str(settings.place("policy", "path")) == f"{path}:11:9"
    assert str(settings.place("directory", "base")) == "environment variable LTB_DIRECTORY__BASE"
    # A default stands nowhere: the section around it is the place to add it.
    assert str(settings.place("directory", "tls", "ca_file")) == f"{path}:6:3"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"], ids=["none", "LF", "CRLF"])
def test_a_line_break_ends_the_password_file(tmp_path: Path, ending: str) -> None:
    """Editors end a file with a line break; spaces and other line breaks are someone's password."""
    path = write_settings(tmp_path)
    (tmp_path / "ldap-password").write_bytes(f" pass\n word {ending}".encode())
    assert load_settings(path, {}).directory.bind_password.reveal() == b" pass\n word "


def test_the_password_never_prints(tmp_path: Path) -> None:
    """Neither the settings nor a part of them show it, wherever it came from."""
    inline = write_settings(tmp_path, directory__bind_password_file=ABSENT, directory__bind_password="hunter2hunter2")
    for environment in ({}, {"LTB_DIRECTORY__BIND_PASSWORD": "hunter3hunter3"}):
        settings = load_settings(inline, environment)
        assert settings.directory.bind_password.reveal() in (b"hunter2hunter2", b"hunter3hunter3")
        assert "hunter" not in f"{settings!r} {settings} {settings.directory!r} {settings.warnings}"
