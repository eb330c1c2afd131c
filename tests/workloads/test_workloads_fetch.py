"""Fetching keys from a real HTTPS server: what is followed, what is believed, and what ends a fetch."""

import asyncio
import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldap_token_bridge.ldap import client_tls
from ldap_token_bridge.workloads import CannotFetch, KeysAddress, fetch_keys
from tests.support.certificates import Authority
from tests.support.platform import SigningPlatform
from tests.support.process import free_port
from tests.support.scripted_http import Reply, ScriptedHttp, json_reply

PLATFORM = SigningPlatform()
JWKS = PLATFORM.jwks()
DISCOVERY = "/.well-known/openid-configuration"
Pages = dict[str, Reply | Callable[[], Reply]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the servers' certificates."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@contextmanager
def serving(authority: Authority, pages: Pages, *, host: str = "127.0.0.1") -> Iterator[ScriptedHttp]:
    """An HTTPS server with these pages, each a reply or what makes one."""

    def answer(path: str, _headers: Mapping[str, str]) -> Reply:
        page = pages.get(path, (404, {}, b""))
        return page() if callable(page) else page

    with ScriptedHttp(answer, tls=authority.issue(f"idp-{host}", [host])) as server:
        yield server


def address(server: ScriptedHttp, ca: Path | None, *, issuer: str = "", path: str = "/jwks") -> KeysAddress:
    """Of the server's JWKS, or of its discovery if the path is empty."""
    url = f"{server.url}{path}" if path else ""
    return KeysAddress(issuer or server.url, url, b"", 3600, client_tls(ca, None, None, "1.2"))


async def why_not(server: ScriptedHttp, authority: Authority, seconds: float = 5, path: str = "/jwks") -> str:
    """What keeps the keys from being fetched."""
    with pytest.raises(CannotFetch) as error:
        await fetch_keys(address(server, authority.ca_file, path=path), seconds)
    return str(error.value)


async def test_keys_are_fetched(authority: Authority) -> None:
    """Without any credentials or cookie."""
    with serving(authority, {"/jwks": (200, {}, JWKS)}) as server:
        assert (await fetch_keys(address(server, authority.ca_file))).find("key-1")
        ((_, headers),) = server.asked
    assert not {"authorization", "cookie"} & headers.keys() and headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_keys_are_discovered(authority: Authority, slash: str) -> None:
    """By the issuer's own document, also where the issuer ends with a slash."""
    pages: Pages = {"/jwks": (200, {}, JWKS)}
    with serving(authority, pages) as server:
        issuer = server.url + slash
        pages[DISCOVERY] = json_reply({"issuer": issuer, "jwks_uri": f"{server.url}/jwks"})
        assert (await fetch_keys(address(server, authority.ca_file, issuer=issuer, path=""))).find("key-1")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"issuer": "https://other.example.com", "jwks_uri": "{url}/jwks"}, "its issuer is not"),
        ({"issuer": "{url}/", "jwks_uri": "{url}/jwks"}, "its issuer is not"),
        ({"jwks_uri": "{url}/jwks"}, "its issuer is not"),
        ({"issuer": "{url}"}, "its jwks_uri is no https:// address"),
        ({"issuer": "{url}", "jwks_uri": "http://127.0.0.1:1/jwks"}, "its jwks_uri is no https:// address"),
        ({"issuer": "{url}", "jwks_uri": "file:///etc/passwd"}, "its jwks_uri is no https:// address"),
        ({"issuer": "{url}", "jwks_uri": ["{url}/jwks"]}, "its jwks_uri is no https:// address"),
        ({"issuer": "{url}", "jwks_uri": "https://"}, "https:"),
        ([], "no JSON object"),
    ],
)
async def test_a_document_that_is_not_the_issuers_own_is_not_believed(
    authority: Authority, document: object, why: str
) -> None:
    """Another issuer, or keys from where anybody could answer."""
    pages: Pages = {"/jwks": (200, {}, JWKS)}
    with serving(authority, pages) as server:
        pages[DISCOVERY] = (200, {}, json.dumps(document).replace("{url}", server.url).encode())
        assert why in await why_not(server, authority, path="")
        assert "/jwks" not in [path for path, _ in server.asked]


async def test_no_redirect_is_followed(authority: Authority) -> None:
    """Not even to the same server."""
    with serving(authority, {"/jwks": (302, {"Location": "/other"}, b""), "/other": (200, {}, JWKS)}) as server:
        assert await why_not(server, authority) == f"{server.url}/jwks: answers with status 302"
        assert [path for path, _ in server.asked] == ["/jwks"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((500, {}, JWKS), "status 500"),
        ((204, {}, b""), "status 204"),
        ((200, {}, b"<html>log in</html>"), "it is no JSON"),
        ((200, {}, b'{"keys": []}'), "no key that can be used"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(JWKS)), "it is no JSON"),
        ((200, {}, b" " * 100_000_000), "more than 256 KiB"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(100_000_000))), "no JSON"),
        ((200, {"Content-Length": "100"}, b"{}"), "/jwks: "),
        ((200, {"X": "y" * 100_000}, JWKS), "/jwks: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_answer_that_is_no_set_of_keys(authority: Authority, reply: Reply, why: str) -> None:
    """Errors, pages for people, and more than keys can be, packed or not."""
    with serving(authority, {"/jwks": reply}) as server:
        assert why in await why_not(server, authority)


async def test_a_slow_issuer_ends_the_fetch(authority: Authority) -> None:
    """By one time-out for all of it, discovery included."""
    go_on = threading.Event()

    def slow() -> Reply:
        go_on.wait(30)
        return 200, {}, JWKS

    with serving(authority, {"/jwks": slow, DISCOVERY: slow}) as server:
        assert await why_not(server, authority, 0.2) == f"{server.url}/jwks: no answer within 0.2 s"
        assert await why_not(server, authority, 0.2, "") == f"{server.url}: no answer within 0.2 s"
        go_on.set()
        await asyncio.sleep(0.1)  # TLS waits for the server's farewell


async def test_each_failure_is_of_one_kind(authority: Authority, tmp_path: Path) -> None:
    """For the metric, by which operations tell a certificate from a firewall."""
    go_on = threading.Event()

    def slow() -> Reply:
        go_on.wait(30)
        return 200, {}, JWKS

    async def kind(where: KeysAddress) -> str:
        with pytest.raises(CannotFetch) as error:
            await fetch_keys(where, 2)
        return error.value.reason

    pages: Pages = {"/jwks": (200, {}, JWKS), "/busy": (503, {}, b""), "/page": (200, {}, b"<html>"), "/slow": slow}
    stranger = Authority(tmp_path / "stranger", "Another CA").ca_file
    with serving(authority, pages) as server:
        assert await kind(address(server, stranger)) == "tls"
        assert await kind(address(server, authority.ca_file, path="/busy")) == "status"
        assert await kind(address(server, authority.ca_file, path="/page")) == "content"
        assert await kind(address(server, authority.ca_file, path="/slow")) == "timeout"
        go_on.set()
        await asyncio.sleep(0.1)  # TLS waits for the server's farewell
    assert await kind(address(server, authority.ca_file)) == "connection"


async def test_a_proxy_of_the_environment_is_used(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """By HTTPS_PROXY, unless NO_PROXY names the host."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    with serving(authority, {"/jwks": (200, {}, JWKS)}) as server:
        assert (await fetch_keys(address(server, authority.ca_file))).find("key-1")
        monkeypatch.setenv("NO_PROXY", "other.example.com")
        assert "Connect call failed" in await why_not(server, authority)
        assert len(server.asked) == 1


async def test_only_the_issuers_own_certificate_is_believed(authority: Authority, tmp_path: Path) -> None:
    """Not another authority's, nor one for another name; and an address where nobody listens is told."""
    with serving(authority, {"/jwks": (200, {}, JWKS)}) as server:
        assert "certificate" in await why_not(server, Authority(tmp_path / "other"))
        assert not server.asked
    with serving(authority, {"/jwks": (200, {}, JWKS)}, host="127.0.0.9") as server:
        assert "certificate" in await why_not(server, authority)
    assert f"{server.url}/jwks: " in await why_not(server, authority)
