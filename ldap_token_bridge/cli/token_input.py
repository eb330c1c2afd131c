"""Where the token comes from, and what the registry knows that it is held against."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ldap_token_bridge.checkup.exchange import Endpoint
from ldap_token_bridge.checkup.token_client import fetch_token, source_at, source_of
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.listen_address import is_loopback
from ldap_token_bridge.registry import CATALOG, Access, is_repository_name
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.values import dataclass

from .common import find_config, read_file
from .password import read_password

_SAY_IT = "Name bridge.yaml: -c FILE. Or say what the registry has: --issuer, --service, and --bundle or --jwks."
# A registry asks for pull, too, whenever something is written.
_NEEDS = {"pull": ("pull",), "push": ("pull", "push"), "delete": ("delete",)}


@dataclass(frozen=True, slots=True)
class Side:
    """What the registry has been told. `bundle` is PEM, empty if it has none."""

    bundle: str
    jwks: dict[str, Any] | None
    issuer: str
    service: str


@dataclass(frozen=True, slots=True)
class SideOptions:
    """The same as options; None is not given."""

    config: Path | None
    bundle: Path | None
    jwks: Path | None
    issuer: str | None
    service: str | None

    @property
    def complete(self) -> bool:
        """Whether no settings are needed."""
        return self.issuer is not None and self.service is not None and bool(self.bundle or self.jwks)

    def settings(self) -> Settings:
        """From bridge.yaml; raises Misconfigured."""
        try:
            path = find_config(self.config)
        except Misconfigured as error:
            raise Misconfigured([*error.problems, *Misconfigured.one(_SAY_IT).problems]) from None
        return load_settings(path, os.environ)


def registry_side(given: SideOptions, settings: Settings | None, audience: object) -> Side:
    """The options, and for what they leave out the settings: a registry that was given the bridge's own files.

    `audience` is the token's: it says which of several services of the settings is meant.
    """
    bundle = read_file(given.bundle) if given.bundle else ""
    jwks = _jwks(given.jwks) if given.jwks else None
    if settings is None:
        return Side(bundle, jwks, given.issuer or "", given.service or "")
    if not (given.bundle or given.jwks):
        keyring = Keyring.load(settings.token.keys_dir, datetime.now(UTC), ed25519=settings.token.ed25519)
        bundle = keyring.bundle_pem()
        # With x5c a registry needs no JWKS; without it 3.x needs one.
        jwks = None if settings.token.x5c else dict(keyring.jwks())
    issuer = settings.token.issuer if given.issuer is None else given.issuer
    return Side(bundle, jwks, issuer, given.service or service_of(settings, audience))


def service_of(settings: Settings, wanted: object = None) -> str:
    """The one registry of the settings, or the one that is wanted; raises click.BadParameter if that is open."""
    services = settings.token.services
    if len(services) == 1:
        return services[0]
    if isinstance(wanted, str) and wanted in services:
        return wanted
    raise click.BadParameter(
        f"is needed, for there are several registries: {', '.join(services)}", param_hint="--service"
    )


def read_token(given: str | None) -> str:
    """The argument or standard input: a token, `Bearer` and a token, or a token server's answer in JSON."""
    if given in (None, "-"):
        if sys.stdin.isatty():
            click.echo("Paste the token, then press Enter:", err=True)
            given = sys.stdin.readline()
        else:
            given = sys.stdin.buffer.read().decode("utf-8", "replace")
    text = (given or "").strip()
    if text.startswith("{"):
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            answer = {}
        text = str(answer.get("token") or answer.get("access_token") or "")
    text = text.removeprefix("Bearer ").strip()
    if not text:
        raise Misconfigured.one("there is no token", remedy="Give it as the argument, or on standard input.")
    return text


def ask_for_token(user: str, url: str | None, ca_file: Path | None, settings: Settings | None, asked: "Asked") -> str:
    """A token from a bridge that runs, with the person's password from standard input."""
    source = _source(url, ca_file, settings)
    service = asked.service or (service_of(settings) if settings else "")
    return fetch_token(source, Credentials(user, read_password(user)), service, asked.scopes)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a token is asked for."""

    service: str | None
    scopes: Sequence[str]


def wanted_access(text: str) -> Access:
    """`push team-a/app` or `catalog` as what a registry asks for; raises click.BadParameter."""
    words = text.split()
    if words == [CATALOG]:
        return Access("registry", CATALOG, ("*",))
    if len(words) != 2 or words[0] not in _NEEDS or not is_repository_name(words[1]):  # noqa: PLR2004 -- verb and name
        raise click.BadParameter("say 'pull NAME', 'push NAME', 'delete NAME' or 'catalog'", param_hint="--action")
    return Access("repository", words[1], _NEEDS[words[0]])


def _source(url: str | None, ca_file: Path | None, settings: Settings | None) -> Endpoint:
    if url is None:
        if settings is None:
            raise click.UsageError("--user needs -c bridge.yaml or --url.")
        return source_of(settings)
    try:
        source = source_at(url, ca_file)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from None
    if source.tls is None and not is_loopback(source.host):
        raise click.BadParameter("the password would travel in the clear; use https://", param_hint="--url")
    return source


def _jwks(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_file(path))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise Misconfigured.one("is no JWK Set", str(path), 'It must hold {"keys": [...]}; see `keys jwks`.')
    return value
