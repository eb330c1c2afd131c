"""LTB_SECTION__KEY stands in for a key of the file, and mistakes in it are told as such."""

from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import ABSENT, write_settings

_UNKNOWN = (
    "A setting's variable is LTB_SECTION__KEY with two underscores; docs/settings.md lists them."
    " Unset it if it is for another program."
)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """Text, numbers, switches, durations and lists; also for sections that the file does not have."""
    path = write_settings(tmp_path, token__x5c=True)
    settings = load_settings(
        path,
        {
            "LTB_TOKEN__X5C": "false",
            "LTB_TOKEN__ISSUER": "12345",
            "LTB_TOKEN__SERVICES": "a.example.com, b.example.com",
            "LTB_DIRECTORY__TLS__MINIMUM": "1.3",
            "LTB_DIRECTORY__CONNECTIONS__BIND": "3",
            "LTB_SERVER__REQUEST_DEADLINE": "5s",
            "LTB_MESSAGES__WRONG_CREDENTIALS": "No.",
            "LTB_POLICY": "/etc/policy.yaml",
        },
    )
    assert settings.token.x5c is False
    assert settings.token.issuer == "12345"
    assert settings.token.services == ("a.example.com", "b.example.com")
    assert settings.directory.tls.minimum == "1.3"
    assert settings.directory.connections.bind == 3
    assert settings.server.request_deadline == 5.0
    assert settings.messages == {"wrong-credentials": "No."}
    assert settings.policy.path == Path("/etc/policy.yaml")


def test_a_password_of_digits_stays_text(tmp_path: Path) -> None:
    """The environment has no quotes: what is text in the file is text there."""
    path = write_settings(tmp_path, directory__bind_password_file=ABSENT)
    for password in ("12345", "true", "a, b", "null", "jürgen"):
        settings = load_settings(path, {"LTB_DIRECTORY__BIND_PASSWORD": password})
        assert settings.directory.bind_password.reveal() == password.encode()
        assert not any("password stands in" in str(warning) for warning in settings.warnings)


def test_everything_from_the_environment(tmp_path: Path) -> None:
    """An empty file is enough if the environment has what is required."""
    (tmp_path / "bridge.yaml").write_text("# all from the environment\n")
    settings = load_settings(
        tmp_path / "bridge.yaml",
        {
            "LTB_TOKEN__ISSUER": "bridge",
            "LTB_TOKEN__SERVICES": "registry",
            "LTB_TOKEN__KEYS_DIR": "keys",
            "LTB_DIRECTORY__KIND": "openldap",
            "LTB_DIRECTORY__SERVERS": "ldaps://a.example.com,ldaps://b.example.com",
            "LTB_DIRECTORY__BASE": "dc=example,dc=com",
            "LTB_DIRECTORY__BIND_DN": "cn=svc,dc=example,dc=com",
            "LTB_DIRECTORY__BIND_PASSWORD": "secret",
            "LTB_POLICY__PATH": "policy.yaml",
        },
    )
    assert [server.host for server in settings.directory.servers] == ["a.example.com", "b.example.com"]
    assert settings.directory.options.base == "dc=example,dc=com"
    assert str(settings.place("cache", "groups")) == f"{tmp_path}/bridge.yaml:1:1"


@pytest.mark.parametrize(
    ("variable", "value", "what", "remedy"),
    [
        (
            "LTB_DIRECTORY__BIND_PASSWORT",
            "hunter2hunter2",
            "unknown setting",
            "Did you mean 'LTB_DIRECTORY__BIND_PASSWORD'? Unset it if it is for another program.",
        ),
        (
            "LTB_XYZZY",
            "1",
            "unknown setting",
            _UNKNOWN,
        ),
        ("LTB_TOKEN__X5C", "maybe", "token.x5c must be true or false", "Write true or false."),
        (
            "LTB_DIRECTORY__CONNECTIONS__BIND",
            "many",
            "directory.connections.bind: must be a whole number from 1 to 256",
            "Write a number within these bounds.",
        ),
        (
            "LTB_DIRECTORY__BIND_PASSWORD",
            "",
            "directory.bind_password: is empty",
            "Write the password; the bridge never signs in without one.",
        ),
        (
            "LTB_TOKEN__REFRESH__ENABLED",
            "true",
            "token.refresh.enabled needs token.refresh.key_file",
            (
                "Write where the key is to be, as in key_file: secrets/refresh-keys, and make it:"
                " ldap-token-bridge keys refresh-key -c bridge.yaml"
            ),
        ),
        (
            "LTB_CACHE__SHARED",
            "redis://:hidden@cache",
            "cache.shared: holds a password, which is no part of a store's address",
            "Name a file with it in cache.shared_password_file, or set LTB_CACHE__SHARED_PASSWORD.",
        ),
    ],
)
def test_mistakes_name_the_variable(tmp_path: Path, variable: str, value: str, what: str, remedy: str) -> None:
    """The place of a mistake in the environment is its variable; its value is never shown where it may be a secret."""
    path = write_settings(tmp_path, directory__bind_password_file=ABSENT)
    with pytest.raises(Misconfigured) as caught:
        load_settings(path, {"LTB_DIRECTORY__BIND_PASSWORD": "right", variable: value})
    (problem,) = caught.value.problems
    assert str(problem.where) == f"environment variable {variable}"
    assert (problem.what, problem.remedy) == (what, remedy)


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    """The command line's and the tests' own variables are no settings; nor is anything without the prefix."""
    environment = {"LTB_CONFIG": "bridge.yaml", "LTB_SKIP_SERVERS": "1", "PATH": "/bin", "ltb_token__x5c": "maybe"}
    assert load_settings(write_settings(tmp_path), environment).token.x5c is True
