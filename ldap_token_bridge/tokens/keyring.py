"""All signing keys at one moment: one signs, all are published."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.values import dataclass

from .folder import active_name, folder_warnings, key_pairs
from .key_files import KeyPair, generation_problem, validity_problem
from .signing_key import SigningKey

EXPIRY_NOTICE = timedelta(days=30)
_NEW = "ldap-token-bridge keys new"


@dataclass(frozen=True, slots=True)
class Keyring:
    """An immutable snapshot. `keys` holds the active key first; `warnings` are texts about what should be mended."""

    active: SigningKey
    keys: tuple[SigningKey, ...]
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path, now: datetime, *, ed25519: bool = False) -> "Keyring":
        """The keys in `folder` at `now` (aware). Raises Misconfigured with every problem of every file.

        A certificate out of its time is a problem for the key that signs; for one that is only published, a warning:
        registries do not look at it unless a token names it. `ed25519` says that every registry is 3.x.
        """
        problems: list[Problem] = []
        pairs = key_pairs(folder)
        warnings: list[str] = list(folder_warnings(folder))
        active = ""
        try:
            active = active_name(folder, tuple(pair.name for pair in pairs))
        except Misconfigured as error:
            problems.extend(error.problems)
        keys: list[SigningKey] = []
        for pair in pairs:
            warnings.extend(pair.warnings())
            try:
                key = pair.load()
            except Misconfigured as error:
                problems.extend(error.problems)
                continue
            keys.append(key)
            if not ed25519 and (foreign := generation_problem(key, pair.key)):
                problems.append(foreign)
            problem = validity_problem(key, pair.certificate, now)
            if problem and pair.name in (active, ""):
                problems.append(problem)
            else:
                warnings.extend(_time_warning(key, pair, problem, now))
        if problems:
            raise Misconfigured(problems)
        keys.sort(key=lambda key: key.name != active)
        return cls(keys[0], tuple(keys), tuple(warnings))

    def ending(self, now: datetime) -> tuple[str, ...]:
        """A text for each key whose certificate ends soon or has ended, at another moment than that of loading."""
        return tuple(
            f"the certificate of the key {key.name} {'ended' if now > key.not_after else 'ends'} on "
            f"{key.not_after:%Y-%m-%d %H:%M} UTC; registries refuse its tokens from then on. "
            f"Make the next key: {_NEW}"
            for key in self.keys
            if key.not_after - now < EXPIRY_NOTICE
        )

    def bundle_pem(self) -> str:
        """The registry's `rootcertbundle`: the certificate of every key, and of nobody else.

        Never an issuer's certificate: a registry that trusts it would accept tokens signed by any key that the issuer
        certified, be it a web server's.
        """
        leaves = dict.fromkeys(key.chain[0] for key in self.keys)
        return "".join(
            x509.load_der_x509_certificate(leaf).public_bytes(Encoding.PEM).decode("ascii") for leaf in leaves
        )

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK Set (RFC 7517 section 5), for the `jwks` file of a registry 3.x."""
        by_id = {key.kid: key.jwk for key in self.keys}
        return {"keys": [dict(jwk) for jwk in by_id.values()]}


def _time_warning(key: SigningKey, pair: KeyPair, problem: Problem | None, now: datetime) -> list[str]:
    if problem:
        return [f"{pair.certificate}: {problem.what}. This key does not sign now; remove it if it has had its day."]
    if key.not_after - now < EXPIRY_NOTICE:
        end = f"{key.not_after:%Y-%m-%d %H:%M} UTC"
        return [f"{pair.certificate}: registries refuse its tokens from {end} on. Make the next key: {_NEW}"]
    return []
