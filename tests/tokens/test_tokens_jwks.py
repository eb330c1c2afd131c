"""Other issuers' keys: which entries of a JWKS are used, and what makes a set useless."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ldap_token_bridge.tokens import MAX_JWKS, TrustedKeys
from tests.support.platform import SigningPlatform

RSA = SigningPlatform()
P256 = SigningPlatform("ES256", "key-2")
KOBLITZ = SigningPlatform("ES256", "key-3")
KOBLITZ.key = ec.generate_private_key(ec.SECP256K1())
WEAK = SigningPlatform()
WEAK.key = rsa.generate_private_key(65537, 1024)  # noqa: S505 -- that is what is tested


def keys(*entries: Any) -> TrustedKeys:
    """A set of these entries."""
    return TrustedKeys.of_jwks(json.dumps({"keys": entries}).encode())


@pytest.mark.parametrize("alg", ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
def test_a_key_verifies_what_its_entry_says(alg: str) -> None:
    """Of every kind; the entry's own alg pins the algorithm."""
    found = keys(SigningPlatform(alg).jwk()).find("key-1")
    assert found and found.algorithms == {alg}


def test_without_alg_the_kind_of_key_decides() -> None:
    """Never anything symmetric."""
    by_rsa, p256 = (keys(each.jwk(alg=None)).find(each.kid) for each in (RSA, P256))
    assert by_rsa and by_rsa.algorithms == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert p256 and p256.algorithms == {"ES256"}


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (RSA.jwk(use="enc"), "not for signatures"),
        (RSA.jwk(key_ops=["encrypt"]), "not for signatures"),
        (RSA.jwk(alg="HS256"), "its alg is none"),
        (RSA.jwk(alg="none"), "its alg is none"),
        (RSA.jwk(alg="ES256"), "its alg is none"),
        (RSA.jwk(alg=["RS256"]), "its alg is none"),
        (WEAK.jwk(), "RSA key of 1024 bits"),
        (RSA.jwk(n=7), "cannot be read"),
        (RSA.jwk(kid=7), "kid is no text"),
        (P256.jwk(x="AA"), "cannot be read"),
        (P256.jwk(crv="P-1"), "cannot be read"),
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, "another kind"),
        ({"kty": "OKP", "crv": "X25519", "x": "A" * 43}, "cannot be read"),
        (KOBLITZ.jwk(), "its curve is none"),
        ({}, "another kind"),
        ("text", "no JSON object"),
    ],
)
def test_what_is_no_key_for_signatures_is_passed_over_with_a_note(entry: Any, note: str) -> None:
    """Beside a good key; alone it makes the set useless, and the text says why."""
    found = keys(P256.jwk(kid="good"), entry)
    assert len(found) == 1 and len(found.notes) == 1 and note in found.notes[0]
    with pytest.raises(ValueError, match=note):
        keys(entry)


def test_two_keys_of_one_kid_are_both_passed_over() -> None:
    """Nobody can say which was meant."""
    found = keys(RSA.jwk(kid="same"), P256.jwk(kid="same"), P256.jwk())
    assert found.find("same") is None and found.find("key-2")
    assert found.notes == ("key 'same' is not used: two keys have this kid",)


def test_a_token_without_kid_means_the_only_key_there_is() -> None:
    """With two keys it means none; a kid that is not there never means the only one."""
    assert keys(RSA.jwk(kid=None)).find(None)
    assert keys(RSA.jwk()).find(None)
    assert keys(RSA.jwk(), P256.jwk()).find(None) is None
    assert keys(RSA.jwk()).find("key-2") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "no JSON"),
        (b"[]", "no JSON object"),
        (b'{"keys": {}}', "no list 'keys'"),
        (b'{"keys": []}', "no key that can be used"),
        (b'{"keys": [], "keys": []}', "a key stands twice"),
        (b'{"keys": [' + b'{"kty": "oct"},' * 100 + b"{}]}", "more than 100 keys"),
        (b"[" * 100_000, "no JSON"),
        (b" " * (MAX_JWKS + 1), "larger than 256 KiB"),
    ],
)
def test_a_set_that_is_none_is_refused(text: bytes, why: str) -> None:
    """In words for people."""
    with pytest.raises(ValueError, match=why):
        TrustedKeys.of_jwks(text)


def test_a_set_that_gives_a_private_key_away_is_refused_whole() -> None:
    """Whoever has read it can sign; the key itself is not repeated."""
    entry = RSA.jwk(d="the-private-part")
    with pytest.raises(ValueError, match="private key") as error:
        keys(P256.jwk(), entry)
    assert "the-private-part" not in str(error.value)
