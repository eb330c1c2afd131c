"""Assertions 44 and 45: refresh tokens, from a bridge that issues them, before OpenLDAP with a password policy.

What ends one stands in tests/serve/test_serve_refresh.py.
"""

import re
from collections.abc import Iterator

import pytest

from tests.support.bridge import SERVICE, RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.http import request
from tests.support.refresh import OTHER_SERVICE, issue, refreshing, use
from tests.support.slapd import Slapd


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[RunningBridge]:
    """A bridge for two registries that gives refresh tokens."""
    folder = tmp_path_factory.mktemp("refresh")
    with Slapd(folder / "slapd", authority) as slapd:
        settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        with refreshing(folder / "bridge", settings, same_client=True) as bridge:
            yield bridge


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_044_refresh_token(keeper: RunningBridge, method: str) -> None:
    """`[A-Za-z0-9_-]`, to who asks for one with a password; used again and again for any scope, by its account."""
    token = issue(keeper, "bob", method=method)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    for scope, access in (
        ("repository:team-a/app:pull,push", {"team-a/app": ["pull", "push"]}),
        ("repository:team-b/app:pull", {}),
        ("repository:users/bob/x:pull", {"users/bob/x": ["pull"]}),
    ):
        answer = use(keeper, token, scope)
        assert (answer.status, answer.access, answer.claims["sub"]) == (200, access, "bob")
        assert answer.json["access_token"] == answer.token
        assert "refresh_token" not in answer.json


def test_044_the_same_again_to_who_asks(keeper: RunningBridge) -> None:
    """Never another one: docker drops a new one, and one that is good once shuts clients out."""
    token = issue(keeper, "bob")
    assert use(keeper, token, access_type="offline").json["refresh_token"] == token


def test_044_none_without_a_password(keeper: RunningBridge) -> None:
    """To nobody who did not sign in, and to nobody who did not ask."""
    query = [("service", SERVICE), ("scope", "repository:public/base:pull"), ("offline_token", "true")]
    anonymous = request(f"{keeper.url}/token", query=query)
    assert anonymous.access == {"public/base": ["pull"]}
    assert "refresh_token" not in anonymous.json
    assert "refresh_token" not in keeper.get(login="bob").json
    assert "refresh_token" not in keeper.post(login="bob", changes={"access_type": "online"}).json


def test_044_another_name_changes_nothing(keeper: RunningBridge) -> None:
    """What stands in the form beside it is not believed."""
    answer = use(keeper, issue(keeper, "bob"), "repository:team-b/app:pull", username="alice", account="alice")
    assert (answer.claims["sub"], answer.access) == ("bob", {})


def test_045_refresh_for_another_service(keeper: RunningBridge) -> None:
    """401, and for a registry that is not ours 400, as always."""
    token = issue(keeper, "bob")
    refused = use(keeper, token, service=OTHER_SERVICE)
    assert (refused.status, refused.json["error"]) == (401, "invalid_grant")
    assert refused.json["error_description"] == refused.json["details"]
    assert keeper.audit()[-1]["reason"] == "refresh-other-service"
    assert use(keeper, token, service="unknown").status == 400
    assert use(keeper, token, service=SERVICE).status == 200


def test_045_every_refusal_reads_the_same(keeper: RunningBridge) -> None:
    """Who tries tokens learns nothing from the answers."""
    token = issue(keeper, "bob")
    refusals = [
        use(keeper, token, service=OTHER_SERVICE),
        use(keeper, token, client_id="other"),
        use(keeper, token[:-1]),
        use(keeper, "x"),
        use(keeper, "\0 ü\n"),
    ]
    assert {(each.status, each.body) for each in refusals} == {(401, refusals[0].body)}
    assert all(each.headers["www-authenticate"].startswith("Basic ") and each.message for each in refusals)
    assert use(keeper, "").status == 400
