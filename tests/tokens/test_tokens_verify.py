"""Verification as registries do it: the table of registry-protocol.md, and the texts that explain a refusal."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.x509 import Certificate
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.tokens import Claims, Generation, SigningKey, Verification, mint, verify_token
from ldap_token_bridge.tokens.public_key import libtrust_id, registry_thumbprint, thumbprint
from tests.support.key_folder import NOW, AnyKey, certificate, ec_key, pem, zero_key

INSTANT = NOW.timestamp()
EC = ec_key()
EC_CERTIFICATE = certificate(EC)
RSA = generate_rsa_key(65537, 2048)
RSA_CERTIFICATE = certificate(RSA)
ED = Ed25519PrivateKey.generate()
SIGNING_KEY = SigningKey.of("test", EC, [EC_CERTIFICATE])
GENERATIONS: tuple[Generation, ...] = ("2.x", "3.x")
GOOD: dict[str, Any] = {
    "iss": "bridge",
    "aud": "registry",
    "sub": "alice",
    "exp": int(INSTANT) + 300,
    "nbf": int(INSTANT),
    "iat": int(INSTANT),
    "jti": "1",
    "access": [],
}


def _x5c(*certificates: Certificate) -> list[str]:
    return ["".join(pem(entry).splitlines()[1:-1]) for entry in certificates]


def _token(key: AnyKey = EC, algorithm: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    return jwt.encode(GOOD | claims, key, algorithm, {"x5c": _x5c(EC_CERTIFICATE)} if header is None else header)


def _verify(
    token: str, generation: Generation, bundle: str = pem(EC_CERTIFICATE), jwks: dict[str, Any] | None = None
) -> Verification:
    return verify_token(
        token, bundle, issuer="bridge", service="registry", now=INSTANT, generation=generation, jwks=jwks
    )


def _by_kid(key: AnyKey, kid: str, algorithm: str, bundle: str) -> tuple[bool, bool]:
    """Accepted by 2.x and by 3.x."""
    token = _token(key, algorithm, {"kid": kid})
    return _verify(token, "2.x", bundle).accepted, _verify(token, "3.x", bundle).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("kid", [{}, {"kid": "anything"}])
def test_certificate_in_the_bundle_is_accepted_with_any_kid(generation: Generation, kid: dict[str, str]) -> None:
    """The form that every registry takes."""
    seen = _verify(_token(header={"x5c": _x5c(EC_CERTIFICATE)} | kid), generation)
    assert seen.accepted, seen.failure
    assert seen.failure is None
    assert seen.claims["sub"] == "alice"


def test_steps_come_in_the_order_of_the_registry() -> None:
    """2.x reads the claims first, 3.x asks first who signed: it decides which of two faults is named."""
    assert [step.name for step in _verify(_token(), "2.x").steps] == [
        *("trust", "form", "issuer", "audience", "expiry", "not before", "key", "signature"),
    ]
    assert [step.name for step in _verify(_token(), "3.x").steps] == [
        *("trust", "form", "key", "signature", "claims", "issuer", "audience", "expiry", "not before"),
    ]


def test_libtrust_kid_is_for_2x_only() -> None:
    """The bundle of 3.x goes by thumbprints."""
    assert _by_kid(EC, libtrust_id(EC.public_key()), "ES256", pem(EC_CERTIFICATE)) == (True, False)
    assert _by_kid(RSA, libtrust_id(RSA.public_key()), "RS256", pem(RSA_CERTIFICATE)) == (True, False)


def test_thumbprint_kid_is_for_3x_only() -> None:
    """RFC 7638, except that coordinates lose their leading zeros there."""
    assert _by_kid(EC, thumbprint(EC.public_key()), "ES256", pem(EC_CERTIFICATE)) == (False, True)
    assert _by_kid(RSA, thumbprint(RSA.public_key()), "RS256", pem(RSA_CERTIFICATE)) == (False, True)
    zero = zero_key()
    bundle = pem(certificate(zero))
    assert _by_kid(zero, thumbprint(zero.public_key()), "ES256", bundle) == (False, False)
    assert _by_kid(zero, registry_thumbprint(zero.public_key()), "ES256", bundle) == (False, True)


def test_jwks_takes_tokens_without_x5c_and_no_others() -> None:
    """Assertion 58, and decision 1: with x5c present 3.x never falls back to kid; 2.x knows no JWKS."""
    jwks = {"keys": [SIGNING_KEY.jwk]}
    bare = mint(SIGNING_KEY, Claims("bridge", "registry", "a", (), 60), now=INSTANT, token_id="1", x5c=False)
    full = mint(SIGNING_KEY, Claims("bridge", "registry", "a", (), 60), now=INSTANT, token_id="1", x5c=True)
    assert _verify(bare, "3.x", "", jwks).accepted
    refused = _verify(full, "3.x", "", jwks).failure
    assert refused is not None
    assert refused.name == "key"
    assert "no certificate of the bundle issued it" in refused.detail
    assert not _verify(bare, "2.x", "", jwks).accepted


def test_ed25519_stops_2x_and_passes_3x() -> None:
    """A registry 2.x does not even start with such a certificate."""
    own = certificate(ED)
    token = _token(ED, "EdDSA", {"x5c": _x5c(own)})
    assert _verify(token, "3.x", pem(own)).accepted
    failure = _verify(token, "2.x", pem(EC_CERTIFICATE) + pem(own)).failure
    assert failure is not None
    assert (failure.name, "does not start" in failure.detail) == ("trust", True)


def test_ps256_is_for_3x_only() -> None:
    """2.x verifies RSA in its older form alone."""
    token = _token(RSA, "PS256", {"x5c": _x5c(RSA_CERTIFICATE)})
    assert [_verify(token, generation, pem(RSA_CERTIFICATE)).accepted for generation in GENERATIONS] == [False, True]


def test_audience_list_is_for_3x_only() -> None:
    """2.x cannot decode it; 3.x looks for its service in it."""
    token = _token(aud=["other", "registry"])
    assert [_verify(token, generation).accepted for generation in GENERATIONS] == [False, True]
    assert not _verify(_token(aud=["other"]), "3.x").accepted


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("sent", [1, 2])
def test_certificate_of_an_authority_in_the_bundle_is_accepted(generation: Generation, sent: int) -> None:
    """As `[leaf]` or as `[leaf, ca]`."""
    authority, key = ec_key(), ec_key()
    root = certificate(authority, name="corp", ca=True)
    leaf = certificate(key, issuer=("corp", authority))
    assert _verify(_token(key, header={"x5c": _x5c(leaf, root)[:sent]}), generation, pem(root)).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
def test_intermediate_is_followed_if_the_token_brings_it(generation: Generation) -> None:
    """leaf, intermediate, and a root that only the registry has; without the intermediate there is no way."""
    root_key, middle_key, key = ec_key(), ec_key(), ec_key()
    root = certificate(root_key, name="root", ca=True)
    middle = certificate(middle_key, name="middle", issuer=("root", root_key), ca=True)
    leaf = certificate(key, issuer=("middle", middle_key))
    assert _verify(_token(key, header={"x5c": _x5c(leaf, middle)}), generation, pem(root)).accepted
    assert not _verify(_token(key, header={"x5c": _x5c(leaf)}), generation, pem(root)).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("fault", ["no-ca", "stranger", "expired-root"])
def test_untrusted_issuers_are_refused(generation: Generation, fault: str) -> None:
    """A bundle's certificate vouches for others only if it is an authority, signed them, and is in its time."""
    authority, key = ec_key(), ec_key()
    end = NOW - timedelta(days=1) if fault == "expired-root" else NOW + timedelta(days=1)
    root = certificate(authority, name="corp", ca=fault != "no-ca", start=NOW - timedelta(days=9), end=end)
    leaf = certificate(key, issuer=("corp", ec_key() if fault == "stranger" else authority))
    failure = _verify(_token(key, header={"x5c": _x5c(leaf)}), generation, pem(root)).failure
    assert failure is not None
    assert failure.name == "key"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_expired_certificate_is_refused_by_x5c_and_not_by_kid(generation: Generation) -> None:
    """A certificate gets no leeway; the key id does not look at it."""
    old = certificate(EC, end=NOW - timedelta(seconds=1))
    kid = libtrust_id(EC.public_key()) if generation == "2.x" else thumbprint(EC.public_key())
    failure = _verify(_token(header={"x5c": _x5c(old)}), generation, pem(old)).failure
    assert failure is not None
    assert "expired on" in failure.detail
    assert _verify(_token(header={"kid": kid}), generation, pem(old)).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("claims", "step", "words"),
    [
        ({"iss": "Bridge"}, "issuer", "'Bridge'; the registry trusts 'bridge'"),
        ({"aud": "registry:443"}, "audience", "this registry is 'registry'"),
        ({"exp": int(INSTANT) - 61}, "expiry", "expired 61 s ago"),
        ({"nbf": int(INSTANT) + 61}, "not before", "only in 61 s"),
    ],
)
def test_refusals_name_step_and_values(generation: Generation, claims: dict[str, Any], step: str, words: str) -> None:
    """Whoever reads the text knows both sides of the disagreement."""
    failure = _verify(_token(**claims), generation).failure
    assert failure is not None
    assert failure.name == step
    assert words in failure.detail


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_minute_of_leeway(generation: Generation) -> None:
    """60 s at either end."""
    assert _verify(_token(exp=int(INSTANT) - 60), generation).accepted
    assert _verify(_token(nbf=int(INSTANT) + 60), generation).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    "claims", [{"exp": INSTANT + 300.5}, {"nbf": "0"}, {"iat": True}, {"exp": 2**63}, {"sub": 1}, {"access": {}}]
)
def test_claims_of_a_wrong_type_are_refused(generation: Generation, claims: dict[str, Any]) -> None:
    """Assertion 64: registries decode integers, not floats and not texts."""
    token = jwt.api_jws.encode(json.dumps(GOOD | claims).encode(), EC, "ES256", {"x5c": _x5c(EC_CERTIFICATE)})
    failure = _verify(token, generation).failure
    assert failure is not None
    assert failure.name in ("form", "claims")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_changed_tokens_and_other_keys_are_refused(generation: Generation) -> None:
    """The signature covers header and claims, and must be that of the certificate's key."""
    header, _, signature = _token().split(".")
    payload = base64.urlsafe_b64encode(json.dumps(GOOD | {"sub": "root"}).encode()).rstrip(b"=").decode()
    for token in (f"{header}.{payload}.{signature}", _token(ec_key())):
        failure = _verify(token, generation).failure
        assert failure is not None
        assert failure.name == "signature"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_unsigned_and_symmetric_tokens_are_refused(generation: Generation) -> None:
    """Neither `none` nor a MAC with the public certificate as its secret gets in."""
    header = {"x5c": _x5c(EC_CERTIFICATE)}
    unsigned = jwt.encode(GOOD, "", "none", header)
    mac = jwt.encode(GOOD, "x" * 64, "HS256", header)
    assert not _verify(unsigned, generation).accepted
    assert not _verify(mac, generation).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("header", [{}, {"kid": "X"}, {"x5c": ["!"]}, {"x5c": ["AAAA"]}, {"jwk": SIGNING_KEY.jwk}])
def test_tokens_that_name_no_trusted_key_are_refused(generation: Generation, header: dict[str, Any]) -> None:
    """Nothing, an unknown id, no certificate, or a key that the token brings itself."""
    assert not _verify(_token(header=header), generation).accepted


@pytest.mark.parametrize("generation", GENERATIONS)
def test_registry_that_trusts_nothing_is_named(generation: Generation) -> None:
    """An empty or broken bundle is the registry's fault, not the token's."""
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for bundle in ("", "no certificate", broken):
        failure = _verify(_token(), generation, bundle).failure
        assert failure is not None
        assert failure.name == "trust"


@given(token=st.text(max_size=60) | st.from_regex(r"[\w.=-]{0,200}", fullmatch=True))
def test_any_text_is_examined_without_an_error(token: str) -> None:
    """People paste anything; it is refused with a step, never with a traceback."""
    for generation in GENERATIONS:
        assert not _verify(token, generation).accepted


@given(position=st.integers(min_value=0), value=st.integers(min_value=0, max_value=255))
def test_any_changed_byte_of_the_certificate_is_refused(position: int, value: int) -> None:
    """A malformed certificate is refused like a foreign one, with a text and without an error."""
    der = bytearray(SIGNING_KEY.chain[0])
    place = position % len(der)
    same = der[place] == value
    der[place] = value
    token = _token(header={"x5c": [base64.b64encode(der).decode()]})
    for generation in GENERATIONS:
        assert same or not _verify(token, generation).accepted


@given(position=st.integers(min_value=0), character=st.sampled_from("AZaz09-_.=+/ é"))
def test_any_changed_character_is_refused(position: int, character: str) -> None:
    """One other character anywhere spoils the token, unless it decodes to the same bytes (the last of a part may)."""
    token = _token()
    place = position % len(token)
    changed = token[:place] + character + token[place + 1 :]
    same = changed == token or place + 1 == len(token)
    for generation in GENERATIONS:
        assert same or not _verify(changed, generation).accepted
