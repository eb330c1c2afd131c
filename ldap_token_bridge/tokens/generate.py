"""A new key and its self-signed certificate, made so that registries of every age accept them.

All but Ed25519, which is for registries 3.x: whoever asks for it says so in the settings.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from .public_key import PrivateKey, leading_zero

Algorithm = Literal["ES256", "RS256", "EdDSA"]

# For a registry whose clock is behind ours: certificates, unlike tokens, get no leeway.
_BACKDATE = timedelta(minutes=5)
_MAX_COMMON_NAME = 64  # X.520 ub-common-name
# A hundred years: more is a slip of the finger.
MAX_DAYS = 36500
_RSA_BITS = 2048


def generate_key(algorithm: Algorithm) -> PrivateKey:
    """A fresh key; on P-256 never one that a registry 3.1 has a wrong id for."""
    if algorithm == "RS256":
        return generate_rsa_key(public_exponent=65537, key_size=_RSA_BITS)
    if algorithm == "EdDSA":
        return Ed25519PrivateKey.generate()
    while True:
        private = generate_ec_key(SECP256R1())
        if not leading_zero(private.public_key()):
            return private


def self_signed(private: PrivateKey, common_name: str, days: int, now: datetime) -> x509.Certificate:
    """A certificate valid for `days` from `now` (aware); `common_name` is for people, registries do not read it.

    It says CA, for itself alone: Go before 1.8, which built the registries up to 2.6, takes a certificate as its own
    root only with that and keyCertSign (golang/go#16763). Later ones take any certificate that is in the bundle.
    """
    shortened = common_name.encode()[:_MAX_COMMON_NAME].decode(errors="ignore")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shortened)])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    public = private.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _BACKDATE)
        .not_valid_after(now.astimezone(UTC) + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(private, None if isinstance(private, Ed25519PrivateKey) else SHA256())
    )
