"""Repository names and challenges: the registry's own grammar."""

import pytest

from ldap_token_bridge.registry import basic_challenge, host_of, is_path_component, is_repository_name


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "team-a/app",
        "a/b/c",
        "a.b/c_d/e__f",
        "a--b",
        "host:5000/a/b",
        "registry.corp/a",
        "Team/app",
        "0",
        "a" * 255,
    ],
)
def test_a_legal_name_is_accepted(name: str) -> None:
    """What a registry accepts in a URL is a name."""
    assert is_repository_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "-a",
        "a-",
        "a..b",
        "a___b",
        "a/B",
        "a b",
        "a\n",
        "ü",
        "*",
        "a/../b",
        "a" * 256,
        "host:/a",
        "a:b",
    ],
)
def test_an_illegal_name_is_refused(name: str) -> None:
    """What a registry would not route is no name, so that no policy decides about it."""
    assert not is_repository_name(name)


def test_a_component_is_one_segment() -> None:
    """A word that fills a placeholder can never bring a slash, upper case or a dot-dot with it."""
    assert is_path_component("team-a")
    assert not any(map(is_path_component, ["", "a/b", "A", "..", ".", "a\n", "jürgen", "a" * 256]))


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("registry.corp.example.com/a/b", "registry.corp.example.com"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000"),
        ("host:5000/a", "host:5000"),
        ("localhost/a", "localhost"),
        ("team-a/app:1.0", ""),
        ("a.b", ""),
        ("app:latest", ""),
    ],
)
def test_a_host_at_the_beginning_is_told_as_clients_do(name: str, host: str) -> None:
    """By a dot or a colon in the first of several components."""
    assert host_of(name) == host


def test_a_realm_cannot_break_out_of_its_quotes() -> None:
    """Quotes and backslashes are escaped."""
    assert basic_challenge('a"b\\') == 'Basic realm="a\\"b\\\\", charset="UTF-8"'
