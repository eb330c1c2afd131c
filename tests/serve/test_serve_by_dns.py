"""A bridge whose directory servers are found by DNS: two OpenLDAP servers and a name server of the test's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, check_directory
from ldap_token_bridge.discovery import Target
from ldap_token_bridge.ldap import server_list as server_list_module
from ldap_token_bridge.serve import Bridge, ldap_options
from ldap_token_bridge.serve.find import address_of
from ldap_token_bridge.settings import Settings, load_settings
from tests.conftest import MakeSlapd
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.dns_server import DnsServer, Srv, answered_by
from tests.support.http import Answer, request
from tests.support.slapd import Slapd

ALL = "_ldap._tcp.corp.test"
HOSTS = {"dc1_corp_test": "127.0.0.1", "dc2_corp_test": "127.0.0.1", "dc9_other_test": "127.0.0.1"}
NO_MEMORY: dict[str, Any] = {"credentials": "off", "groups": "off", "rejected": "off"}


@pytest.fixture
async def dns(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DnsServer]:
    """The name server that the bridge asks; in this process the hosts have addresses."""
    async with DnsServer() as dns:
        answered_by(dns, monkeypatch, **HOSTS)
        yield dns


@pytest.fixture
def slapds(make_slapd: MakeSlapd, authority: Authority) -> tuple[Slapd, Slapd]:
    """dc1 and dc2, with certificates for these names and for no address."""
    dc1, dc2 = (make_slapd(certificate=authority.issue(name, [f"{name}.corp.test"])) for name in ("dc1", "dc2"))
    return dc1, dc2


@pytest.fixture
def files(tmp_path: Path, slapds: tuple[Slapd, Slapd]) -> RunningBridge:
    """The bridge's files; it is run within the test, where the name server is."""
    slapd = slapds[0]
    settings = openldap("", slapd.base, slapd.bind_dn, slapd.ca_file, domain="corp.test")
    del settings["servers"]
    return RunningBridge(tmp_path / "bridge", settings, sections={"cache": NO_MEMORY})


@pytest.fixture
async def bridge(files: RunningBridge) -> AsyncIterator[Bridge]:
    """Not started yet."""
    bridge = Bridge(lambda: settings_of(files))
    yield bridge
    await bridge.stop()


def settings_of(files: RunningBridge) -> Settings:
    """As `serve` reads them."""
    return load_settings(files.settings, {})


def srv(slapd: Slapd, priority: int = 0) -> Srv:
    """The record of one of the two, by the name that its certificate is for."""
    name = slapd._certificate.certificate.stem
    return priority, 0, slapd.tls_port, f"{name}.corp.test"


async def log_in(files: RunningBridge, login: str = "bob", **options: Any) -> Answer:
    """Over the bridge's socket, while its loop goes on."""
    return await asyncio.to_thread(files.get, "repository:team-a/app:push", login=login, **options)


async def detail(files: RunningBridge) -> dict[str, Any]:
    """`directory` of the readiness detail."""
    answer = await asyncio.to_thread(request, f"http://127.0.0.1:{files.admin_port}/readyz?verbose")
    found = answer.json["directory"]
    assert isinstance(found, dict)
    return found


async def test_a_login_by_servers_that_dns_names(
    dns: DnsServer, bridge: Bridge, files: RunningBridge, slapds: tuple[Slapd, Slapd]
) -> None:
    """The certificate is held against the target's name; with the first one gone the second serves."""
    dns.serve(ALL, srv(slapds[0]), srv(slapds[1], priority=10))
    await bridge.start()
    assert (await log_in(files)).status == 200
    assert (await log_in(files, password="wrong")).status == 401
    shown = await detail(files)
    first, second = (server["server"] for server in shown["servers"])
    assert (first, second) == tuple(
        f"ldaps://{name}.corp.test:{slapd.tls_port}" for name, slapd in zip(("dc1", "dc2"), slapds, strict=True)
    )
    assert (shown["domain"], shown["notes"]) == ("corp.test", [])
    slapds[0].stop()
    assert (await log_in(files)).status == 200
    assert f'ltb_ldap_server_up{{server="{first}"}} 0.0' in await asyncio.to_thread(files.metrics)
    assert len([name for name in dns.asked if name == ALL]) == 1, "for the look at the start and for all logins"


async def test_dns_that_is_down_at_the_start(
    dns: DnsServer, bridge: Bridge, files: RunningBridge, slapds: tuple[Slapd, Slapd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bridge starts and answers 503, and works as soon as DNS does; DNS that fails later does no harm."""
    monkeypatch.setattr(server_list_module, "RETRY", 0.1)
    monkeypatch.setattr(server_list_module, "SHORTEST", 0.05)
    monkeypatch.setattr(server_list_module, "LONGEST", 0.05)
    dns.failure = dns.SERVFAIL
    await bridge.start()
    answer = await log_in(files)
    assert answer.status == 503
    assert "corp.test" not in answer.body.decode()
    assert "no name server could answer" in (await detail(files))["notes"][0]
    dns.failure = None
    dns.serve(ALL, srv(slapds[0]))
    await asyncio.sleep(0.15)
    assert (await log_in(files)).status == 200
    dns.failure = dns.SERVFAIL
    asked = len(dns.asked)
    while len(dns.asked) < asked + 3:
        assert (await log_in(files)).status == 200
        await asyncio.sleep(0.02)


async def test_servers_come_and_go(
    dns: DnsServer, bridge: Bridge, files: RunningBridge, slapds: tuple[Slapd, Slapd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed answer is taken up without a restart."""
    monkeypatch.setattr(server_list_module, "SHORTEST", 0.05)
    monkeypatch.setattr(server_list_module, "LONGEST", 0.05)
    dns.serve(ALL, srv(slapds[0]))
    await bridge.start()
    assert (await log_in(files)).status == 200
    dns.serve(ALL, srv(slapds[1]))
    while "dc2" not in (await detail(files))["servers"][0]["server"]:
        assert (await log_in(files)).status == 200
        await asyncio.sleep(0.02)
    slapds[0].stop()
    assert (await log_in(files)).status == 200
    gauges = [line for line in (await asyncio.to_thread(files.metrics)).splitlines() if "ldap_server_up{" in line]
    assert gauges == [f'ltb_ldap_server_up{{server="ldaps://dc2.corp.test:{slapds[1].tls_port}"}} 1.0']


async def test_a_forged_answer_gets_no_password(
    dns: DnsServer, bridge: Bridge, files: RunningBridge, slapds: tuple[Slapd, Slapd]
) -> None:
    """Neither by a target elsewhere nor by another server under a name of ours: its certificate is for another."""
    dns.serve(ALL, (0, 0, slapds[0].tls_port, "dc9.other.test"), (0, 0, slapds[0].tls_port, "dc2.corp.test"))
    binds = slapds[0].log_text().count("BIND dn=")
    items = await check(files)
    assert "passed over, for they are not below corp.test: dc9.other.test" in items[1].what
    (server,) = (item for item in items if item.topic == "server")
    assert "is for another name" in server.what
    assert server.grade is Grade.UNUSABLE
    assert str(server.where).startswith(str(files.settings))
    assert slapds[0].log_text().count("BIND dn=") == binds
    assert bridge.detail()


async def test_the_check_shows_what_dns_says(dns: DnsServer, files: RunningBridge, slapds: tuple[Slapd, Slapd]) -> None:
    """The servers found, each with its state; if none is found, that is a finding at the key of the domain."""
    dns.serve(ALL, *(srv(slapd, priority) for priority, slapd in enumerate(slapds)))
    items = await check(files)
    found = ", ".join(f"ldaps://{name}.corp.test:{s.tls_port}" for name, s in zip(("dc1", "dc2"), slapds, strict=True))
    assert (items[0].topic, items[0].grade, items[0].what) == ("servers", Grade.FINE, f"corp.test: {found}")
    assert [item.grade for item in items if item.topic == "server"] == [Grade.FINE, Grade.FINE]
    dns.failure = dns.SERVFAIL
    (item,) = await check(files)
    assert (item.topic, item.grade) == ("servers", Grade.FINDING)
    assert "no server is found: _ldap._tcp.corp.test: no name server could answer" in item.what
    assert "directory.domain" in item.remedy
    assert item.where is not None
    assert item.where.line > 0


async def check(files: RunningBridge) -> Any:
    """What `check --connect` finds."""
    settings = settings_of(files)
    return await check_directory(settings, ldap_options(settings.directory), None)


@pytest.mark.parametrize(
    ("port", "start_tls", "url"),
    [
        (389, False, "ldaps://dc1.corp.test"),
        (636, False, "ldaps://dc1.corp.test"),
        (3269, False, "ldaps://dc1.corp.test:3269"),
        (389, True, "ldap://dc1.corp.test"),
        (3890, True, "ldap://dc1.corp.test:3890"),
    ],
)
def test_what_is_spoken_on_a_port(port: int, url: str, *, start_tls: bool) -> None:
    """DNS gives the port for plain LDAP: StartTLS goes there, LDAPS to 636 in its place."""
    assert str(address_of(Target("dc1.corp.test", port), start_tls=start_tls)) == url
