"""Assertions 56 to 74: what stands in a token, and who accepts it."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key

from ldap_token_bridge.tokens import verify_token
from tests.support.bridge import ISSUER, SERVICE, RunningBridge, openldap
from tests.support.http import Answer, request
from tests.support.key_folder import AnyKey, certificate, ec_key, p384_key, pem, write_pair
from tests.support.registry import Registry
from tests.support.slapd import Slapd

MakeVariant = Callable[..., RunningBridge]


@pytest.fixture
def make_variant(tmp_path: Path, directory: Slapd) -> Iterator[MakeVariant]:
    """Bridges with other token settings than the common one."""
    started: list[RunningBridge] = []

    def make(**sections: Mapping[str, Any]) -> RunningBridge:
        settings = openldap(directory.url, directory.base, directory.bind_dn)
        bridge = RunningBridge(tmp_path / f"bridge-{len(started)}", settings, sections=sections)
        started.append(bridge)
        bridge.start()
        return bridge

    yield make
    for bridge in started:
        bridge.stop()


def bundle_of(bridge: RunningBridge) -> str:
    """What the registry is given."""
    return request(f"{bridge.url}/bundle.pem").body.decode()


def accepted(token: str, generation: str, bundle: str = "", jwks: object = None) -> bool:
    """Whether a registry of that generation takes the token."""
    found = verify_token(
        token,
        bundle,
        issuer=ISSUER,
        service=SERVICE,
        now=time.time(),
        generation="2.x" if generation == "2.x" else "3.x",
        jwks=jwks if isinstance(jwks, dict) else None,
    )
    return found.accepted


def at_registry(registry: Registry, token: str) -> int:
    """The real registry's answer to a token at `/v2/`."""
    return request(f"{registry.url}/v2/", headers={"Authorization": f"Bearer {token}"}).status


def test_056_header_and_signature(bridge: RunningBridge) -> None:
    """A JWT, ES256, whose signature is 64 bytes and not DER, and which the published key verifies."""
    answer = bridge.get(login="bob")
    assert (answer.header["typ"], answer.header["alg"]) == ("JWT", "ES256")
    signature = answer.token.rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64
    (key,) = request(f"{bridge.url}/jwks.json").json["keys"]
    assert jwt.decode(answer.token, jwt.PyJWK(key).key, ["ES256"], audience=SERVICE)["sub"] == "bob"


def test_057_accepted_through_the_bundle(bridge: RunningBridge, tmp_path: Path) -> None:
    """By the real registry 2.8.2, and by the rules of 2.x and 3.x."""
    token = bridge.get(login="bob").token
    bundle = bundle_of(bridge)
    assert accepted(token, "2.x", bundle)
    assert accepted(token, "3.x", bundle)
    with Registry(tmp_path, bridge.token_auth()) as registry:
        assert at_registry(registry, token) == 200
        assert at_registry(registry, token[:-6] + "AAAAAA") == 401


def test_057_every_kind_of_key(make_variant: MakeVariant, tmp_path: Path) -> None:
    """P-384, longer RSA keys, and a certificate of the company's authority, which is in no bundle."""
    bridge = make_variant()
    keys, now = bridge.folder / "keys", datetime.now(UTC)
    made = partial(certificate, start=now - timedelta(days=1), end=now + timedelta(days=90))
    authority, issued = ec_key(), ec_key()
    root = made(authority, name="corp", ca=True)
    alone: dict[str, AnyKey] = {
        "p384": p384_key(),
        "rsa3072": generate_rsa_key(65537, 3072),
        "rsa4096": generate_rsa_key(65537, 4096),
    }
    for name, key in alone.items():
        write_pair(keys, name, key, made(key))
    write_pair(keys, "issued", issued, made(issued, issuer=("corp", authority)), root)
    kinds = {"p384": "ES384", "rsa3072": "RS256", "rsa4096": "RS256", "issued": "ES256"}
    tokens: dict[str, str] = {}
    for name, alg in kinds.items():
        (keys / "active").write_text(name)
        assert bridge.reload()
        answer = bridge.get(login="bob")
        assert (answer.header["alg"], len(answer.header["x5c"])) == (alg, 1)
        tokens[name] = answer.token
    bundle = bundle_of(bridge)
    assert bundle.count("BEGIN") == len(kinds) + 1
    assert pem(root) not in bundle
    assert [accepted(token, each, bundle) for token in tokens.values() for each in ("2.x", "3.x")] == [True] * 8
    with Registry(tmp_path / "registry", bridge.token_auth()) as registry:
        assert {name: at_registry(registry, token) for name, token in tokens.items()} == dict.fromkeys(kinds, 200)


def test_042_issued_at_if_it_is_wanted(make_variant: MakeVariant, tmp_path: Path) -> None:
    """RFC 3339 with a Z; with `expires_in` it makes the token's own end; the real registry takes the token."""
    bridge = make_variant(token={"issued_at": True})
    for answer in (bridge.get(login="bob"), bridge.post(login="bob")):
        issued_at = datetime.strptime(answer.json["issued_at"], "%Y-%m-%dT%H:%M:%S%z")
        assert answer.json["issued_at"].endswith("Z")
        assert issued_at.timestamp() + answer.json["expires_in"] == answer.claims["exp"]
        assert answer.claims["iat"] < issued_at.timestamp()
    with Registry(tmp_path / "registry", bridge.token_auth()) as registry:
        assert at_registry(registry, answer.token) == 200


def test_058_without_x5c(make_variant: MakeVariant, tmp_path: Path) -> None:
    """By the real registry 2.8.2 through the bundle's key id, and by 3.x through the JWKS."""
    bridge = make_variant(token={"x5c": False})
    answer = bridge.get(login="bob")
    assert "x5c" not in answer.header
    assert accepted(answer.token, "3.x", jwks=request(f"{bridge.url}/jwks.json").json)
    with Registry(tmp_path / "registry", bridge.token_auth()) as registry:
        assert at_registry(registry, answer.token) == 200


def test_061_an_expired_certificate_refuses_to_start(make_variant: MakeVariant) -> None:
    """So does one that belongs to another key; the message names the file."""
    bridge = make_variant()
    bridge.stop()
    one, other = min((bridge.folder / "keys").glob("*.crt")), bridge.folder / "other"
    bridge.command_line(["keys", "new", "--keys-dir", str(other)])
    one.write_bytes(next(other.glob("*.crt")).read_bytes())
    code, output = bridge.fails_to_start()
    assert code == 2
    assert str(one) in output


def test_063_audience(bridge: RunningBridge) -> None:
    """A string, equal to the service: 2.x reads no lists."""
    assert bridge.get(login="bob").claims["aud"] == SERVICE


def test_064_times(bridge: RunningBridge) -> None:
    """Whole numbers; `nbf` and `iat` lie back, for registries that give no leeway."""
    claims = bridge.get(login="bob").claims
    assert {type(claims[name]) for name in ("exp", "nbf", "iat")} == {int}
    assert claims["nbf"] <= time.time() - 10
    assert claims["iat"] <= time.time() - 10


def test_065_unique_id(bridge: RunningBridge) -> None:
    """A text of its own in each token."""
    ids = [bridge.get(login="bob").claims["jti"] for _ in range(5)]
    assert len(set(ids)) == 5
    assert all(isinstance(each, str) for each in ids)


def test_066_less_than_asked(bridge: RunningBridge) -> None:
    """Pull and push asked, pull allowed: pull granted."""
    assert bridge.get("repository:team-a/app:pull,push", login="jürgen").access == {"team-a/app": ["pull"]}


def test_067_nothing_granted(bridge: RunningBridge) -> None:
    """Success, and the entry is left out."""
    answer = bridge.get("repository:team-b/app:pull,push", login="bob")
    assert (answer.status, answer.claims["access"]) == (200, [])


def test_068_push_brings_pull(bridge: RunningBridge) -> None:
    """A rule that allows push answers both if both are asked."""
    assert bridge.get("repository:team-b/app:pull,push", login="carol").access == {"team-b/app": ["pull", "push"]}


def test_069_delete_is_explicit(bridge: RunningBridge) -> None:
    """Push does not bring it; only a rule that names it."""
    scope = "repository:team-a/app:delete"
    assert bridge.get(scope, login="bob").access == {}
    assert bridge.get(scope, login="alice").access == {"team-a/app": ["delete"]}


def test_070_mount(bridge: RunningBridge) -> None:
    """A source that may not be pulled is dropped, the target is kept."""
    answer = bridge.get("repository:team-b/base:pull", "repository:team-a/app:pull,push", login="bob")
    assert answer.access == {"team-a/app": ["pull", "push"]}


def test_071_catalogue(bridge: RunningBridge) -> None:
    """Granted if and only if a rule says so."""
    assert bridge.get("registry:catalog:*", login="alice").access == {"catalog": ["*"]}
    assert bridge.get("registry:catalog:*", login="bob").access == {}


def test_072_star_on_a_repository(bridge: RunningBridge) -> None:
    """What is allowed, by name, and never the star itself."""
    assert bridge.get("repository:team-a/app:*", login="bob").access == {"team-a/app": ["pull", "push"]}
    assert bridge.get("repository:team-a/app:*", login="alice").access == {"team-a/app": ["pull", "push", "delete"]}


def test_073_nothing_private(bridge: RunningBridge) -> None:
    """The claims are those of the protocol; no group, no DN, no mail address."""
    answer = bridge.get("repository:team-a/app:pull", login="alice")
    assert answer.claims.keys() == {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "access"}
    told = json.dumps([answer.claims, {**answer.header, "x5c": None}]).lower()
    assert not any(word in told for word in ("platform", "dc=", "@"))


def test_074_two_keys_overlap(make_variant: MakeVariant, tmp_path: Path) -> None:
    """With old and new in the bundle the registry takes the tokens of both."""
    bridge = make_variant()
    old = bridge.get(login="bob")
    bridge.make_key("RS256")
    bridge.reload()
    auth = bridge.token_auth()
    keys = bridge.folder / "keys"
    signing = (keys / "active").read_text().strip()
    other = next(path.stem for path in keys.glob("*.key") if path.stem != signing)
    bridge.command_line(["keys", "activate", other, "--keys-dir", str(keys)])
    bridge.reload()
    new = bridge.get(login="bob")
    assert (old.header["alg"], new.header["alg"]) == ("ES256", "RS256")
    with Registry(tmp_path / "registry", auth) as registry:
        assert [at_registry(registry, each.token) for each in (old, new)] == [200, 200]


def test_the_registry_grants_what_the_token_says(bridge: RunningBridge, tmp_path: Path) -> None:
    """An upload begins with push and not without; delete needs delete; the catalogue needs its star."""

    def as_bearer(answer: Answer) -> dict[str, str]:
        return {"Authorization": f"Bearer {answer.token}"}

    with Registry(tmp_path, bridge.token_auth()) as registry:
        push = bridge.get("repository:team-a/app:pull,push", login="bob")
        pull = bridge.get("repository:team-a/app:pull,push", login="jürgen")
        uploads = f"{registry.url}/v2/team-a/app/blobs/uploads/"
        assert request(uploads, method="POST", headers=as_bearer(push)).status == 202
        refused = request(uploads, method="POST", headers=as_bearer(pull))
        assert refused.status == 401
        assert "insufficient_scope" in refused.headers["www-authenticate"]
        catalog = f"{registry.url}/v2/_catalog"
        assert request(catalog, headers=as_bearer(bridge.get("registry:catalog:*", login="alice"))).status == 200
        assert request(catalog, headers=as_bearer(bridge.get("registry:catalog:*", login="bob"))).status == 401
