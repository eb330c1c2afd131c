"""A key pair as two PEM files: read, judged, and every problem collected.

The key is PKCS8 (or the older SEC1 and PKCS1 forms that openssl and cert-manager write), the certificate file holds the
leaf first and its chain after it. No text here ever quotes what a file holds.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.whole_files import for_root_alone, open_to_others, read_file

from .certificates import from_pem
from .public_key import PrivateKey, complaint, spki
from .signing_key import SigningKey

_MOST = 1024 * 1024  # octets; a key or a certificate with its chain has some thousand


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The two files of one signing key."""

    name: str
    key: Path
    certificate: Path

    def load(self) -> SigningKey:
        """The key; raises Misconfigured with every problem of both files. Validity in time is not judged here."""
        problems: list[Problem] = []
        private, certificates = None, []
        try:
            private = _read_key(self.key)
        except Misconfigured as error:
            problems.extend(error.problems)
        try:
            certificates = _read_certificates(self.certificate)
        except Misconfigured as error:
            problems.extend(error.problems)
        if private and certificates:
            problems.extend(self._mismatch(private, certificates))
        if problems or not private:
            raise Misconfigured(problems)
        return SigningKey.of(self.name, private, certificates)

    def warnings(self) -> Iterator[str]:
        """Who else can read or write the key file, and that the bridge cannot."""
        for file in (self.key, self.certificate):
            yield from for_root_alone(file)
        try:
            mode = open_to_others(self.key.stat())
        except OSError:
            return  # `load` says so
        if mode:
            yield (
                f"{self.key}: others than its owner may read or change this key (mode {mode:03o} beside the owner's). "
                f"Whoever reads it can sign tokens: chmod 600 {self.key}"
            )

    def _mismatch(self, private: PrivateKey, certificates: list[x509.Certificate]) -> Iterator[Problem]:
        wanted = spki(private.public_key())
        matching = [_public_bytes(certificate) == wanted for certificate in certificates]
        if matching[0]:
            return
        if any(matching):
            what = f"the certificate of {self.key.name} is not the first one in the file"
            remedy = "Put it first, and the certificates of its issuers after it."
        else:
            what = f"the certificate does not belong to the key in {self.key.name}"
            remedy = (
                "Put the certificate that was issued for this key there, or the key that belongs to the certificate."
            )
        yield Problem(what, Place(str(self.certificate)), remedy)


def validity_problem(key: SigningKey, where: Path, now: datetime) -> Problem | None:
    """Why registries would refuse the key's certificate at this time."""
    if now > key.not_after:
        return Problem(
            f"the certificate expired on {key.not_after:%Y-%m-%d %H:%M} UTC; registries refuse every token with it",
            Place(str(where)),
            "Make a new key with `ldap-token-bridge keys new` and let it sign with `ldap-token-bridge keys activate`, "
            "or put a renewed certificate there. Then give the new bundle to every registry and restart it.",
        )
    if now < key.not_before:
        return Problem(
            f"the certificate is not valid before {key.not_before:%Y-%m-%d %H:%M} UTC",
            Place(str(where)),
            "Check this machine's clock, or let another key sign until then.",
        )
    return None


def generation_problem(key: SigningKey, where: Path) -> Problem | None:
    """What the key would do to a registry 2.x; for settings that do not say `token.ed25519`."""
    if not key.only_3x:
        return None
    return Problem(
        "is an Ed25519 key, and a registry 2.x does not start with such a certificate in its bundle",
        Place(str(where)),
        "If every registry is 3.x: token.ed25519: true in bridge.yaml, and `keys` commands with -c bridge.yaml. "
        "If not: let a key of another kind sign, and put this one aside (`ldap-token-bridge keys retire`).",
    )


def _read_key(path: Path) -> PrivateKey:
    raw = _read(path, "the key")
    try:
        key = load_pem_private_key(raw, password=None)
    except TypeError:  # the library's way to say that a password is needed
        raise Misconfigured.one(
            "the key is encrypted, and the bridge has no password for it",
            str(path),
            f"Decrypt it: openssl pkey -in {path} -out NEW.key",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise Misconfigured.one(
            "holds no private key in PEM that can be read",
            str(path),
            "It must begin with -----BEGIN PRIVATE KEY-----. Make a new one with `ldap-token-bridge keys new`.",
        ) from None
    bad = complaint(key.public_key())
    if bad or not isinstance(key, EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey):
        what, remedy = bad or ("is not supported", "")
        raise Misconfigured.one(what, str(path), remedy)
    return key


def _read_certificates(path: Path) -> list[x509.Certificate]:
    raw = _read(path, "the certificate")
    try:
        return from_pem(raw)
    except ValueError:
        raise Misconfigured.one(
            "holds no certificate in PEM that can be read",
            str(path),
            "It must begin with -----BEGIN CERTIFICATE-----.",
        ) from None


def _read(path: Path, what: str) -> bytes:
    try:
        return read_file(path, _MOST)
    except FileNotFoundError:
        raise Misconfigured.one(
            f"{what} is missing",
            str(path),
            "A signing key is a pair of files, NAME.key and NAME.crt. Put the missing one back. If there is no copy, "
            "or a command was killed while it made the key, remove the other one.",
        ) from None
    except PermissionError:
        raise Misconfigured.one(
            f"the user that runs this command (uid {os.geteuid()}) may not read {what}",
            str(path),
            f"chown {os.geteuid()} {path}",
        ) from None
    except OSError as error:
        raise Misconfigured.one(f"{what} cannot be read: {error.strerror}", str(path)) from None


def _public_bytes(certificate: x509.Certificate) -> bytes:
    """The certificate's SubjectPublicKeyInfo; empty for a kind of key that nothing here can match."""
    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return b""
