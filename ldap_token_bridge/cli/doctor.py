"""`doctor`: why a registry refuses the bridge's tokens."""

import json
import os
import ssl
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape

from ldap_token_bridge.checkup import Grade, Item, exit_code
from ldap_token_bridge.checkup.doctor import (
    Evidence,
    Identity,
    Progress,
    Question,
    Wanted,
    diagnose,
    gather,
    identity_of,
)
from ldap_token_bridge.checkup.exchange import Endpoint, endpoint_at
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.registry import RegistryAuth, parse_scopes
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.trust import trusting

from .common import (
    ANY_FILE,
    config_option,
    examples,
    find_config,
    format_option,
    printable,
    read_file,
    run_or_explain,
    show_warnings,
)
from .items import objects_of, print_items
from .password import read_password
from .realm import realm_of
from .registry_config import in_yaml, registry_auth

# Findings that another configuration of the registry may mend.
_ABOUT_CONFIGURATION = frozenset(("registry", "realm", "service", "issuer", "key", "x5c", "tokens"))


@click.command(
    epilog=examples(
        "ldap-token-bridge doctor --registry https://registry.corp.example.com",
        "ldap-token-bridge doctor --registry https://registry.corp.example.com --ca corp-ca.pem --user alice \\",
        "      --scope repository:team-a/app:pull,push",
        "ldap-token-bridge doctor --registry http://127.0.0.1:5000 -c bridge.yaml --bundle /etc/registry/bundle.pem",
        "ldap-token-bridge doctor --registry https://registry.corp.example.com --format json",
    )
)
@click.option("--registry", "url", required=True, metavar="URL", help="The registry, as clients reach it.")
@config_option
@click.option("--user", metavar="NAME", help="Also log in as this person, with a password from the terminal.")
@click.option("--password-stdin", is_flag=True, help="With --user: read the password from standard input.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="What should be allowed: repository:a/b:pull.")
@click.option("--ca", "ca_file", type=ANY_FILE, metavar="FILE", help="Trust these authorities beside the system's.")
@click.option("--realm", metavar="URL", help="Where clients should reach the bridge, to compare.")
@click.option("--bundle", type=ANY_FILE, metavar="FILE", help="The registry's rootcertbundle, if it is at hand.")
@format_option
@run_or_explain()
def command(  # noqa: PLR0913 -- one for each option
    *,
    url: str,
    config: Path | None,
    user: str | None,
    password_stdin: bool,
    scopes: Sequence[str],
    ca_file: Path | None,
    realm: str | None,
    bundle: Path | None,
    output_format: str,
) -> None:
    """Find out why a registry refuses the bridge's tokens.

    Reads what the registry asks for, goes to the token server that it names as docker would, and shows the registry
    the token. Then it signs test tokens with the keys of token.keys_dir, as the bridge does and with one thing changed
    at a time: which of them the registry believes tells what is wrong. Test tokens allow nothing. No token and no
    password is ever printed.

    Run it where the bridge runs, as its user: without the keys it can only guess. A password goes to the realm only if
    that is this bridge, over TLS or on this machine.

    Exit code 0: the registry believes the bridge. 1: a finding. 2: the settings or the options cannot be used.
    """
    if user is None and password_stdin:
        raise click.UsageError("--password-stdin goes with --user.")
    if user is not None and not password_stdin and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the password: use --password-stdin.")
    for scope in scopes:
        if not parse_scopes([scope]):
            raise click.BadParameter(f"{scope!r} is no scope such as repository:team-a/app:pull", param_hint="--scope")
    settings = load_settings(find_config(config), os.environ)
    realm_of(realm, settings)  # refuses what is no address
    tls = _tls(ca_file)
    question = Question(
        registry=_registry(url, tls),
        tls=tls,
        who=None if user is None else Credentials(user, read_password(user)),
        scopes=scopes,
        bundle=read_file(bundle) if bundle else None,
    )
    with _progress() as progress:
        evidence = gather(question, settings, progress)
    items = diagnose(evidence, settings, Wanted(realm or "", scopes), time.time())
    cure, warnings = _cure(evidence, settings, realm)
    _print(items, cure, warnings, config, output_format)
    raise SystemExit(exit_code(items))


def _registry(url: str, tls: ssl.SSLContext) -> Endpoint:
    """The registry's address; without a scheme it is https, as for docker."""
    try:
        endpoint = endpoint_at(url if "://" in url else f"https://{url}", lambda: tls)
    except ValueError:
        raise click.BadParameter(
            "is no address such as https://registry.corp.example.com", param_hint="--registry"
        ) from None
    if endpoint.path.strip("/") not in ("", "v2") or urlsplit(url).query or "@" in url:
        raise click.BadParameter("name the host alone: https://registry.corp.example.com", param_hint="--registry")
    return Endpoint(endpoint.host, endpoint.port, "", endpoint.tls)


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    context = trusting(None)
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise Misconfigured.one(
                f"holds no certificates that can be read: {error.strerror}", str(ca_file), "Name a file in PEM: --ca."
            ) from None
    return context


@contextmanager
def _progress() -> Iterator[Progress]:
    """Says on a terminal what is being done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("Asking the registry") as status:
        yield lambda text: status.update(escape(printable(text)))


def _cure(evidence: Evidence, settings: Settings, realm: str | None) -> tuple[RegistryAuth, tuple[str, ...]]:
    """The configuration with which the registry would believe the bridge, and what is to be said of its realm."""
    challenge, services = evidence.challenge, settings.token.services
    service = challenge.service if challenge and challenge.service in services else services[0]
    if realm is None and challenge and identity_of(evidence) in (Identity.OURS, Identity.OUTDATED):
        return registry_auth(settings, challenge.realm, service), ()
    address, warnings = realm_of(realm, settings)
    return registry_auth(settings, address, service), warnings


def _print(
    items: Sequence[Item], cure: RegistryAuth, warnings: tuple[str, ...], config: Path | None, output_format: str
) -> None:
    code = exit_code(items)
    if output_format == "json":
        found = {"exit_code": code, "items": objects_of(items)}
        found |= {"registry_config": cure.stanza(), "warnings": warnings}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print_items(items, output_format)
    if _ABOUT_CONFIGURATION.intersection(item.topic for item in items if item.grade >= Grade.FINDING):
        click.echo("\nWith this configuration the registry believes this bridge:\n")
        click.echo(in_yaml(cure, config), nl=False)
        show_warnings(warnings)
