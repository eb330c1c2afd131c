"""Key ids and JWKs."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP521R1,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt import PyJWK

from ldap_token_bridge.tokens.public_key import (
    PrivateKey,
    complaint,
    leading_zero,
    libtrust_id,
    public_jwk,
    registry_thumbprint,
    thumbprint,
)
from tests.support.key_folder import ec_key, p384_key, zero_key


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_libtrust_id_is_that_of_the_specification() -> None:
    """Assertion 59: the key of distribution's jwt.md has the id that stands there."""
    x = int.from_bytes(_decode("m7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q"), "big")
    y = int.from_bytes(_decode("dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc"), "big")
    key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    assert libtrust_id(key) == "PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6"


def test_thumbprint_is_that_of_the_rfc() -> None:
    """The example of RFC 7638 section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key = RSAPublicNumbers(65537, int.from_bytes(_decode(modulus), "big")).public_key()
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert registry_thumbprint(key) == thumbprint(key)


def test_registry_thumbprint_differs_only_for_a_leading_zero() -> None:
    """Registry 3.1 drops leading zero bytes: its id is the RFC's for every key but those."""
    usual, odd = ec_key().public_key(), zero_key().public_key()
    assert registry_thumbprint(usual) == thumbprint(usual)
    assert registry_thumbprint(odd) != thumbprint(odd)


def test_jwk_coordinates_have_a_fixed_length() -> None:
    """RFC 7518 section 6.2.1.2: 32 bytes for P-256, also where the number is smaller."""
    key = zero_key().public_key()
    jwk = public_jwk(key)
    assert [len(_decode(jwk[name])) for name in ("x", "y")] == [32, 32]
    assert _decode(jwk["x"])[0] == 0


def test_ed25519_thumbprint_is_that_of_the_rfc() -> None:
    """The key of RFC 8037 appendix A.2 and its thumbprint in appendix A.3."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    key = Ed25519PublicKey.from_public_bytes(_decode(x))
    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert {name: public_jwk(key)[name] for name in ("kty", "crv", "x")} == {"kty": "OKP", "crv": "Ed25519", "x": x}


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256", "EdDSA"])
def test_jwk_is_read_back_as_the_same_key(alg: str) -> None:
    """What we publish is what we sign with, under the libtrust id, with its use and algorithm."""
    keys: dict[str, PrivateKey] = {
        "ES256": ec_key(),
        "ES384": p384_key(),
        "RS256": generate_rsa_key(65537, 2048),
        "EdDSA": Ed25519PrivateKey.generate(),
    }
    key = keys[alg].public_key()
    jwk = public_jwk(key)
    read = PyJWK.from_json(json.dumps(jwk))
    assert libtrust_id(read.key) == jwk["kid"] == libtrust_id(key)
    assert (jwk["use"], jwk["alg"]) == ("sig", alg)
    assert "d" not in jwk


def test_keys_that_registries_accept_pass() -> None:
    """P-256 and RSA of 2048 bits sign without complaint."""
    assert complaint(ec_key().public_key()) is None
    assert complaint(generate_rsa_key(65537, 2048).public_key()) is None


def test_leading_zero_is_refused_with_a_remedy() -> None:
    """Assertion 60's other half: such a key, made elsewhere, does not come in."""
    assert leading_zero(zero_key().public_key())
    what, remedy = complaint(zero_key().public_key()) or ("", "")
    assert "zero byte" in what
    assert "keys new" in remedy


def test_other_keys_are_refused_with_a_reason() -> None:
    """Short or exotic keys: the text says what the key is and what to do."""
    for key, words in (
        (generate_rsa_key(65537, 1024), "1024 bits"),  # noqa: S505 -- to be refused
        (generate_ec_key(SECP521R1()), "secp521r1"),
        (Ed448PrivateKey.generate(), "Ed448, which is not supported"),
    ):
        what, remedy = complaint(key.public_key()) or ("", "")
        assert words in what
        assert "keys new" in remedy
