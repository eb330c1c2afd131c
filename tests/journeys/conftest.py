"""The whole world of a company, twice: clients, a registry, the bridge, and OpenLDAP or Active Directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, active_directory, openldap
from tests.support.certificates import Authority
from tests.support.registry import Registry
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd
from tests.support.world import World


@pytest.fixture(scope="module", params=["openldap", "active-directory"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[World]:
    """A registry that trusts a bridge that asks a directory over LDAPS."""
    folder = tmp_path_factory.mktemp("world")
    if request.param == "openldap":
        with Slapd(folder / "slapd", authority) as slapd:
            settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
            yield from _world(folder, slapd, settings)
    else:
        samba: SambaDC = request.getfixturevalue("samba_domain")
        samba.start()
        settings = active_directory(samba.ldaps_url, samba.base, samba.bind_dn, samba.ca_file)
        yield from _world(folder, samba, settings)
        samba.unlock_all()


def _world(folder: Path, directory: Slapd | SambaDC, settings: dict[str, object]) -> Iterator[World]:
    with (
        RunningBridge(folder / "bridge", settings) as bridge,
        Registry(folder / "registry", bridge.token_auth()) as registry,
    ):
        yield World(directory, bridge, registry)
        # Whatever the tests of a module did: nothing that was written or can be read holds a secret.
        for written in (bridge.log_text(), bridge.metrics(), registry.log_text()):
            assert not canaries.leaks(written)


@pytest.fixture(scope="module")
def without_directory(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Registry]:
    """A registry whose bridge reaches no directory."""
    folder = tmp_path_factory.mktemp("no-directory")
    with Slapd(folder / "slapd", authority) as slapd:
        settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with (
        RunningBridge(folder / "bridge", settings) as bridge,
        Registry(folder / "registry", bridge.token_auth()) as registry,
    ):
        yield registry
