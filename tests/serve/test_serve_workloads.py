"""Workloads at a running bridge, with keys from a file and from an issuer's own HTTPS server."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.clients import As, Docker, Skopeo
from tests.support.http import Answer, request
from tests.support.platform import AUDIENCE, SigningPlatform, gitlab_claims, kubernetes_claims
from tests.support.process import free_port
from tests.support.registry import Registry, TokenAuth
from tests.support.scripted_http import Reply, ScriptedHttp
from tests.support.wire import Wire

POLICY = """\
version: 1
allow:
  - {id: ci, who: ["workload:deploy"], repositories: ["team-a/**"], actions: [pull, push]}
  - {id: pods, who: ["workload:deployer"], repositories: ["team-a/**"], actions: [pull]}
  - {id: common, who: [signed-in], repositories: ["common/**"], actions: [pull]}
"""
WRONG = "This is no token of that issuer."
_PATIENCE = 30
_CLAIMS = {"project_path": "team-a/app", "ref_protected": "true"}


class World:
    """A bridge before a directory that is down, a GitLab with a server for its keys, and a cluster with a file."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "ca")
        self.gitlab, self.cluster = SigningPlatform(), SigningPlatform("ES256", "cluster-1")
        self.jwks: Reply = (200, {}, self.gitlab.jwks())
        self.server = ScriptedHttp(lambda *_: self.jwks, tls=authority.issue("gitlab", ["127.0.0.1"]))
        down = openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")
        sections = {"policy": {"path": "policy.yaml", "poll": "500ms"}}
        self.bridge = RunningBridge(folder / "bridge", down, policy=POLICY, sections=sections)
        self.jwks_file = self.bridge.folder / "cluster.json"
        self.jwks_file.write_bytes(self.cluster.jwks())
        self.bridge.sections["workloads"] = {
            "gitlab": {
                "issuer": "https://gitlab.corp.example.com",
                "audience": AUDIENCE,
                "jwks_url": f"{self.server.url}/oauth/discovery/keys",
                "ca_file": str(authority.ca_file),
                "subjects": [{"name": "deploy", "claims": dict(_CLAIMS)}],
            },
            "cluster": {
                "issuer": "https://kubernetes.default.svc.cluster.local",
                "audience": AUDIENCE,
                "jwks_file": "cluster.json",
                "subjects": [{"name": "deployer", "claims": {"sub": "system:serviceaccount:prod:deployer"}}],
            },
        }
        self.bridge.write_settings()

    def job(self, platform: SigningPlatform | None = None, **changes: Any) -> str:
        """The token of a GitLab job; watched as a canary."""
        return _watched((platform or self.gitlab).token(gitlab_claims(**changes)).reveal())

    def pod(self) -> str:
        """The token of a pod; watched as a canary."""
        return _watched(self.cluster.token(kubernetes_claims()).reveal())

    def ask(self, *scopes: str, token: str, login: str = "workload+gitlab") -> Answer:
        """As docker asks."""
        return self.bridge.get(*scopes, login=login, password=token)


def _watched(token: bytes) -> str:
    text = token.decode()
    canaries.watch("a workload's token", text)
    canaries.watch("a workload's token, its signature", text.rpartition(".")[2])
    return text


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """All of it is up, but the directory."""
    world = World(tmp_path)
    with world.server, world.bridge:
        yield world


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come."""
    give_up = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < give_up, "it has not happened"
        time.sleep(0.05)


def test_a_job_gets_what_the_policy_gives_it_while_the_directory_is_down(world: World) -> None:
    """It is `signed-in`, too; the audit line says whose token it was, and which."""
    scopes = ("repository:team-a/app:pull,push", "repository:team-b/app:pull", "repository:common/x:pull,push")
    answer = world.ask(*scopes, token=world.job())
    assert answer.access == {"team-a/app": ["pull", "push"], "common/x": ["pull"]}
    assert answer.claims["sub"] == "workload+deploy"
    line = world.bridge.audit()[-1]
    assert (line["account"], line["outcome"], line["rules"]) == ("workload+deploy", "issued", ["ci", "common"])
    assert line["workload"] == {
        "issuer": "gitlab",
        "sub": "project_path:team-a/app:ref_type:branch:ref:main",
        "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
    }
    posted = world.bridge.post("repository:team-a/app:pull,push", login="workload+cluster", password=world.pod())
    assert posted.access == {"team-a/app": ["pull"]}
    assert len(world.server.asked) == 1


def test_only_who_has_the_issuers_token_learns_why_it_does_not_help(world: World) -> None:
    """All others read the same; the audit line tells them apart."""
    stranger = SigningPlatform()
    now = int(time.time())
    attempts = [
        ("workload+gitlab", world.job(iat=now - 7200, exp=now - 3600), "workload-expired", "token is over"),
        ("workload+gitlab", world.job(aud="other"), "workload-wrong-audience", "for somebody else"),
        ("workload+gitlab", world.job(project_path="team-b/app"), "workload-no-subject", "claims fit no workload"),
        ("workload+gitlab", world.job(exp=now + 10**7), "workload-lives-too-long", "for longer than is taken"),
        ("workload+gitlab", world.job(stranger), "workload-bad-signature", WRONG),
        ("workload+gitlab", world.pod(), "workload-unknown-key", WRONG),
        ("workload+gitlab", canaries.password("alice"), "workload-malformed", WRONG),
        ("workload+cluster", world.job(), "workload-unknown-key", WRONG),
        ("workload+elsewhere", world.job(), "workload-unknown-issuer", WRONG),
        ("workload+", world.job(), "workload-unknown-issuer", WRONG),
    ]
    for login, token, reason, message in attempts:
        answer = world.ask(login=login, token=token)
        line = world.bridge.audit()[-1]
        assert (answer.status, line["reason"], line["account"]) == (401, reason, "")
        assert message in answer.message
        assert "sub" not in line["workload"] or message != WRONG


def test_no_workload_is_ever_asked_of_the_directory(tmp_path: Path) -> None:
    """Nor with no issuers at all."""
    with Wire(("127.0.0.1", free_port())) as wire:
        directory = openldap(f"ldap://127.0.0.1:{wire.port}", "dc=corp", "cn=svc,dc=corp")
        with RunningBridge(tmp_path / "bridge", directory, policy=POLICY) as bridge:
            before = wire.connections
            answer = bridge.get(login="workload+gitlab", password="Canary-of-nobody")
            assert (answer.status, wire.connections) == (401, before)


def test_the_age_of_keys_and_failed_fetches_are_told(tmp_path: Path) -> None:
    """By the issuer's name in bridge.yaml; keys of a file have no age."""
    world = World(tmp_path)
    world.jwks = (500, {}, b"")
    age = 'ltb_workload_key_age_seconds{issuer="gitlab"}'
    with world.server, world.bridge:
        until(lambda: 'ltb_workload_key_fetches_total{issuer="gitlab",outcome="status"} 1.0' in world.bridge.metrics())
        assert f"{age} +Inf" in world.bridge.metrics()
        world.jwks = (200, {}, world.gitlab.jwks())
        until(lambda: world.ask(token=world.job()).status == 200)
        told = world.bridge.metrics()
        assert 'ltb_workload_key_fetches_total{issuer="gitlab",outcome="ok"} 1.0' in told
        assert age in told and f"{age} +Inf" not in told
        assert 'issuer="cluster"' not in told
        world.bridge.sections["workloads"].pop("gitlab")
        world.bridge.write_settings()
        assert world.bridge.reload()
        assert age not in world.bridge.metrics()


def test_refused_tokens_use_up_the_address_and_good_ones_go_on(tmp_path: Path) -> None:
    """As wrong passwords do, with the same answer; a reload forgets nothing of it."""
    world = World(tmp_path)
    world.bridge.sections["guard"] = {"account_failures": "off", "address_failures": "2 per 10m"}
    world.bridge.write_settings()
    stranger = SigningPlatform()
    with world.server, world.bridge:
        assert [world.ask(token=world.job(stranger, jti=str(n))).status for n in range(3)] == [401, 401, 429]
        line = world.bridge.audit()[-1]
        assert (line["reason"], line["budget"]) == ("too-many-attempts", "address")
        assert world.bridge.reload()
        assert world.ask(token=world.job(stranger, jti="3")).status == 429
        assert world.ask(token=world.job()).status == 200


def test_a_job_gets_no_refresh_token(world: World) -> None:
    """It would outlive the job."""
    answer = world.bridge.post(login="workload+gitlab", password=world.job(), changes={"access_type": "offline"})
    assert answer.status == 200 and "refresh_token" not in answer.json


def test_an_issuer_that_is_down_touches_nobody_else(tmp_path: Path) -> None:
    """Its jobs are asked to come again; when it is back they are let in, without a restart."""
    world = World(tmp_path)
    world.jwks = (500, {}, b"")
    with world.server, world.bridge:
        answer = world.ask(token=world.job())
        assert answer.status == 503 and answer.headers["retry-after"]
        assert world.bridge.audit()[-1]["reason"] == "workload-keys-unavailable"
        assert world.ask(login="workload+cluster", token=world.pod()).status == 200
        assert "answers with status 500" in world.bridge.log_text()
        world.jwks = (200, {}, world.gitlab.jwks())
        until(lambda: world.ask(token=world.job()).status == 200)


def test_fetched_keys_survive_a_reload_while_the_issuer_is_down(world: World) -> None:
    """A changed subject counts at once, and nobody is shut out."""
    assert world.ask(token=world.job()).status == 200
    world.jwks = (500, {}, b"")
    world.bridge.sections["workloads"]["gitlab"]["subjects"][0]["claims"]["project_path"] = "team-b/app"
    world.bridge.write_settings()
    assert world.bridge.reload()
    assert world.ask(token=world.job(project_path="team-b/app")).status == 200
    assert world.ask(token=world.job()).status == 401


def test_a_changed_file_of_keys_is_taken_up(world: World) -> None:
    """A broken one leaves the last good one in force."""
    old = world.pod()
    world.jwks_file.write_text("{}")
    until(lambda: "no keys: it is no JWKS" in world.bridge.log_text())
    assert world.ask(login="workload+cluster", token=old).status == 200
    world.cluster = SigningPlatform("ES256", "cluster-2")
    world.jwks_file.write_bytes(world.cluster.jwks())
    until(lambda: world.ask(login="workload+cluster", token=world.pod()).status == 200)
    assert world.ask(login="workload+cluster", token=old).status == 401


def test_no_token_is_found_anywhere(world: World) -> None:
    """Log, audit trail, metrics, readiness."""
    for login, token in (("workload+gitlab", world.job()), ("workload+cluster", world.job()), ("alice", world.job())):
        world.ask(login=login, token=token)
    admin = f"http://127.0.0.1:{world.bridge.admin_port}"
    told = [world.bridge.log_text(), world.bridge.metrics(), request(f"{admin}/readyz?verbose").body.decode()]
    assert not canaries.leaks("\n".join(told)) and json.dumps("workload+deploy") in told[0]


def test_real_clients_log_in_and_push_as_a_job(
    world: World, make_registry: Callable[[TokenAuth], Registry], skopeo: Skopeo, image: Path, tmp_path: Path
) -> None:
    """Docker and skopeo send the user name and the token as they are."""
    registry = make_registry(world.bridge.token_auth())
    token = world.job()
    logged_in = Docker(tmp_path / "docker").login(registry.address, "workload+gitlab", token)
    assert logged_in.ok, logged_in.text
    job = As("workload+gitlab", token)
    pushed = skopeo.push(image, f"{registry.address}/team-a/app:1", job)
    assert pushed.ok, pushed.text
    assert not skopeo.push(image, f"{registry.address}/team-b/app:1", job).ok
