"""Assertions 59, 60 and 62: the keys themselves, by the commands and the service that people have.

tests/tokens holds the same in more detail. Not here, for what they speak of is not built: 52 (throttling).
"""

import base64
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from ldap_token_bridge.cli import root
from ldap_token_bridge.tokens import STEPS, Generation, verify_token
from ldap_token_bridge.tokens.public_key import libtrust_id
from tests.support.bridge import ISSUER, SERVICE, RunningBridge, openldap
from tests.support.http import request
from tests.support.key_folder import ec_key, write_pair, zero_key
from tests.support.process import ServerFailed
from tests.support.registry import Registry

# The public key of distribution's docs/content/spec/auth/jwt.md, and the id that stands there.
_SPECIFIED = {
    "kty": "EC",
    "crv": "P-256",
    "x": "m7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q",
    "y": "dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc",
}
_SPECIFIED_ID = "PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6"


def test_059_libtrust_id(bridge: RunningBridge) -> None:
    """The vector of the specification; and the service's own `kid` is what the rule makes of its certificate."""
    key = jwt.PyJWK({**_SPECIFIED, "alg": "ES256"}).key
    assert isinstance(key, EllipticCurvePublicKey)
    assert libtrust_id(key) == _SPECIFIED_ID
    (certificate,) = load_pem_x509_certificates(request(f"{bridge.url}/bundle.pem").body)
    der = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    expected = ":".join(text[start : start + 4] for start in range(0, 48, 4))
    assert bridge.get("repository:public/base:pull").header["kid"] == expected


def test_060_no_leading_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`keys new` draws again until both coordinates are full."""
    draws = [zero_key(), zero_key(), ec_key()]
    monkeypatch.setattr("ldap_token_bridge.tokens.generate.generate_ec_key", lambda _curve: draws.pop(0))
    made = CliRunner().invoke(root, ["keys", "new", "--keys-dir", str(tmp_path), "--format", "json"])
    assert draws == []
    key = load_pem_x509_certificate(Path(json.loads(made.stdout)["certificate_file"]).read_bytes()).public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert min(key.public_numbers().x, key.public_numbers().y).bit_length() > 248


def test_062_no_ed25519_by_default(tmp_path: Path) -> None:
    """Without the setting such a key is refused, and the text says what it would do to a registry 2.x."""
    bridge = RunningBridge(tmp_path, openldap("ldap://127.0.0.1:1", "dc=corp", "cn=svc,dc=corp"))
    for file in (bridge.folder / "keys").iterdir():
        file.unlink()
    write_pair(bridge.folder / "keys", "ed", Ed25519PrivateKey.generate())
    code, output = bridge.fails_to_start()
    assert code == 2
    assert "ed.key: is an Ed25519 key, and a registry 2.x does not start" in output
    assert "token.ed25519: true" in output


def test_062_ed25519_for_3x_if_the_settings_say_so(tmp_path: Path) -> None:
    """3.x takes its tokens by the bundle, without x5c by the JWKS; the real 2.8.2 does not start with the bundle."""
    sections = {"token": {"ed25519": True}}
    bridge = RunningBridge(tmp_path, openldap("ldap://127.0.0.1:1", "dc=corp", "cn=svc,dc=corp"), sections=sections)
    options = ["-c", str(bridge.settings)]
    made = json.loads(bridge.command_line(["keys", "new", *options, "--algorithm", "EdDSA", "--format", "json"]))
    bridge.command_line(["keys", "activate", made["name"], *options])
    with bridge:
        full = bridge.get("repository:public/base:pull")
        auth, jwks = bridge.token_auth(), request(f"{bridge.url}/jwks.json").json
        bridge.sections["token"]["x5c"] = False
        bridge.write_settings()
        assert bridge.reload()
        bare = bridge.get("repository:public/base:pull")
    bundle = auth.bundle.read_text()
    assert (full.header["alg"], full.header["kid"]) == ("EdDSA", made["kid"])
    assert [_verdict(full.token, generation, bundle) for generation in STEPS] == ["trust", "accepted"]
    assert _verdict(bare.token, "3.x", "", jwks) == "accepted"
    assert _verdict(bare.token, "3.x", bundle) == "key"
    registry = Registry(tmp_path / "registry", auth)
    with pytest.raises(ServerFailed):
        registry.start()
    registry.stop()


def _verdict(token: str, generation: Generation, bundle: str, jwks: dict[str, Any] | None = None) -> str:
    """`accepted`, or the step that fails."""
    found = verify_token(
        token, bundle, issuer=ISSUER, service=SERVICE, now=time.time(), generation=generation, jwks=jwks
    )
    return found.failure.name if found.failure else "accepted"
