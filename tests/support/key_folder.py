"""Keys and certificates for tests, of every kind that may lie in a key folder or in a registry's bundle."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

AnyKey = EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey


def ec_key() -> EllipticCurvePrivateKey:
    """A P-256 key without a leading zero byte."""
    while True:
        key = generate_ec_key(SECP256R1())
        numbers = key.public_key().public_numbers()
        if min(numbers.x, numbers.y).bit_length() > 248:
            return key


def p384_key() -> EllipticCurvePrivateKey:
    """A P-384 key without a leading zero byte."""
    while True:
        key = generate_ec_key(SECP384R1())
        numbers = key.public_key().public_numbers()
        if min(numbers.x, numbers.y).bit_length() > 376:
            return key


def zero_key() -> EllipticCurvePrivateKey:
    """A P-256 key, always the same, whose x coordinate begins with a zero byte."""
    return next(
        key
        for key in (derive_private_key(secret, SECP256R1()) for secret in range(1, 10_000))
        if key.public_key().public_numbers().x.bit_length() <= 248
    )


def certificate(
    key: AnyKey,
    *,
    name: str = "bridge",
    issuer: tuple[str, AnyKey] | None = None,
    ca: bool = False,
    path_length: int | None = None,
    start: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=365),
) -> x509.Certificate:
    """A certificate for `key`, by itself or by `issuer` (name and key)."""
    issuer_name, issuer_key = issuer or (name, key)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        .sign(issuer_key, None if isinstance(issuer_key, Ed25519PrivateKey) else SHA256())
    )


def write_pair(folder: Path, name: str, key: AnyKey, *certificates: x509.Certificate) -> None:
    """NAME.key with mode 0600 and NAME.crt; without certificates a fresh one is made."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.key"
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    chain = certificates or (certificate(key),)
    (folder / f"{name}.crt").write_text("".join(map(pem, chain)))


def pem(certificate: x509.Certificate) -> str:
    """The certificate in PEM."""
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
