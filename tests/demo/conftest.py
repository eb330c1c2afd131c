"""A running sample directory, and ldap3 connections to it."""

from collections.abc import Iterator

import ldap3
import pytest

from ldap_token_bridge.demo.people import SERVICE_DN
from tests.support.demo_directory import SERVICE_PASSWORD, Connect, serving


@pytest.fixture(scope="module")
def directory_port() -> Iterator[int]:
    """The port of a running sample directory."""
    with serving() as port:
        yield port


@pytest.fixture
def connect(directory_port: int) -> Iterator[Connect]:
    """Makes connections that are not bound yet, and closes them at the end."""
    opened: list[ldap3.Connection] = []

    def make(user: str | None = None, password: str | None = None) -> ldap3.Connection:
        server = ldap3.Server("127.0.0.1", directory_port, get_info=ldap3.NONE)
        opened.append(
            ldap3.Connection(
                server, user, password, receive_timeout=10, return_empty_attributes=False, check_names=False
            )
        )
        return opened[-1]

    yield make
    for connection in opened:
        connection.unbind()


@pytest.fixture
def service(connect: Connect) -> ldap3.Connection:
    """A connection bound as the bridge's service account."""
    connection = connect(SERVICE_DN, SERVICE_PASSWORD)
    assert connection.bind()
    return connection
