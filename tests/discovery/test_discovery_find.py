"""What DNS may say of a domain's servers, and what is made of it."""

from collections.abc import AsyncIterator

import pytest

from ldap_token_bridge.discovery import NothingFound, Target, find_servers, lookup
from tests.support.dns_server import DnsServer, answered_by

DOMAIN = "corp.test"
ALL = "_ldap._tcp.corp.test"
OF_THE_SITE = "_ldap._tcp.Bonn._sites.dc._msdcs.corp.test"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DnsServer]:
    """A name server that the bridge asks."""
    async with DnsServer() as server:
        answered_by(server, monkeypatch)
        yield server


async def test_the_servers_of_a_domain(server: DnsServer) -> None:
    """In lower case, by priority, with the time to live; one question was asked."""
    server.serve(ALL, (10, 0, 389, "dc2.corp.test"), (0, 100, 3890, "DC1.Corp.Test"), ttl=1234)
    found = await find_servers(DOMAIN)
    assert found.targets == (Target("dc1.corp.test", 3890), Target("dc2.corp.test", 389))
    assert (found.seconds, found.notes) == (1234, ())
    assert server.asked == [ALL]


async def test_the_sites_servers_stand_first(server: DnsServer) -> None:
    """The others follow, each once, whatever their priority; the shorter time holds."""
    server.serve(OF_THE_SITE, (50, 0, 389, "dc3.corp.test"), ttl=90)
    server.serve(ALL, (0, 0, 389, "dc1.corp.test"), (1, 0, 389, "dc3.corp.test"), ttl=600)
    found = await find_servers(DOMAIN, "Bonn")
    assert [target.host for target in found.targets] == ["dc3.corp.test", "dc1.corp.test"]
    assert (found.seconds, found.notes) == (90, ())


async def test_a_site_that_is_not_there_is_told(server: DnsServer) -> None:
    """The domain's servers are used."""
    server.serve(ALL, (0, 0, 389, "dc1.corp.test"))
    found = await find_servers(DOMAIN, "Bonn")
    assert [target.host for target in found.targets] == ["dc1.corp.test"]
    assert found.notes == (f"{OF_THE_SITE}: there are no such servers",)


@pytest.mark.parametrize(
    "target",
    ["dc1.evil.test", "corp.test.evil.test", "evilcorp.test", "xcorp.test", "test", r"dc1\.evil\000.corp.test"],
)
async def test_a_target_outside_the_domain_is_passed_over(server: DnsServer, target: str) -> None:
    """DNS is not authenticated: a forged answer must not choose whose certificate counts. It is told, too."""
    server.serve(ALL, (0, 0, 389, target), (1, 0, 389, "dc1.corp.test"))
    found = await find_servers(DOMAIN)
    assert [each.host for each in found.targets] == ["dc1.corp.test"]
    assert "passed over" in found.notes[0]
    server.serve(ALL, (0, 0, 389, target))
    with pytest.raises(NothingFound) as caught:
        await find_servers(DOMAIN)
    assert "passed over" in caught.value.detail
    assert "corp.test" not in str(caught.value)


async def test_the_domain_itself_may_be_a_target(server: DnsServer) -> None:
    """As small directories have it."""
    server.serve(ALL, (0, 0, 389, "corp.test"))
    assert (await find_servers(DOMAIN)).targets == (Target("corp.test", 389),)


async def test_no_service_is_no_server(server: DnsServer) -> None:
    """A target of "." says so (RFC 2782); so do a name without records, one that does not exist, and port 0."""
    for records in ([(0, 0, 0, ".")], [], [(0, 0, 0, "dc1.corp.test")]):
        server.serve(ALL, *records)
        with pytest.raises(NothingFound) as caught:
            await find_servers(DOMAIN)
        assert ALL in caught.value.detail
    with pytest.raises(NothingFound, match="try again"):
        await find_servers("other.test")


@pytest.mark.parametrize("failure", [DnsServer.SERVFAIL, DnsServer.REFUSED])
async def test_a_name_server_that_fails(server: DnsServer, failure: int) -> None:
    """It is told apart from a domain without servers."""
    server.failure = failure  # type: ignore[assignment]
    with pytest.raises(NothingFound) as caught:
        await find_servers(DOMAIN)
    assert "no name server could answer" in caught.value.detail


async def test_a_name_server_that_is_silent_or_babbles(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an end to waiting."""
    monkeypatch.setattr(lookup, "SECONDS", 0.3)
    server.garbage = b"\xff" * 40
    with pytest.raises(NothingFound):
        await find_servers(DOMAIN)
    server.silent = True
    with pytest.raises(NothingFound) as caught:
        await find_servers(DOMAIN, "Bonn")
    assert caught.value.detail.count("no name server answered within 0.3 s") == 2


async def test_one_answer_of_two_is_enough(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """If only the domain's can be had it is used, and asked for again as soon as may be."""
    monkeypatch.setattr(lookup, "SECONDS", 0.5)
    server.serve(ALL, (0, 0, 389, "dc1.corp.test"))
    whole = server.answer

    def failing_for_the_site(octets: bytes) -> bytes:
        server.failure = server.SERVFAIL if b"_sites" in octets else None
        return whole(octets)

    monkeypatch.setattr(server, "answer", failing_for_the_site)
    found = await find_servers(DOMAIN, "Bonn")
    assert (found.targets, found.seconds) == ((Target("dc1.corp.test", 389),), 0)
    assert "no name server could answer" in found.notes[0]


async def test_a_long_answer_comes_over_tcp(server: DnsServer) -> None:
    """Big domains have more controllers than a datagram holds; of very many, the first are used."""
    server.truncate = True
    server.serve(ALL, *((number, 0, 389, f"dc{number}.corp.test") for number in range(100)))
    found = await find_servers(DOMAIN)
    assert [target.host for target in found.targets] == [f"dc{number}.corp.test" for number in range(64)]
    assert server.over_tcp == 1


async def test_an_alias_is_followed(server: DnsServer) -> None:
    """The records behind it count, and the shorter time."""
    server.alias(ALL, "_ldap._tcp.other.test", ttl=70)
    server.serve("_ldap._tcp.other.test", (0, 0, 389, "dc1.corp.test"), ttl=600)
    found = await find_servers(DOMAIN)
    assert (found.targets, found.seconds) == ((Target("dc1.corp.test", 389),), 70)


async def test_a_system_without_name_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told in words, not as an error that nobody foresaw."""
    monkeypatch.setattr("dns.asyncresolver.Resolver", _none)
    with pytest.raises(NothingFound) as caught:
        await find_servers(DOMAIN)
    assert "this system has no name servers" in caught.value.detail


def _none() -> None:
    import dns.resolver  # noqa: PLC0415 -- only this test names its errors

    raise dns.resolver.NoResolverConfiguration
