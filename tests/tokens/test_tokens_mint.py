"""Tokens: header, claims and signature as registries want them."""

import base64
import json
from pathlib import Path
from typing import Any, Literal

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.registry import Access
from ldap_token_bridge.tokens import BACKDATE_SECONDS, Claims, Generation, SigningKey, mint, verify_token
from ldap_token_bridge.tokens.install import new_key
from tests.support.key_folder import NOW, certificate, ec_key, pem

NOW_UNIX = NOW.timestamp() + 0.75
CLAIMS = Claims("bridge", "registry", "alice", (Access("repository", "team/app", ("pull", "push")),), 900)
KEY = ec_key()
CERTIFICATE = certificate(KEY)
SIGNING_KEY = SigningKey.of("test", KEY, [CERTIFICATE])


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return json.loads(header), json.loads(claims), signature


def _mint(claims: Claims = CLAIMS, *, x5c: bool = True) -> str:
    return mint(SIGNING_KEY, claims, now=NOW_UNIX, token_id="id-1", x5c=x5c)


def test_header_carries_the_certificate() -> None:
    """typ, alg, libtrust kid, and x5c as one entry of padded standard base64."""
    header, _, _ = _parts(_mint())
    assert header == {
        "typ": "JWT",
        "alg": "ES256",
        "kid": SIGNING_KEY.kid,
        "x5c": [base64.b64encode(SIGNING_KEY.chain[0]).decode()],
    }


def test_header_without_x5c_has_no_such_key() -> None:
    """An empty list would not do: a registry 3.x takes a key from the JWKS only if x5c is absent."""
    header, _, _ = _parts(_mint(x5c=False))
    assert header == {"typ": "JWT", "alg": "ES256", "kid": SIGNING_KEY.kid}


def test_claims_are_those_of_the_specification() -> None:
    """Assertions 63 to 65: a plain audience, integer times, back-dated start, the given id, the access as granted."""
    _, claims, _ = _parts(_mint())
    now = int(NOW_UNIX)
    assert claims == {
        "iss": "bridge",
        "sub": "alice",
        "aud": "registry",
        "exp": now + 900,
        "nbf": now - BACKDATE_SECONDS,
        "iat": now - BACKDATE_SECONDS,
        "jti": "id-1",
        "access": [{"type": "repository", "name": "team/app", "actions": ["pull", "push"]}],
    }
    assert all(type(claims[name]) is int for name in ("exp", "nbf", "iat"))
    assert 10 <= BACKDATE_SECONDS <= 60


def test_token_lives_as_long_as_promised() -> None:
    """Assertion 41: `exp - now` is at most a second short of the lifetime, whatever the fraction of the second."""
    _, claims, _ = _parts(_mint())
    assert claims["exp"] - NOW_UNIX >= 900 - 1


def test_es256_signature_is_64_raw_bytes() -> None:
    """Assertion 56: R and S beside each other, not the DER that libraries make; another library agrees with it."""
    token = _mint()
    assert len(_parts(token)[2]) == 64
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    assert (
        jwt.decode(token, KEY.public_key(), algorithms=["ES256"], audience="registry", options=options)["jti"] == "id-1"
    )


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_sizes_stay_far_from_proxy_limits(tmp_path: Path, algorithm: Literal["ES256", "RS256"]) -> None:
    """An ordinary token with its certificate is well below the 8 kB that proxies allow a header."""
    key = new_key(tmp_path, common_name="bridge.corp.example.com", now=NOW, algorithm=algorithm).key
    assert len(mint(key, CLAIMS, now=NOW_UNIX, token_id="x" * 22, x5c=True)) < 4000


@given(
    subject=st.text(max_size=40),
    name=st.text(min_size=1, max_size=40),
    service=st.text(min_size=1, max_size=40),
    now=st.floats(min_value=NOW_UNIX, max_value=NOW_UNIX + 3600),
    x5c=st.booleans(),
)
def test_any_text_survives_and_verifies(*, subject: str, name: str, service: str, now: float, x5c: bool) -> None:
    """Whatever a directory calls people, the token says exactly that and registries of both generations accept it."""
    claims = Claims("bridge", service, subject, (Access("repository", name, ("pull",)),), 60)
    token = mint(SIGNING_KEY, claims, now=now, token_id="id", x5c=x5c)
    # By key id alone, 3.x would want the JWKS.
    generations: tuple[Generation, ...] = ("2.x", "3.x") if x5c else ("2.x",)
    for generation in generations:
        seen = verify_token(token, pem(CERTIFICATE), issuer="bridge", service=service, now=now, generation=generation)
        assert seen.accepted, seen.failure
        assert seen.claims["sub"] == subject
        assert seen.claims["access"][0]["name"] == name
