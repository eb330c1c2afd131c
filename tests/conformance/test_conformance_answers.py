"""Assertions 39 to 55: the shape of every answer."""

import secrets
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.http import Answer, request
from tests.support.process import free_port

KNOWN_CODES = {"UNAUTHORIZED", "DENIED", "TOOMANYREQUESTS", "UNAVAILABLE", "UNSUPPORTED", "UNKNOWN"}
BASE = "dc=corp,dc=example,dc=com"


@pytest.fixture(scope="module")
def silent_directory() -> Iterator[str]:
    """A socket that accepts and says nothing, as a hung server does."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        yield f"ldap://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="module", params=["down", "hung"])
def lost_bridge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, silent_directory: str
) -> Iterator[RunningBridge]:
    """A bridge whose directory is down, or hung."""
    url = silent_directory if request.param == "hung" else f"ldap://127.0.0.1:{free_port()}"
    settings = openldap(url, BASE, f"cn=svc,{BASE}")
    with RunningBridge(
        tmp_path_factory.mktemp("lost"), settings, sections={"server": {"request_deadline": "3s"}}
    ) as bridge:
        yield bridge


def failures(bridge: RunningBridge) -> list[Answer]:
    """One answer of each kind of failure that a client can cause."""
    return [
        bridge.get(login="bob", password=secrets.token_hex(8)),
        bridge.get("repository:team-a/app:pull"),
        bridge.get(headers={"Authorization": "Basic ???"}),
        bridge.get(login="bob", service="other"),
        bridge.post(login="bob", changes={"grant_type": "refresh_token", "refresh_token": "x"}),
        bridge.post(login="bob", changes={"grant_type": "x"}),
        request(f"{bridge.url}/token", form=b"x" * 100_000),
        request(f"{bridge.url}/token", method="PUT"),
        request(f"{bridge.url}/nowhere"),
    ]


def test_039_token_is_access_token(bridge: RunningBridge) -> None:
    """Old clients read one, newer ones the other."""
    body = bridge.get(login="bob").json
    assert body["token"] == body["access_token"]


def test_040_expires_in(bridge: RunningBridge) -> None:
    """A whole number of at least 60."""
    expires_in = bridge.get(login="bob").json["expires_in"]
    assert type(expires_in) is int
    assert expires_in >= 60


def test_041_expiry_is_what_was_told(bridge: RunningBridge) -> None:
    """The token lives as long as `expires_in` says."""
    answer = bridge.get(login="bob")
    assert answer.claims["exp"] - time.time() >= answer.json["expires_in"] - 1


def test_042_issued_at(bridge: RunningBridge) -> None:
    """Left out: clients add expires_in to it by a clock that may be wrong."""
    assert "issued_at" not in bridge.get(login="bob").json


def test_043_no_unsolicited_refresh_token(bridge: RunningBridge) -> None:
    """Some clients would store it in place of the password."""
    assert "refresh_token" not in bridge.get(login="bob").json
    assert "refresh_token" not in bridge.post(login="bob").json


def test_046_post_tells_what_was_granted(bridge: RunningBridge) -> None:
    """`scope` is the intersection, separated by spaces."""
    answer = bridge.post("repository:team-a/app:pull,push,delete", "repository:team-b/x:pull", login="bob")
    assert answer.json["scope"] == "repository:team-a/app:pull,push"


def test_047_headers_of_a_success(bridge: RunningBridge) -> None:
    """JSON, and never stored by a cache in between."""
    headers = bridge.get(login="bob").headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"].startswith("application/json")


def test_048_challenge(bridge: RunningBridge) -> None:
    """Every 401 says how to do better, in UTF-8."""
    challenges = [answer.headers["www-authenticate"] for answer in failures(bridge) if answer.status == 401]
    assert len(challenges) == 4
    assert all(challenge.startswith('Basic realm="') and 'charset="UTF-8"' in challenge for challenge in challenges)


def test_049_both_error_shapes(bridge: RunningBridge) -> None:
    """`errors` for registries' clients, `details` for docker login; the same text in both."""
    for answer in failures(bridge):
        assert answer.message
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["cache-control"] == "no-store"


def test_050_known_codes(bridge: RunningBridge) -> None:
    """No code that a client does not know."""
    assert {answer.json["errors"][0]["code"] for answer in failures(bridge)} <= KNOWN_CODES


def test_051_directory_down(lost_bridge: RunningBridge) -> None:
    """503 with Retry-After, never 401: a client would throw a good password away."""
    answer = lost_bridge.get(login="bob", password="some password")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["errors"][0]["code"] == "UNAVAILABLE"


def test_051_directory_down_leaves_the_anonymous_alone(lost_bridge: RunningBridge) -> None:
    """Public repositories and health need no directory."""
    assert lost_bridge.get("repository:public/base:pull").access == {"public/base": ["pull"]}
    assert request(f"{lost_bridge.url}/readyz").status == 200


def test_053_no_403(bridge: RunningBridge) -> None:
    """Lack of permission is a token that grants less."""
    answer = bridge.get("repository:team-b/app:push", login="bob")
    assert (answer.status, answer.claims["access"]) == (200, [])


def test_054_in_time_with_a_hung_directory(lost_bridge: RunningBridge) -> None:
    """An answer within the deadline of the settings, for a right and for an unknown name alike.

    The bound is docker's patience with the answer, not a figure of performance.
    """
    start = time.monotonic()
    assert lost_bridge.get(login="carol", password="some password").status == 503
    assert time.monotonic() - start < 10


def test_055_size_of_a_reply(bridge: RunningBridge) -> None:
    """Below 64 KiB, and a request for more than fits is refused with words, not cut."""
    password_grant = {"grant_type": "password", "service": "registry.test", "client_id": "x", "username": "alice"}
    password_grant["password"] = canaries.password("alice")
    scopes = [f"repository:r{number}/{'x' * 60}:pull" for number in range(400)]
    answer = request(
        f"{bridge.url}/token",
        form=[*password_grant.items(), *(("scope", scope) for scope in scopes)],
    )
    assert answer.status == 400
    assert "fewer" in answer.message
    assert all(len(each.body) <= 65536 for each in (answer, bridge.get(*scopes[:90], login="alice")))


def test_health_and_keys(bridge: RunningBridge) -> None:
    """Health in three spellings, keys in two forms; metrics are for the admin listener alone."""
    assert all(request(f"{bridge.url}{path}").status == 200 for path in ("/livez", "/readyz", "/healthz"))
    (key,) = request(f"{bridge.url}/jwks.json").json["keys"]
    assert key["kid"] == bridge.get(login="bob").header["kid"]
    assert request(f"{bridge.url}/bundle.pem").body.startswith(b"-----BEGIN CERTIFICATE-----")
    assert request(f"{bridge.url}/metrics").status == 404
