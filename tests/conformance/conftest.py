"""One running bridge before one slapd, with a recording proxy between them, for all numbered assertions."""

from collections.abc import Iterator

import pytest

from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.slapd import Slapd
from tests.support.wire import Wire


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Slapd]:
    """OpenLDAP with the sample's people and without lockout: these tests send many wrong passwords."""
    with Slapd(tmp_path_factory.mktemp("conformance-slapd"), authority, ppolicy=False) as slapd:
        yield slapd


@pytest.fixture(scope="session")
def wire(directory: Slapd) -> Iterator[Wire]:
    """What goes over the wire to the directory."""
    with Wire(("127.0.0.1", directory.port)) as wire:
        yield wire


@pytest.fixture(scope="session")
def bridge(tmp_path_factory: pytest.TempPathFactory, directory: Slapd, wire: Wire) -> Iterator[RunningBridge]:
    """The service over a real socket."""
    settings = openldap(wire.url, directory.base, directory.bind_dn)
    with RunningBridge(tmp_path_factory.mktemp("conformance-bridge"), settings) as bridge:
        yield bridge
