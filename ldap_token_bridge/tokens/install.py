"""New signing keys: made or taken over, written whole or not at all, never over an existing file."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.whole_files import PUBLIC_MODE, SECRET_MODE, create, explained, locked, make_folder, undisturbed

from .folder import ACTIVE_FILE, active_name, key_pairs, read_active
from .generate import MAX_DAYS, Algorithm, generate_key, self_signed
from .key_files import KeyPair, generation_problem, validity_problem
from .public_key import PrivateKey, libtrust_id
from .signing_key import SigningKey

# The end of a signing key's certificate stops every push and pull at once, so it is far away; keys are to be changed
# by rotation, before it.
DEFAULT_DAYS = 3650


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that now lies in the folder. `signer` is the name of the key that signs: this one if it is the first.

    `signer_expired` says that no registry takes the signer's tokens any more.
    """

    key: SigningKey
    files: KeyPair
    signer: str
    signer_expired: bool

    @property
    def active(self) -> bool:
        """Whether tokens are signed with it from now on."""
        return self.key.name == self.signer


def new_key(
    folder: Path,
    *,
    common_name: str,
    now: datetime,
    algorithm: Algorithm = "ES256",
    days: int = DEFAULT_DAYS,
    certificate: Path | None = None,
    key: Path | None = None,
    ed25519: bool = False,
) -> NewKey:
    """Makes a key with a self-signed certificate, or takes over `certificate` and `key`, and publishes it in `folder`.

    The first key of a folder signs; a later one is only published, so that registries can learn it before its first
    token. The folder is made if it is missing. `ed25519` says that every registry is 3.x: else a key of that kind is
    refused. Raises Misconfigured.
    """
    if certificate and key:
        given = KeyPair("", key, certificate).load()
        foreign = None if ed25519 else generation_problem(given, key)
        if problem := foreign or validity_problem(given, certificate, now):
            raise Misconfigured([problem])
        private, chain = given.private, [x509.load_der_x509_certificate(der) for der in given.chain]
    elif certificate or key:
        raise Misconfigured.one("a certificate and its key can only be given together")
    elif algorithm == "EdDSA" and not ed25519:
        raise Misconfigured.one(
            "Ed25519 keys are for registries 3.x: 2.x does not start with such a certificate in its bundle",
            remedy="If every registry is 3.x, write token.ed25519: true into bridge.yaml and name it with -c, without "
            "--keys-dir. If not, leave out --algorithm.",
        )
    elif not 0 < days <= MAX_DAYS:
        raise Misconfigured.one(f"a certificate cannot be made for {days} days", remedy=f"Choose 1 to {MAX_DAYS} days.")
    else:
        private = generate_key(algorithm)
        chain = [self_signed(private, common_name, days, now)]
    name = f"{now:%Y%m%d}-{libtrust_id(private.public_key())[:9].replace(':', '').lower()}"
    files = KeyPair(name, folder / f"{name}.key", folder / f"{name}.crt")
    with explained(folder, "cannot write the new key"):
        make_folder(folder, 0o700)
        # Of two first keys at once, one signs: the second command finds the first one's key.
        with locked(folder):
            signer = _settle_signer(folder)
            _install(files, private, chain)
            if not signer:
                create(folder / ACTIVE_FILE, f"{name}\n".encode(), PUBLIC_MODE, replace=True)
                signer = name
    return NewKey(SigningKey.of(name, private, chain), files, signer, _expired(folder, signer, now))


def _expired(folder: Path, name: str, now: datetime) -> bool:
    """Whether a key has come to its end; a key that cannot be read is for others to complain about."""
    with suppress(Misconfigured):
        return any(pair.load().not_after < now for pair in key_pairs(folder) if pair.name == name)
    return False


def _settle_signer(folder: Path) -> str:
    """The key that signs now, written down so that a second key leaves no doubt; empty if there is none yet."""
    # A certificate that lost its key, or never had one, is nothing to sign with.
    names = tuple(pair.name for pair in key_pairs(folder) if pair.key.exists())
    if not names:
        return ""
    signer = active_name(folder, names)
    if read_active(folder) is None:
        create(folder / ACTIVE_FILE, f"{signer}\n".encode(), PUBLIC_MODE)
    return signer


def _install(files: KeyPair, private: PrivateKey, chain: list[x509.Certificate]) -> None:
    """Both files or none."""
    certificates = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with undisturbed():
        create(files.certificate, certificates, PUBLIC_MODE)
        try:
            create(files.key, secret, SECRET_MODE)
        except BaseException:
            files.certificate.unlink()
            raise
