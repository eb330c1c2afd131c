"""A platform that gives tokens to its jobs or pods: keys and tokens of the shape that the real ones issue."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from ldap_token_bridge.identity import Secret

AUDIENCE = "registry.corp.example.com"
GITLAB = "https://gitlab.corp.example.com"
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def base64url(raw: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: bytes, claims: bytes, sign: Callable[[bytes], bytes]) -> Secret:
    """A token of any bytes at all."""
    message = f"{base64url(header)}.{base64url(claims)}"
    return Secret(f"{message}.{base64url(sign(message.encode()))}".encode())


class SigningPlatform:
    """One key with its id; makes tokens with it, honest and other ones."""

    def __init__(self, alg: str = "RS256", kid: str | None = "key-1") -> None:
        self.alg, self.kid = alg, kid
        self.key: _Key
        if alg == "EdDSA":
            self.key = ed25519.Ed25519PrivateKey.generate()
        elif alg.startswith("ES"):
            curves: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}
            self.key = ec.generate_private_key(curves.get(alg, ec.SECP521R1()))
        else:
            self.key = rsa.generate_private_key(65537, 2048)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """The public key as the platform publishes it; None as a change takes a member away."""
        public = self.key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            entry = RSAAlgorithm.to_jwk(public, as_dict=True)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            entry = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            entry = OKPAlgorithm.to_jwk(public, as_dict=True)
        entry.pop("key_ops", None)
        entry |= {"kid": self.kid, "use": "sig", "alg": self.alg} | changes
        return {name: value for name, value in entry.items() if value is not None}

    def jwks(self, *others: "SigningPlatform") -> bytes:
        """A set of this key and others."""
        return json.dumps({"keys": [each.jwk() for each in (self, *others)]}).encode()

    def sign(self, message: bytes) -> bytes:
        """The signature by the platform's own algorithm."""
        return bytes(jwt.get_algorithm_by_name(self.alg).sign(message, self.key))

    def token(self, claims: Mapping[str, Any], **header: Any) -> Secret:
        """A signed token; a header of None is left out."""
        whole = {"typ": "JWT", "alg": self.alg, "kid": self.kid} | header
        named = {name: value for name, value in whole.items() if value is not None}
        return compact(json.dumps(named).encode(), json.dumps(claims).encode(), self.sign)


def gitlab_claims(now: float | None = None, **changes: Any) -> dict[str, Any]:
    """An ID token of a GitLab job, by docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens"."""
    at = int(time.time() if now is None else now)
    return {
        "namespace_id": "72",
        "namespace_path": "team-a",
        "project_id": "20",
        "project_path": "team-a/app",
        "user_id": "1",
        "user_login": "sample-user",
        "user_email": "sample-user@example.com",
        "user_identities": [{"provider": "github", "extern_uid": "2435223452345"}],
        "pipeline_id": "574",
        "pipeline_source": "push",
        "job_id": "302",
        "ref": "main",
        "ref_type": "branch",
        "ref_path": "refs/heads/main",
        "ref_protected": "true",
        "groups_direct": ["team-a"],
        "environment_protected": "false",
        "runner_id": 1,
        "runner_environment": "self-hosted",
        "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc",
        "project_visibility": "private",
        "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
        "iss": GITLAB,
        "iat": at,
        "nbf": at - 5,
        "exp": at + 3600,
        "sub": "project_path:team-a/app:ref_type:branch:ref:main",
        "aud": AUDIENCE,
        **changes,
    }


def github_claims(now: float | None = None, **changes: Any) -> dict[str, Any]:
    """A token of a GitHub Actions job, by docs.github.com, "OpenID Connect reference"."""
    at = int(time.time() if now is None else now)
    return {
        "jti": "example-id",
        "sub": "repo:octo-org/octo-repo:environment:prod",
        "environment": "prod",
        "aud": AUDIENCE,
        "ref": "refs/heads/main",
        "ref_protected": "true",
        "sha": "example-sha",
        "repository": "octo-org/octo-repo",
        "repository_owner": "octo-org",
        "actor_id": "12",
        "repository_visibility": "private",
        "repository_id": "74",
        "repository_owner_id": "65",
        "run_id": "example-run-id",
        "run_number": "10",
        "run_attempt": "2",
        "runner_environment": "github-hosted",
        "actor": "octocat",
        "workflow": "example-workflow",
        "head_ref": "",
        "base_ref": "",
        "event_name": "workflow_dispatch",
        "ref_type": "branch",
        "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
        "iss": "https://token.actions.githubusercontent.com",
        "nbf": at - 300,
        "exp": at + 300,
        "iat": at,
        **changes,
    }


def kubernetes_claims(now: float | None = None, **changes: Any) -> dict[str, Any]:
    """A projected token of a pod, by kubernetes.io, "Managing Service Accounts"."""
    at = int(time.time() if now is None else now)
    return {
        "aud": [AUDIENCE],
        "exp": at + 3600,
        "iat": at,
        "iss": "https://kubernetes.default.svc.cluster.local",
        "jti": "aed34954-b33a-4142-b1ec-389d6bbb4936",
        "kubernetes.io": {
            "namespace": "prod",
            "node": {"name": "my-node", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
            "pod": {"name": "my-pod", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
            "serviceaccount": {"name": "deployer", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
        },
        "nbf": at,
        "sub": "system:serviceaccount:prod:deployer",
        **changes,
    }
