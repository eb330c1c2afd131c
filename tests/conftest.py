"""Real servers and clients for any test that names them; each starts when it is first asked for.

LTB_SKIP_SAMBA=1 leaves out the tests that need Samba, which needs root.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import canaries, oci_image
from tests.support import many_people as crowd
from tests.support.certificates import Authority
from tests.support.clients import Docker, Skopeo
from tests.support.ds389 import DirectoryServer389
from tests.support.examples import register_profiles
from tests.support.registry import Registry, TokenAuth
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd
from tests.support.wire import Wire

MakeSlapd = Callable[..., Slapd]
MakeRegistry = Callable[[TokenAuth | None], Registry]
MakeWire = Callable[[int], Wire]

register_profiles()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails any test whose output, or whose failure's text, shows a password of this run; and hides what it showed."""
    report = yield
    shown = report.longreprtext + "".join(content for _, content in report.sections)
    if leaks := canaries.leaks(shown):
        report.outcome = "failed"
        report.longrepr = f"the test's output shows {', '.join(leaks)}"
        report.sections.clear()
    return report


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The private certificate authority of this test run."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def make_slapd(tmp_path: Path, authority: Authority) -> Iterator[MakeSlapd]:
    """Starts slapd servers with the options of `Slapd`, and stops them after the test."""
    with ExitStack() as stack:
        count = iter(range(100))
        yield lambda **options: stack.enter_context(Slapd(tmp_path / f"slapd-{next(count)}", authority, **options))


@pytest.fixture
def slapd(make_slapd: MakeSlapd) -> Slapd:
    """OpenLDAP with the sample, memberOf and ppolicy: the test's own, to stop, hang and change at will."""
    return make_slapd()


@pytest.fixture(scope="session")
def many_people(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Slapd]:
    """OpenLDAP with the 10,000 people of `tests.support.many_people`: one for all tests, so change nothing."""
    folder = tmp_path_factory.mktemp("many-people") / "slapd"
    with Slapd(folder, authority, ppolicy=False, preload=crowd.ldif_text(), log_level="0") as directory:
        yield directory


@pytest.fixture(scope="session")
def samba_domain(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SambaDC]:
    """The domain controller of this test run; tests ask for `samba`."""
    if os.environ.get("LTB_SKIP_SAMBA") == "1":
        pytest.skip("LTB_SKIP_SAMBA=1: left out on request")
    with SambaDC(tmp_path_factory.mktemp("dc"), authority) as domain:
        yield domain


@pytest.fixture
def samba(samba_domain: SambaDC) -> Iterator[SambaDC]:
    """An Active Directory domain with the sample: one for all tests, so undo changes. It may be stopped and hung."""
    yield samba_domain
    samba_domain.resume()
    samba_domain.start()
    samba_domain.unlock_all()


@pytest.fixture(scope="session")
def ds389(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[DirectoryServer389]:
    """389 Directory Server with the sample: one for all tests, so undo changes."""
    with DirectoryServer389(tmp_path_factory.mktemp("ds389"), authority) as server:
        yield server


@pytest.fixture
def make_registry(tmp_path: Path) -> Iterator[MakeRegistry]:
    """Starts registries, open ones or with `TokenAuth`, and stops them after the test."""
    with ExitStack() as stack:
        count = iter(range(100))
        yield lambda auth: stack.enter_context(Registry(tmp_path / f"registry-{next(count)}", auth))


@pytest.fixture
def make_wire() -> Iterator[MakeWire]:
    """Starts recording proxies to a port of 127.0.0.1, and stops them after the test."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(Wire(("127.0.0.1", port)))


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    """The docker command line with a configuration of its own."""
    return Docker(tmp_path / "docker-home")


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    """A skopeo with a home of its own."""
    return Skopeo(tmp_path / "skopeo-home")


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minimal image as an OCI layout, for `skopeo.push`."""
    return oci_image.build(tmp_path_factory.mktemp("image"))
