"""What `check` says of workloads: keys in files, keys that are fetched, and names that nobody can be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, Item, check_issuers, read_workloads
from ldap_token_bridge.policy import parse_policy
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.tokens import TrustedKeys
from tests.support.certificates import Authority
from tests.support.platform import AUDIENCE, SigningPlatform
from tests.support.scripted_http import Reply, ScriptedHttp
from tests.support.settings_file import write_settings

PLATFORM = SigningPlatform()
_POLICY = """\
version: 1
allow:
  - {id: a, who: ["workload:deploi", "workload:Deploy"], repositories: ["a/**"], actions: [pull]}
  - {id: b, who: ["workload:deploy", "robot:deploi"], repositories: ["a/**"], actions: [pull]}
"""


def settings(folder: Path, **keys: Any) -> Settings:
    """One issuer, `gitlab`, with the workload `deploy`."""
    issuer = {
        "issuer": "https://gitlab.corp.example.com",
        "audience": AUDIENCE,
        "subjects": [{"name": "deploy", "claims": {"ref": "main"}}],
    }
    return load_settings(write_settings(folder, workloads={"gitlab": issuer | keys}), {})


def told(items: tuple[Item, ...] | list[Item]) -> list[tuple[Grade, str]]:
    """Grades and texts."""
    return [(item.grade, item.what) for item in items]


def test_the_keys_of_a_file_are_read(tmp_path: Path) -> None:
    """And what was passed over in it is told."""
    (tmp_path / "jwks.json").write_bytes(b'{"keys": [{"kty": "oct", "kid": "s"}, ' + PLATFORM.jwks()[10:])
    found = read_workloads(settings(tmp_path, jwks_file="jwks.json"), None)
    assert told(found.items) == [
        (Grade.FINE, "gitlab: keys of https://gitlab.corp.example.com: 1"),
        (Grade.WARNING, "gitlab: key 's' is not used: it is of another kind than RSA, EC and Ed25519"),
    ]
    assert found.value and isinstance(found.value["gitlab"].keys, TrustedKeys) and len(found.warnings) == 1


@pytest.mark.parametrize(
    ("keys", "content", "what"),
    [
        ({"jwks_file": "jwks.json"}, None, "jwks_file: "),
        ({"jwks_file": "jwks.json"}, b"{}", "no keys: it is no JWKS"),
        ({"jwks_file": "jwks.json"}, b"-----BEGIN CERTIFICATE-----", "no keys: it is no JSON"),
        ({"ca_file": "jwks.json"}, None, "ca_file: "),
        ({"ca_file": "jwks.json"}, b"{}", "this file holds no certificate"),
    ],
)
def test_a_file_that_cannot_be_used_keeps_the_bridge_from_starting(
    tmp_path: Path, keys: dict[str, str], content: bytes | None, what: str
) -> None:
    """With its place and a remedy."""
    if content is not None:
        (tmp_path / "jwks.json").write_bytes(content)
    found = read_workloads(settings(tmp_path, **keys), None)
    (item,) = found.items
    assert item.grade is Grade.UNUSABLE and what in item.what and item.where and item.remedy
    assert found.value is None and len(found.obstacles) == 1


def test_a_name_that_no_issuer_has_is_told(tmp_path: Path) -> None:
    """Most often it is mistyped; names compare as the policy compares them."""
    policy = parse_policy([("policy.yaml", _POLICY)])
    _, item = read_workloads(settings(tmp_path), policy).items
    assert item.grade is Grade.WARNING
    assert item.what == "the rule 'a' names the workload 'deploi', and no issuer has one of that name"
    assert item.remedy == "Did you mean 'deploy'?"
    (lonely, _, _) = read_workloads(load_settings(write_settings(tmp_path), {}), policy).items
    assert "no issuer has one" in lonely.what and "Add it to 'subjects'" in lonely.remedy


async def test_connect_fetches_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says where they cannot be had, as a finding: the issuer may come back."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    authority = Authority(tmp_path / "ca")
    pages: dict[str, Reply] = {"/jwks": (200, {}, PLATFORM.jwks())}

    def answer(path: str, _headers: Mapping[str, str]) -> Reply:
        return pages[path]

    with ScriptedHttp(answer, tls=authority.issue("idp", ["127.0.0.1"])) as server:
        there = settings(tmp_path, jwks_url=f"{server.url}/jwks", ca_file="ca/ca.pem")
        read = read_workloads(there, None)
        assert told(read.items) == [(Grade.FINE, "gitlab: keys are to be fetched from https://gitlab.corp.example.com")]
        assert read.value
        assert told(await check_issuers(there, read.value)) == [
            (Grade.FINE, "gitlab: keys fetched from https://gitlab.corp.example.com: 1")
        ]
        pages["/jwks"] = (503, {}, b"")
        (item,) = await check_issuers(there, read.value)
    assert (item.grade, item.what) == (Grade.FINDING, f"gitlab: {server.url}/jwks: answers with status 503")
    assert item.where and item.where.line and item.remedy
