"""Assertions 1 to 27: what a client may ask, and how it is read."""

import base64

import pytest

from tests.support import canaries
from tests.support.bridge import SERVICE, RunningBridge
from tests.support.http import request
from tests.support.wire import Wire

TOKEN_PATHS = ["/token", "/token/", "/auth", "/auth/", "/auth/token", "/auth/token/"]


def test_001_get_with_one_scope(bridge: RunningBridge) -> None:
    """A GET with valid Basic credentials and one scope gives a token as JSON."""
    answer = bridge.get("repository:team-a/app:pull", login="bob")
    assert answer.status == 200
    assert answer.access == {"team-a/app": ["pull"]}


def test_002_get_without_scope(bridge: RunningBridge) -> None:
    """As docker login asks: a token that grants nothing, for `/v2/`."""
    answer = bridge.get(login="bob")
    assert answer.status == 200
    assert answer.claims["access"] == []


def test_003_repeated_scope(bridge: RunningBridge) -> None:
    """Repeated parameters are united."""
    answer = bridge.get("repository:team-a/app:pull", "repository:public/base:pull", login="bob")
    assert answer.access == {"team-a/app": ["pull"], "public/base": ["pull"]}


def test_004_spaces_in_one_scope(bridge: RunningBridge) -> None:
    """Several scopes in one parameter are the same union."""
    answer = bridge.get("repository:team-a/app:pull repository:public/base:pull", login="bob")
    assert answer.access == {"team-a/app": ["pull"], "public/base": ["pull"]}


def test_005_one_repository_twice(bridge: RunningBridge) -> None:
    """Scopes of one repository become one entry."""
    answer = bridge.get("repository:team-a/app:pull", "repository:team-a/app:push", login="bob")
    (entry,) = answer.claims["access"]
    assert entry["actions"] == ["pull", "push"]


def test_006_order_of_actions(bridge: RunningBridge) -> None:
    """`push,pull` is `pull,push`."""
    one, other = (bridge.get(f"repository:team-a/app:{actions}", login="bob") for actions in ("push,pull", "pull,push"))
    assert one.claims["access"] == other.claims["access"]
    assert one.access == {"team-a/app": ["pull", "push"]}


def test_007_host_and_port_in_the_name(bridge: RunningBridge) -> None:
    """The type ends at the first colon, the actions begin after the last."""
    answer = bridge.get("repository:host:5000/a/b:pull", login="alice")
    assert answer.access == {"host:5000/a/b": ["pull"]}


def test_008_class_is_dropped(bridge: RunningBridge) -> None:
    """`repository(plugin)` is answered as `repository`."""
    (entry,) = bridge.get("repository(plugin):x:pull", login="alice").claims["access"]
    assert entry == {"type": "repository", "name": "x", "actions": ["pull"]}


def test_009_empty_scope(bridge: RunningBridge) -> None:
    """`scope=` is as none."""
    answer = bridge.get("", login="bob")
    assert (answer.status, answer.claims["access"]) == (200, [])


def test_010_malformed_scope_beside_a_good_one(bridge: RunningBridge) -> None:
    """It is ignored."""
    answer = bridge.get("repository", "::", "repository:team-a/app:pull", login="bob")
    assert answer.access == {"team-a/app": ["pull"]}


def test_011_unknown_type(bridge: RunningBridge) -> None:
    """It is dropped."""
    answer = bridge.get("artifact:x:pull", "registry:metrics:*", login="alice")
    assert (answer.status, answer.claims["access"]) == (200, [])


def test_012_unknown_and_upper_case_actions(bridge: RunningBridge) -> None:
    """They are never granted, not even to those who may do everything."""
    assert bridge.get("repository:x:PULL,admin,pull", login="alice").access == {"x": ["pull"]}


def test_013_case_of_names(bridge: RunningBridge) -> None:
    """Case is kept, and a rule for team-a is none for Team-a."""
    assert bridge.get("repository:Team/app:pull", login="alice").access == {"Team/app": ["pull"]}
    assert bridge.get("repository:Team-a/app:pull", login="bob").access == {}


def test_014_password_grant(bridge: RunningBridge) -> None:
    """A POST gives access_token, expires_in and scope."""
    answer = bridge.post("repository:team-a/app:pull", login="bob")
    assert answer.status == 200
    assert {"access_token", "expires_in", "scope"} <= answer.json.keys()


def test_015_charset_in_the_content_type(bridge: RunningBridge) -> None:
    """As containerd sends it."""
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    assert bridge.post(login="bob", content_type=kind).status == 200


def test_016_chunked_post(bridge: RunningBridge) -> None:
    """As podman and skopeo send it: without a Content-Length."""
    assert bridge.post("repository:team-a/app:pull", login="bob", chunked=True).access == {"team-a/app": ["pull"]}


def test_017_repeated_scope_fields(bridge: RunningBridge) -> None:
    """As containers/image sends them."""
    answer = bridge.post("repository:team-a/app:pull", "repository:public/base:pull", login="bob")
    assert answer.access == {"team-a/app": ["pull"], "public/base": ["pull"]}


@pytest.mark.parametrize("field", ["grant_type", "service", "client_id"])
@pytest.mark.parametrize("value", [None, ""])
def test_018_post_lacks_a_field(bridge: RunningBridge, field: str, value: str | None) -> None:
    """400, naming the field."""
    answer = bridge.post(login="bob", changes={field: value})
    assert answer.status == 400
    assert field in answer.message


@pytest.mark.parametrize(
    "changes", [{"grant_type": "authorization_code"}, {"access_type": "sideways"}, {"grant_type": "PASSWORD"}]
)
def test_019_unknown_grant_or_access_type(bridge: RunningBridge, changes: dict[str, str | None]) -> None:
    """400."""
    assert bridge.post(login="bob", changes=changes).status == 400


def test_020_refresh_while_disabled(bridge: RunningBridge) -> None:
    """401, with OAuth's own word beside both shapes of the message."""
    changes = {"grant_type": "refresh_token", "refresh_token": "x", "username": None, "password": None}
    answer = bridge.post(login="bob", changes=changes)
    assert answer.status == 401
    assert answer.json["error"] == "invalid_grant"
    assert answer.message


def test_021_long_query_and_long_credentials(bridge: RunningBridge, wire: Wire) -> None:
    """20 kB of scopes and 12 kB of Basic are read; a password of that size is then refused without a bind."""
    scopes = [f"repository:team-a/{'x' * 200}-{number}:pull" for number in range(90)]
    answer = bridge.get(*scopes, login="bob")
    assert answer.status == 200
    assert len(answer.access) == 90
    before = wire.binds()
    assert bridge.get(login="bob", password="x" * 9000).status == 401
    assert wire.binds() == before


@pytest.mark.parametrize("path", TOKEN_PATHS)
def test_022_every_token_path_answers(bridge: RunningBridge, path: str) -> None:
    """With and without a trailing slash, by GET and POST, and never by a redirect."""
    assert bridge.get("repository:team-a/app:pull", login="bob", path=path).access == {"team-a/app": ["pull"]}
    assert bridge.post("repository:team-a/app:pull", login="bob", path=path).access == {"team-a/app": ["pull"]}


def test_023_unknown_service(bridge: RunningBridge) -> None:
    """400 and no token."""
    answer = bridge.get(login="bob", service="registry.other")
    assert answer.status == 400
    assert "token" not in answer.json


@pytest.mark.parametrize("service", [None, ""])
def test_024_missing_service(bridge: RunningBridge, service: str | None) -> None:
    """With one registry configured it is meant."""
    assert bridge.get(login="bob", service=service).claims["aud"] == SERVICE


def test_025_offline_token_while_disabled(bridge: RunningBridge) -> None:
    """Success without a refresh token."""
    basic = ("bob", canaries.password("bob"))
    query = [("service", SERVICE), ("offline_token", "true"), ("account", "bob"), ("client_id", "docker")]
    answer = request(f"{bridge.url}/token", query=query, basic=basic)
    assert answer.status == 200
    assert "refresh_token" not in answer.json


def test_026_account_is_no_identity(bridge: RunningBridge) -> None:
    """The Basic user counts, whatever `account` says."""
    query = [("service", SERVICE), ("account", "alice"), ("scope", "repository:team-b/app:pull")]
    answer = request(f"{bridge.url}/token", query=query, basic=("bob", canaries.password("bob")))
    assert answer.claims["sub"] == "bob"
    assert answer.access == {}


def test_027_account_without_credentials(bridge: RunningBridge) -> None:
    """401, even where anyone may pull."""
    query = [("service", SERVICE), ("account", "alice"), ("scope", "repository:public/base:pull")]
    assert request(f"{bridge.url}/token", query=query).status == 401


@pytest.mark.parametrize(
    "raw",
    [
        "service=%ff",
        "scope=%C3%28",
        "service=a&service=b",
        "account=a&account=b",
        "&".join(f"a{n}=1" for n in range(3000)),
    ],
)
def test_a_query_that_cannot_be_read_is_a_400(bridge: RunningBridge, raw: str) -> None:
    """Not UTF-8, a parameter twice, too many: never a 5xx."""
    basic = base64.b64encode(b"bob:x").decode()
    answer = request(f"{bridge.url}/token?{raw}", headers={"Authorization": f"Basic {basic}"})
    assert answer.status == 400
    assert answer.message
