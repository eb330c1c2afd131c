"""A workload's login: whose token it is, whom it is for, when it counts, and what its sender may learn."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.tokens import TrustedKeys
from ldap_token_bridge.workloads import (
    ClaimPattern,
    Entry,
    Issuer,
    WorkloadGate,
    WorkloadLogin,
    WorkloadRefusal,
    issuer_name,
)
from tests.support.platform import (
    AUDIENCE,
    GITLAB,
    SigningPlatform,
    github_claims,
    gitlab_claims,
    kubernetes_claims,
)

NOW = 1_800_000_000.0
DAY = 86_400
PLATFORM = SigningPlatform()
DEPLOY = {"project_path": "team-a/app", "ref": "main", "ref_protected": "true"}


def entry(name: str, claims: Mapping[str, str]) -> Entry:
    """As bridge.yaml has it."""
    return Entry(name, {claim: ClaimPattern(pattern) for claim, pattern in claims.items()})


def gate(*entries: Entry, issuer: str = GITLAB, max_lifetime: float = DAY) -> WorkloadGate:
    """One issuer, called `gitlab`, with the platform's key."""
    keys = TrustedKeys.of_jwks(PLATFORM.jwks())
    entries = entries or (entry("deploy", DEPLOY),)
    return WorkloadGate({"gitlab": Issuer(issuer, AUDIENCE, max_lifetime, entries, keys)}, now=lambda: NOW)


async def login(at: WorkloadGate, token: Secret, user: str = "workload+gitlab") -> WorkloadLogin:
    """One login, as docker sends it."""
    return await at.login(Credentials(user, token), None, Deadline.after(5))


async def came_of(claims: Mapping[str, Any], *entries: Entry, **settings: Any) -> str:
    """The workload's name, or why not."""
    found = await login(gate(*entries, **settings), PLATFORM.token(claims))
    assert (found.refusal is None) is bool(found.name)
    return found.refusal or found.name


async def test_a_job_logs_in_with_its_token() -> None:
    """By the issuer in the user name; the audit line learns which token it was."""
    found = await login(gate(), PLATFORM.token(gitlab_claims(NOW)))
    assert (found.issuer, found.name, found.refusal) == ("gitlab", "deploy", None)
    assert found.told == {
        "issuer": "gitlab",
        "sub": "project_path:team-a/app:ref_type:branch:ref:main",
        "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
    }


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        (github_claims(NOW), {"repository": "octo-org/octo-repo", "environment": "prod"}),
        (github_claims(NOW), {"sub": "repo:octo-org/octo-repo:environment:*"}),
        (kubernetes_claims(NOW), {"sub": "system:serviceaccount:prod:deployer"}),
    ],
)
async def test_the_tokens_of_other_platforms(claims: dict[str, Any], wanted: dict[str, str]) -> None:
    """GitHub's and Kubernetes', whose audience is a list."""
    assert await came_of(claims, entry("w", wanted), issuer=claims["iss"]) == "w"


def test_only_the_prefix_makes_a_workload() -> None:
    """A person or a robot of a similar name is none."""
    assert issuer_name("workload+gitlab") == "gitlab" and issuer_name("workload+") == ""
    for other in ("workload", "Workload+gitlab", "robot+gitlab", "alice", "workload gitlab", ""):
        assert issuer_name(other) is None


@pytest.mark.parametrize(
    "user", ["workload+", "workload+other", "workload+GitLab", "workload+gitlab ", "workload+../x"]
)
async def test_another_name_is_no_issuer(user: str) -> None:
    """The token is not looked at, and nothing that was typed is told."""
    found = await login(gate(), PLATFORM.token(gitlab_claims(NOW)), user)
    assert found == WorkloadLogin("", "", WorkloadRefusal.UNKNOWN_ISSUER)


async def test_the_keys_of_one_issuer_prove_nothing_of_another() -> None:
    """Though the token says that it is the other's."""
    stranger = SigningPlatform(kid="key-9")
    both = {
        name: Issuer(url, AUDIENCE, DAY, (entry("deploy", DEPLOY),), TrustedKeys.of_jwks(platform.jwks()))
        for name, url, platform in (("gitlab", GITLAB, PLATFORM), ("other", "https://other.example.com", stranger))
    }
    at = WorkloadGate(both, now=lambda: NOW)
    token = stranger.token(gitlab_claims(NOW))
    assert (await login(at, token)).refusal is WorkloadRefusal.UNKNOWN_KEY
    assert (await login(at, token, "workload+other")).refusal is WorkloadRefusal.WRONG_ISSUER


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"iss": GITLAB + "/"}, "workload-wrong-issuer"),
        ({"iss": GITLAB.upper()}, "workload-wrong-issuer"),
        ({"iss": [GITLAB]}, "workload-wrong-issuer"),
        ({"iss": None}, "workload-wrong-issuer"),
        ({"exp": NOW - 60}, "workload-malformed"),  # a number with a point
        ({"exp": int(NOW) - 60}, "workload-expired"),
        ({"exp": int(NOW) - 59}, "deploy"),
        ({"exp": None}, "workload-lives-too-long"),
        ({"exp": "4000000000"}, "workload-malformed"),
        ({"exp": True}, "workload-malformed"),
        ({"exp": 2**63}, "workload-malformed"),
        ({"exp": -1}, "workload-malformed"),
        ({"nbf": int(NOW) + 61}, "workload-not-yet-valid"),
        ({"nbf": int(NOW) + 60}, "deploy"),
        ({"nbf": "0"}, "workload-malformed"),
        ({"iat": int(NOW) + 61}, "workload-not-yet-valid"),
        ({"iat": None}, "workload-malformed"),
        ({"iat": int(NOW) - DAY, "exp": int(NOW) + 1}, "workload-lives-too-long"),
        ({"iat": int(NOW), "exp": int(NOW) + DAY}, "deploy"),
        ({"aud": "registry.corp.example.com."}, "workload-wrong-audience"),
        ({"aud": AUDIENCE.upper()}, "workload-wrong-audience"),
        ({"aud": f"{AUDIENCE} other"}, "workload-wrong-audience"),
        ({"aud": f"https://{AUDIENCE}"}, "workload-wrong-audience"),
        ({"aud": ["other", AUDIENCE]}, "deploy"),
        ({"aud": ["other"]}, "workload-wrong-audience"),
        ({"aud": [[AUDIENCE]]}, "workload-wrong-audience"),
        ({"aud": [AUDIENCE, 7]}, "workload-wrong-audience"),
        ({"aud": {AUDIENCE: True}}, "workload-wrong-audience"),
        ({"aud": []}, "workload-wrong-audience"),
        ({"aud": None}, "workload-wrong-audience"),
        ({"ref": "develop"}, "workload-no-subject"),
        ({"ref": ["main"]}, "workload-no-subject"),
        ({"ref": {"main": 1}}, "workload-no-subject"),
        ({"ref": None}, "workload-no-subject"),
        ({"ref": "m\u0430in"}, "workload-no-subject"),
        ({"ref_protected": True}, "deploy"),
        ({"ref_protected": False}, "workload-no-subject"),
        ({"ref_protected": 1}, "workload-no-subject"),
        ({"project_path": "team-a/app/../../team-b/app"}, "workload-no-subject"),
        ({"project_path": "TEAM-A/APP"}, "workload-no-subject"),
    ],
)
async def test_each_claim_counts_to_the_letter(changes: dict[str, Any], refusal: str) -> None:
    """Times with a minute's leeway; None stands for null."""
    assert await came_of(gitlab_claims(NOW) | changes) == refusal


async def test_null_and_missing_are_the_same() -> None:
    """For each claim that must be there."""
    for name in ("iss", "exp", "iat", "aud", "ref"):
        claims = gitlab_claims(NOW)
        del claims[name]
        assert await came_of(claims) == await came_of(gitlab_claims(NOW) | {name: None})


async def test_a_number_compares_as_it_is_written() -> None:
    """Not one that is nearly the same, and no number with a point."""
    runner = entry("runner", {"runner_id": "1"})
    for value, result in ((1, "runner"), ("1", "runner"), (1.0, "workload-no-subject"), (True, "workload-no-subject")):
        assert await came_of(gitlab_claims(NOW, runner_id=value), runner) == result


async def test_a_token_of_two_workloads_is_refused() -> None:
    """In whatever order they stand; two entries of one name are one workload."""
    branch, project = entry("branch", {"ref": "main"}), entry("project", {"project_path": "team-a/*"})
    for entries in ((branch, project), (project, branch)):
        assert await came_of(gitlab_claims(NOW), *entries) == "workload-ambiguous"
    assert await came_of(gitlab_claims(NOW), branch, entry("branch", {"project_path": "team-a/*"})) == "branch"


async def test_what_is_not_signed_says_nothing() -> None:
    """The claims of a token that is not proved reach neither the answer nor the audit line."""
    token = SigningPlatform().token(gitlab_claims(NOW, exp=1, aud="other"))
    assert await login(gate(), token) == WorkloadLogin("gitlab", "", WorkloadRefusal.BAD_SIGNATURE)
    unproved = {refusal for refusal in WorkloadRefusal if not refusal.is_proved}
    assert unproved == {
        "workload-unknown-issuer",
        "workload-malformed",
        "workload-unknown-key",
        "workload-bad-signature",
    }


async def test_what_the_audit_line_learns_is_bounded() -> None:
    """A claim of any length or type takes 200 characters at most."""
    found = await login(gate(), PLATFORM.token(gitlab_claims(NOW, sub="x" * 3000, jti=["a"])))
    assert found.told == {"issuer": "gitlab", "sub": "x" * 200, "jti": ""}


async def test_nothing_that_is_kept_shows_the_token() -> None:
    """Nor does its signature show in what comes of a login."""
    token = PLATFORM.token(gitlab_claims(NOW))
    signature = token.reveal().rpartition(b".")[2].decode()
    found = await login(gate(), token)
    assert signature not in repr(found) and base64.b64encode(token.reveal()).decode() not in repr(found)
