"""A token request as it is read: whose login it holds, and what is refused rather than read in one way of two."""

import asyncio
import base64
from ipaddress import ip_address
from unittest.mock import Mock
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import BadRequest
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.token_service import TokenRequest
from ldap_token_bridge.web.token_request import BadCredentials, SlowClient, read_basic, read_form, read_query

HERE = ip_address("192.0.2.1")
TYPE = "application/x-www-form-urlencoded"
FORM = {"grant_type": "password", "service": "s", "client_id": "c", "username": "bob", "password": "p:ä"}
BOB = Credentials("bob", Secret("p:ä".encode()))


def basic(username: str, password: str, scheme: str = "Basic ") -> str:
    """The header of a login."""
    return scheme + base64.b64encode(f"{username}:{password}".encode()).decode()


def posted(body: bytes, *headers: tuple[str, str], content_type: str = TYPE, ends: bool = True) -> web.Request:
    """A POST with this body."""
    payload = StreamReader(Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())
    payload.feed_data(body)
    if ends:
        payload.feed_eof()
    return make_mocked_request(
        "POST", "/token", CIMultiDict([("Content-Type", content_type), *headers]), payload=payload
    )


async def form(fields: dict[str, str], *headers: tuple[str, str]) -> TokenRequest:
    """What such a form asks for."""
    return await read_form(posted(urlencode(fields).encode(), *headers), HERE, Deadline.after(5))


def test_a_query() -> None:
    """Each field where it belongs; the account that it names is no login."""
    path = "/token?service=s&scope=repository:a:pull&scope=repository:b:push&account=eve&client_id=c&offline_token=true"
    assert read_query(path, CIMultiDict(Authorization=basic("bob", "p:ä")), HERE) == TokenRequest(
        BOB, "s", ("repository:a:pull", "repository:b:push"), HERE, "eve", "c", offline=True
    )
    assert read_query("/token", CIMultiDict(), None) == TokenRequest(None, "", (), None, "", "", offline=False)


@pytest.mark.parametrize("value", ["", "false", "True", "1"])
def test_a_refresh_token_is_for_who_asks_for_it_in_so_many_words(value: str) -> None:
    """It is good for longer than what else is given."""
    assert not read_query(f"/token?offline_token={value}", CIMultiDict(), None).offline


@pytest.mark.parametrize("name", ["service", "account", "client_id", "offline_token"])
def test_what_may_stand_once(name: str) -> None:
    """A proxy may have looked at the other one."""
    with pytest.raises(BadRequest, match=f"{name} stands more than once"):
        read_query(f"/token?{name}=a&{name}=a", CIMultiDict(), None)


@pytest.mark.parametrize(
    ("header", "username", "password"),
    [
        (basic("bob", "p"), "bob", b"p"),
        (basic("bob", "p", "bAsIc "), "bob", b"p"),
        (basic("bob", "p", "Basic   ") + " ", "bob", b"p"),
        (basic("bob", ":a:b:"), "bob", b":a:b:"),
        (basic("bob", ""), "bob", b""),
        (basic("", "p"), "", b"p"),
        (basic("bäb", "p"), "bäb", b"p"),
        ("Basic " + base64.b64encode(b"bob:\xff\0").decode(), "bob", b"\xff\0"),
    ],
)
def test_the_login_of_a_header(header: str, username: str, password: bytes) -> None:
    """The password is what follows the first colon, byte for byte."""
    assert read_basic((header,)) == Credentials(username, Secret(password))


@pytest.mark.parametrize(
    "headers",
    [
        ("",),
        ("Basic",),
        ("Basic " + base64.b64encode(b"bob").decode(),),
        ("Basic " + base64.b64encode(b"\xff:p").decode(),),
        ("Basic Ym9iO!nA=",),
        ("Basic Ym9iOnA",),
        (basic("bob", "p", "Basic\t"),),
        (basic("bob", "p", "Bearer "),),
        (basic("bob", "p"), basic("bob", "p")),
        (basic("bob", "p"), ""),
    ],
)
def test_what_is_no_login_is_refused(headers: tuple[str, ...]) -> None:
    """Rather than taken for somebody without one; so are two, of which a proxy may have checked the other."""
    with pytest.raises(BadCredentials):
        read_basic(headers)


def test_no_header_is_no_login() -> None:
    """It is for the policy to say what anyone may."""
    assert read_basic(()) is None


async def test_a_form() -> None:
    """Each field where it belongs, and the login in it; a refresh token for who wants it."""
    asked = TokenRequest(BOB, "s", (), HERE, "bob", "c", offline=False)
    assert await form(FORM) == asked
    assert await form(FORM | {"access_type": "online", "account": "eve"}) == asked
    assert (await form(FORM | {"access_type": "offline"})).offline
    assert (await form(FORM | {"scope": "repository:a:pull"})).scopes == ("repository:a:pull",)


async def test_a_refresh_token() -> None:
    """Is the login in itself: names and passwords beside it are not looked at."""
    fields = FORM | {"grant_type": "refresh_token", "refresh_token": "r"}
    assert await form(fields, ("Authorization", basic("eve", "x"))) == TokenRequest(
        None, "s", (), HERE, "", "c", offline=False, refresh_token=Secret(b"r")
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grant_type": ""}, "lacks grant_type"),
        ({"service": ""}, "lacks service"),
        ({"client_id": ""}, "lacks client_id"),
        ({"grant_type": "client_credentials"}, "grant_type must be"),
        ({"grant_type": "refresh_token"}, "lacks refresh_token"),
        ({"grant_type": "refresh_token", "refresh_token": ""}, "lacks refresh_token"),
        ({"access_type": "Offline"}, "access_type must be"),
    ],
)
async def test_a_form_that_lacks_something(changes: dict[str, str], words: str) -> None:
    """Says what."""
    with pytest.raises(BadRequest, match=words):
        await form(FORM | changes)


@pytest.mark.parametrize("name", ["username", "password"])
async def test_a_form_without_a_login(name: str) -> None:
    """Is refused; an empty one is a login that nobody has."""
    with pytest.raises(BadRequest, match="lacks username or password"):
        await form({key: value for key, value in FORM.items() if key != name})
    found = (await form(FORM | {name: ""})).credentials
    assert found == Credentials(
        "" if name == "username" else "bob", Secret(b"" if name == "password" else "p:ä".encode())
    )


@pytest.mark.parametrize("name", ["grant_type", "service", "client_id", "access_type", "username", "password"])
async def test_what_may_stand_once_in_a_form(name: str) -> None:
    """As in a query."""
    body = urlencode({"access_type": "online"} | FORM) + f"&{name}=x"
    with pytest.raises(BadRequest, match=f"{name} stands more than once"):
        await read_form(posted(body.encode()), HERE, Deadline.after(5))


@pytest.mark.parametrize("header", [basic("bob", "p:ä"), basic("bob", "p:ä", "basic "), "Bearer x", ""])
async def test_a_header_that_names_nobody_else(header: str) -> None:
    """The same login twice is one, and a token of some proxy is none."""
    assert (await form(FORM, ("Authorization", header))).credentials == BOB


@pytest.mark.parametrize("header", [basic("eve", "p:ä"), basic("bob", "x"), "Basic", "BASIC Ym9i"])
async def test_a_header_that_may_name_another(header: str) -> None:
    """A proxy may have checked that login, while the token is for the form's; so for the second of two headers."""
    for headers in ([header], [basic("bob", "p:ä"), header]):
        with pytest.raises(BadRequest, match="name two logins"):
            await form(FORM, *(("Authorization", each) for each in headers))


@pytest.mark.parametrize("content_type", [TYPE, f"{TYPE}; charset=UTF-8", f"{TYPE}; charset=utf8"])
async def test_a_form_in_utf_8(content_type: str) -> None:
    """However it is written."""
    body = posted(urlencode(FORM).encode(), ("Content-Encoding", "Identity"), content_type=content_type)
    assert (await read_form(body, HERE, Deadline.after(5))).credentials == BOB


@pytest.mark.parametrize(
    ("content_type", "encoding", "words"),
    [
        ("application/json", "identity", "must be application"),
        ("application/json; charset=utf-8", "identity", "must be application"),
        (f"{TYPE}; charset=latin1", "identity", "must be application"),
        (TYPE, "gzip", "must not be packed"),
    ],
)
async def test_another_body(content_type: str, encoding: str, words: str) -> None:
    """Is refused unread, though it would read as a form."""
    body = posted(urlencode(FORM).encode(), ("Content-Encoding", encoding), content_type=content_type)
    with pytest.raises(BadRequest, match=words):
        await read_form(body, HERE, Deadline.after(5))


async def test_a_form_that_is_not_utf_8() -> None:
    """As it came, or by its escapes."""
    for body in (b"username=\xff", b"username=%ff"):
        with pytest.raises(BadRequest, match="not UTF-8"):
            await read_form(posted(body), HERE, Deadline.after(5))


async def test_a_body_that_does_not_end() -> None:
    """Nobody waits for it beyond the deadline."""
    with pytest.raises(SlowClient):
        await read_form(posted(b"username=", ends=False), HERE, Deadline.after(0.01))
