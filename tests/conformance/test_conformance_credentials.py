"""Assertions 28 to 38: whose credentials they are, and what a wrong one may cost."""

import base64
import http.client
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import canaries
from tests.support.bridge import SERVICE, RunningBridge
from tests.support.http import request
from tests.support.slapd import Slapd
from tests.support.wire import Wire


def wrong_password() -> str:
    """One that was never sent before."""
    return f"wrong-{secrets.token_hex(8)}"


@pytest.mark.parametrize("login", ["CORP\\bob", "bob@corp.example.com", "BOB", "Bob"])
def test_028_every_form_of_a_name(bridge: RunningBridge, login: str) -> None:
    """Domain, address and case: one canonical account, with the rights of that account."""
    answer = bridge.get("repository:team-a/app:push", login=login, password=canaries.password("bob"))
    assert answer.claims["sub"] == "bob"
    assert answer.access == {"team-a/app": ["push"]}


def test_029_password_with_colons(bridge: RunningBridge) -> None:
    """The first colon ends the name; bob's password holds another, and spaces."""
    assert ":" in canaries.password("bob")
    assert bridge.get(login="bob").status == 200


def test_030_utf8(bridge: RunningBridge) -> None:
    """Name and password beyond ASCII, by Basic and by form."""
    assert "ü" in canaries.password("jürgen")
    assert bridge.get(login="jürgen").claims["sub"] == "jürgen"
    assert bridge.post(login="jürgen").claims["sub"] == "jürgen"


def test_031_form_encoding(bridge: RunningBridge) -> None:
    """Space, plus, ampersand and percent survive a form."""
    assert set(" +&%") <= set(canaries.password("jürgen") + canaries.password("bob"))
    assert bridge.post(login="bob").status == 200
    assert bridge.post(login="jürgen").status == 200


def test_032_empty_password(bridge: RunningBridge, wire: Wire) -> None:
    """401, and nothing reaches the directory: there it would be a bind that succeeds."""
    before = wire.seen
    assert bridge.get(login="bob", password="").status == 401
    assert bridge.post(login="bob", password="").status == 401
    assert wire.seen == before


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:x").decode(),
        "Bearer abc",
        "bob:password",
        "Basic " + base64.b64encode(b"a:b").decode() + " x",
    ],
)
def test_033_malformed_basic(bridge: RunningBridge, header: str) -> None:
    """401 with a challenge, never a 5xx."""
    answer = bridge.get(headers={"Authorization": header})
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_034_wrong_credentials_for_a_public_repository(bridge: RunningBridge) -> None:
    """401: someone who means to be known learns that they are not."""
    assert bridge.get("repository:public/base:pull", login="bob", password=wrong_password()).status == 401


def test_035_post_then_get_with_one_wrong_password(bridge: RunningBridge, directory: Slapd, wire: Wire) -> None:
    """As containerd does it: exactly one bind reaches the directory."""
    password = wrong_password()
    before = wire.binds(directory.person_dn("bob"))
    assert bridge.post(login="bob", password=password).status == 401
    assert bridge.get(login="bob", password=password).status == 401
    assert bridge.get(login="CORP\\BOB", password=password).status == 401
    assert wire.binds(directory.person_dn("bob")) == before + 1


def test_036_a_hundred_wrong_logins_at_once(bridge: RunningBridge, directory: Slapd, wire: Wire) -> None:
    """One bind."""
    password = wrong_password()
    before = wire.binds(directory.person_dn("alice"))
    with ThreadPoolExecutor(100) as pool:
        statuses = set(pool.map(lambda _: bridge.get(login="alice", password=password).status, range(100)))
    assert statuses == {401}
    assert wire.binds(directory.person_dn("alice")) == before + 1


@pytest.mark.parametrize("login", ["<token>", "", " bob", "bo\0b", "bob\n"])
def test_037_names_that_are_no_account(bridge: RunningBridge, wire: Wire, login: str) -> None:
    """401, and nothing reaches the directory."""
    before = wire.seen
    assert bridge.get(login=login, password="some password").status == 401
    assert bridge.post(login=login, password="some password").status == 401
    assert wire.seen == before


def test_038_anonymous(bridge: RunningBridge) -> None:
    """Where the policy lets anyone, a token for nobody; else a challenge."""
    allowed = bridge.get("repository:public/base:pull")
    assert allowed.status == 200
    assert allowed.claims["sub"] == ""
    assert allowed.access == {"public/base": ["pull"]}
    assert bridge.get("repository:team-a/app:pull").status == 401


def test_two_authorization_headers_are_refused(bridge: RunningBridge) -> None:
    """A proxy might have checked the other one; `request` sends each header once, so this is by hand."""
    basic = base64.b64encode(f"bob:{canaries.password('bob')}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=10)
    connection.putrequest("GET", f"/token?service={SERVICE}")
    for _ in range(2):
        connection.putheader("Authorization", f"Basic {basic}")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


def test_a_form_beside_the_login_of_another_is_refused(bridge: RunningBridge, wire: Wire) -> None:
    """A proxy might have checked the header; nothing of either reaches the directory. The same login twice is one."""
    assert bridge.post(login="bob", basic=("bob", canaries.password("bob"))).claims["sub"] == "bob"
    before = wire.seen
    for other in (("alice", canaries.password("alice")), ("bob", wrong_password()), ("BOB", canaries.password("bob"))):
        answer = bridge.post(login="bob", basic=other)
        assert (answer.status, answer.message) == (
            400,
            "the form and the Authorization header name two logins; send one of them",
        )
    assert wire.seen == before


def test_an_unknown_user_reads_like_a_wrong_password(bridge: RunningBridge) -> None:
    """Nobody learns which names exist: status, headers and text are the same."""
    unknown = bridge.get(login="nobody-here", password=wrong_password())
    wrong = bridge.get(login="bob", password=wrong_password())
    varying = {"date", "x-request-id"}
    assert unknown.status == wrong.status == 401
    assert unknown.body == wrong.body
    assert {k: v for k, v in unknown.headers.items() if k not in varying} == {
        k: v for k, v in wrong.headers.items() if k not in varying
    }


def test_a_form_in_another_encoding_is_a_400(bridge: RunningBridge) -> None:
    """So are a JSON body and bytes that are no UTF-8."""
    for form, kind in (
        (b"grant_type=password", "application/x-www-form-urlencoded; charset=latin-1"),
        (b"{}", "application/json"),
        (b"grant_type=\xff", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff&service=x&client_id=x", "application/x-www-form-urlencoded"),
    ):
        answer = request(f"{bridge.url}/token", form=form, content_type=kind)
        assert answer.status == 400
        assert answer.message
