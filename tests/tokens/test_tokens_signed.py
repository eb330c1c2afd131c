"""Tokens of other issuers: nothing counts that their keys did not sign, in exactly this spelling."""

import hmac
import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.tokens import NotProved, TrustedKeys, read_signed
from tests.support.platform import SigningPlatform, base64url, compact, gitlab_claims

PLATFORM = SigningPlatform()
KEYS = TrustedKeys.of_jwks(PLATFORM.jwks())
CLAIMS = gitlab_claims()
RAW_CLAIMS = json.dumps(CLAIMS).encode()
GOOD = PLATFORM.token(CLAIMS).reveal()
HEADER = {"typ": "JWT", "alg": "RS256", "kid": "key-1"}


def proved(token: Secret | bytes, keys: TrustedKeys = KEYS) -> object:
    """The claims, or why they do not count."""
    read = read_signed(token if isinstance(token, Secret) else Secret(token))
    return read if isinstance(read, NotProved) else read.claims(keys)


@pytest.mark.parametrize("alg", ["RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_a_signed_token_is_proved(alg: str) -> None:
    """By each algorithm that platforms sign with."""
    platform = SigningPlatform(alg)
    assert proved(platform.token(CLAIMS), TrustedKeys.of_jwks(platform.jwks())) == CLAIMS


def test_the_algorithm_none_is_no_algorithm() -> None:
    """In no spelling, signed or not."""
    for alg in ("none", "None", "NONE", ""):
        assert proved(PLATFORM.token(CLAIMS, alg=alg)) is NotProved.MALFORMED
    unsigned = f"{base64url(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{base64url(RAW_CLAIMS)}."
    assert proved(unsigned.encode()) is NotProved.MALFORMED


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_public_key_is_no_shared_secret(form: PublicFormat, encoding: Encoding) -> None:
    """HS256 with the public key, which everybody knows, as the secret."""
    secret = PLATFORM.key.public_key().public_bytes(encoding, form)
    header = json.dumps({**HEADER, "alg": "HS256"}).encode()
    assert proved(compact(header, RAW_CLAIMS, lambda text: hmac.digest(secret, text, sha256))) is NotProved.MALFORMED


def test_the_algorithm_is_one_of_the_key() -> None:
    """A good signature by the same key, with another algorithm than the issuer's, does not count."""
    other = SigningPlatform("RS512")
    other.key = PLATFORM.key
    assert proved(other.token(CLAIMS)) is NotProved.BAD_SIGNATURE
    assert proved(PLATFORM.token(CLAIMS, alg="ES256")) is NotProved.BAD_SIGNATURE


def test_another_key_is_another_issuer() -> None:
    """Under the right id and under its own."""
    stranger = SigningPlatform()
    assert proved(stranger.token(CLAIMS)) is NotProved.BAD_SIGNATURE
    assert proved(stranger.token(CLAIMS, kid="key-2")) is NotProved.UNKNOWN_KEY
    for odd in ("KEY-1", "key-1 ", "../key-1", "", "ke\u0443-1"):
        assert proved(PLATFORM.token(CLAIMS, kid=odd)) is NotProved.UNKNOWN_KEY


def test_a_key_or_address_in_the_header_is_never_looked_at() -> None:
    """Whoever signs with a key of their own and brings it along proves nothing; an honest token may name them."""
    stranger = SigningPlatform()
    brought = {"jwk": stranger.jwk(), "jku": "https://evil.example.com/jwks", "x5u": "https://evil.example.com/c"}
    assert proved(stranger.token(CLAIMS, **brought)) is NotProved.BAD_SIGNATURE
    assert proved(stranger.token(CLAIMS, kid=None, **brought)) is NotProved.BAD_SIGNATURE
    assert proved(PLATFORM.token(CLAIMS, **brought)) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": [], "b64": False},
        {"cty": "JWT"},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"typ": 7},
        {"kid": 7},
        {"kid": ["key-1"]},
        {"alg": None},
        {"alg": ["RS256"]},
        {"alg": 256},
    ],
)
def test_a_header_that_means_something_else_is_refused(header: dict[str, object]) -> None:
    """Extensions, tokens within tokens, tokens for other uses, and values of the wrong type."""
    assert proved(PLATFORM.token(CLAIMS, **header)) is NotProved.MALFORMED


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (b'{"alg":"none","typ":"JWT","alg":"RS256","kid":"key-1"}', RAW_CLAIMS),
        (None, RAW_CLAIMS[:-1] + b', "sub": "other"}'),
        (None, b'{"kubernetes.io": {"namespace": "a", "namespace": "b"}}'),
        (None, b'{"exp": NaN}'),
        (None, b'{"exp": Infinity}'),
        (None, b'{"exp": ' + b"9" * 5000 + b"}"),
        (None, b"[" * 3000),
        (None, b'["a"]'),
        (None, b'"text"'),
        (None, b""),
        (None, b"\xff\xfe{}"),
        (None, b"\xef\xbb\xbf{}"),
        (None, GOOD),
        (b"", RAW_CLAIMS),
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(header: bytes | None, claims: bytes) -> None:
    """Though it is signed: repeated keys, numbers that are none, too deep, another encoding, another token."""
    token = compact(json.dumps(HEADER).encode() if header is None else header, claims, PLATFORM.sign)
    assert proved(token) is NotProved.MALFORMED


def test_what_is_longer_than_any_token_is_refused_before_any_work() -> None:
    """And so is what is no token at all."""
    assert proved(PLATFORM.token({"padding": "x" * 9000})) is NotProved.MALFORMED
    for text in (b"", b".", b"..", b"...", b"password", "pässwörd".encode(), b"\0", b"a.b.c", b"x" * 1_000_000):
        assert proved(text) is NotProved.MALFORMED


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_token_has_one_spelling(alg: str) -> None:
    """Padding, white space, the other base64 alphabet and stray bits at the end make it none."""
    platform = SigningPlatform(alg)
    keys, good = TrustedKeys.of_jwks(platform.jwks()), platform.token(CLAIMS).reveal()
    assert proved(good, keys) == CLAIMS
    others = [good + b"=", good + b"\n", b" " + good, good + b".", good.replace(b".", b"=.", 1), good[:-1]]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others += [good[:-1] + bytes((letter,)) for letter in alphabet if letter != good[-1]]
    assert not [spelling for spelling in others if not isinstance(proved(spelling, keys), NotProved)]


@given(st.data())
def test_no_mutated_token_is_accepted(data: st.DataObject) -> None:
    """Bytes changed, taken out, doubled or put in, anywhere."""
    at = data.draw(st.integers(0, len(GOOD)))
    upto = data.draw(st.integers(at, min(len(GOOD), at + 40)))
    put = data.draw(
        st.one_of(st.binary(max_size=8), st.just(GOOD[at:upto] * 2), st.text("Aa0-_.=", max_size=8).map(str.encode))
    )
    mutated = GOOD[:at] + put + GOOD[upto:]
    assert mutated == GOOD or isinstance(proved(mutated), NotProved)


def test_a_token_does_not_show_in_its_repr() -> None:
    """Neither its claims nor its signature."""
    read = read_signed(Secret(GOOD))
    assert "team-a" not in repr(read) and GOOD.rpartition(b".")[2].decode() not in repr(read)
