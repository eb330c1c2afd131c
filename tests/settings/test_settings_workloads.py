"""`workloads` of bridge.yaml: what is read, and what is refused with a word on how to mend it."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.settings import Settings, load_settings
from tests.support.settings_file import ABSENT, write_settings

GITLAB = {
    "issuer": "https://gitlab.corp.example.com",
    "audience": "registry.corp.example.com",
    "subjects": [{"name": "deploy", "claims": {"project_path": "team-a/app", "ref_protected": "true"}}],
}


def load(folder: Path, *, name: str = "gitlab", **changes: Any) -> Settings:
    """Settings with one issuer; ABSENT takes a key away."""
    issuer = {key: value for key, value in (GITLAB | changes).items() if value is not ABSENT}
    return load_settings(write_settings(folder, workloads={name: issuer}), {})


def problem(folder: Path, **changes: Any) -> str:
    """The only problem that there is, with its remedy."""
    with pytest.raises(Misconfigured) as error:
        load(folder, **changes)
    (found,) = error.value.problems
    assert found.where and found.where.line and found.remedy
    return f"{found.what} | {found.remedy}"


def subjects(*entries: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """As they stand in the file."""
    return [{"name": name, "claims": claims} for name, claims in entries]


def test_an_issuer_is_read(tmp_path: Path) -> None:
    """With its defaults, and paths that start at the settings file."""
    issuer = load(tmp_path, jwks_file="jwks.json").workloads["gitlab"]
    assert issuer.jwks_file == tmp_path / "jwks.json"
    assert (issuer.jwks_url, issuer.ca_file, issuer.jwks_cache, issuer.max_lifetime) == (None, None, 3600, 86_400)
    assert issuer.subjects[0].claims["ref_protected"].matches("true")
    assert load(tmp_path, ca_file="ca.pem").workloads["gitlab"].ca_file == tmp_path / "ca.pem"


def test_without_the_key_there_is_none(tmp_path: Path) -> None:
    """Nobody logs in by a token then."""
    assert load_settings(write_settings(tmp_path), {}).workloads == {}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "Git Lab"}, "'Git Lab' is no name of an issuer: workload+NAME logs in"),
        ({"name": "g" * 65}, "is no name of an issuer"),
        ({"audience": ABSENT}, "the key 'workloads.gitlab.audience' is missing"),
        ({"jwks_fiel": "x"}, "unknown key 'jwks_fiel' | Did you mean 'jwks_file'?"),
        ({"jwks_url": "http://gitlab.corp.example.com/k"}, "jwks_url is no https:// address"),
        ({"jwks_url": "https://u:p@gitlab.corp.example.com/k"}, "jwks_url is no https:// address"),
        ({"jwks_url": "https://"}, "jwks_url is no https:// address"),
        ({"issuer": "kubernetes/serviceaccount"}, "cannot be discovered: it is no https:// address | Add jwks_file"),
        ({"jwks_file": "x", "ca_file": "ca.pem"}, "both workloads.gitlab.jwks_file and ca_file are set"),
        ({"jwks_file": "x", "jwks_url": "https://a.b"}, "both workloads.gitlab.jwks_file and jwks_url are set"),
        ({"jwks_cache": "1s"}, "must be from 1m to 1d"),
        ({"max_lifetime": "off"}, "is not a duration"),
        ({"subjects": []}, "workloads.gitlab.subjects is empty: nobody can log in"),
        ({"subjects": subjects(("Deploy", {"ref": "main"}))}, "'Deploy' is no name of a workload"),
        ({"subjects": subjects(("a", {}))}, "any token of this issuer would fit"),
        ({"subjects": subjects(("a", {"sub": "**", "ref": "*"}))}, "any token of this issuer would fit"),
        ({"subjects": subjects(("a", {"ref": True}))}, 'must be text | Put it in quotes: "true"'),
        ({"subjects": subjects(("a", {"project_id": 42}))}, 'must be text | Put it in quotes: "42"'),
        ({"subjects": subjects(("a", {"ref": ["main"]}))}, "must be text"),
        ({"subjects": subjects(("a", {"ref": ""}))}, "must be text"),
        ({"subjects": subjects(("a", {"ref": "a\nb"}))}, "a control character"),
        ({"subjects": subjects(("a", {"sub": "a/**/b"}))}, "'a/**/b' cannot be used as a pattern"),
        ({"subjects": subjects(("a", {"sub": "a**"}))}, "'a**' cannot be used as a pattern"),
        ({"subjects": subjects(("a", {"ref": "m", "aud": "x"}))}, "the claim 'aud' says nothing of whose token it is"),
        (
            {"subjects": subjects(("narrow", {"sub": "a/b", "ref": "m"}), ("wide", {"sub": "a/*"}))},
            "every token of 'narrow' is one of 'wide', too, and is refused",
        ),
        (
            {"subjects": subjects(("wide", {"sub": "a/*"}), ("narrow", {"sub": "a/b", "ref": "m"}))},
            "every token of 'narrow' is one of 'wide', too, and is refused",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """Each with its place, and how to mend it."""
    assert told in problem(tmp_path, **changes)


@pytest.mark.parametrize(
    ("issuer", "claims", "fine"),
    [
        ("https://token.actions.githubusercontent.com", {"ref": "refs/heads/main"}, False),
        ("https://token.actions.githubusercontent.com", {"job_workflow_ref": "octo-org/x/*"}, False),
        ("https://token.actions.githubusercontent.com", {"repository": "*/app"}, False),
        ("https://token.actions.githubusercontent.com", {"sub": "repo:*"}, False),
        ("https://token.actions.githubusercontent.com", {"repository_owner": "octo-*"}, False),
        ("https://token.actions.githubusercontent.com", {"repository": "octo-org/*"}, True),
        ("https://token.actions.githubusercontent.com", {"sub": "repo:octo-org/*:ref:refs/heads/main"}, True),
        ("https://gitlab.com", {"user_login": "alice"}, False),
        ("https://gitlab.com", {"project_path": "team-a/**"}, True),
        ("https://gitlab.corp.example.com", {"user_login": "alice"}, True),
    ],
)
def test_a_platform_of_everybody_needs_an_owner(
    tmp_path: Path, issuer: str, claims: dict[str, str], *, fine: bool
) -> None:
    """Anyone on earth gets a token of such an issuer, with any branch and any audience."""
    changes: dict[str, Any] = {"issuer": issuer, "subjects": subjects(("a", claims))}
    if fine:
        load(tmp_path, **changes)
    else:
        assert "no claim says whose project it is" in problem(tmp_path, **changes)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Those of one issuer and those of the rest of the file."""
    broken = {**GITLAB, "audience": 7}
    path = write_settings(tmp_path, workloads={"gitlab": broken}, token__lifetime="1s")
    with pytest.raises(Misconfigured) as error:
        load_settings(path, {})
    assert len(error.value.problems) == 2


def test_the_environment_holds_no_issuers(tmp_path: Path) -> None:
    """They are a table, and the variable says so."""
    with pytest.raises(Misconfigured, match="workloads must be a mapping"):
        load_settings(write_settings(tmp_path), {"LTB_WORKLOADS": "gitlab"})
