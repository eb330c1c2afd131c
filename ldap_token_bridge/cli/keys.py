"""`keys`: make and publish the keys that sign tokens."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from ldap_token_bridge.tokens import DEFAULT_DAYS, Algorithm, Keyring, NewKey, SigningKey, new_key

from .common import config_option, examples, find_config, format_option, run_or_explain, show_warnings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_NO_ISSUER = "ldap-token-bridge"  # the certificate's name if no settings say the issuer; registries do not read it


def _place_options(function: Decorated) -> Decorated:
    keys_dir = click.option(
        "--keys-dir",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The folder of the keys. Else token.keys_dir of the settings.",
    )
    return keys_dir(config_option(function))


@click.group(
    epilog=examples(
        "ldap-token-bridge keys new --keys-dir keys", "ldap-token-bridge keys bundle -c bridge.yaml > bundle.pem"
    )
)
def command() -> None:
    """Make and publish the keys that sign tokens.

    A key is a pair of files, NAME.key and NAME.crt. Registries must know its certificate before the first token that
    it signs: give them the bundle, and restart them.
    """


@command.command(
    epilog=examples(
        "ldap-token-bridge keys new --keys-dir keys",
        "ldap-token-bridge keys new -c bridge.yaml --algorithm RS256 --days 730",
        "ldap-token-bridge keys new --keys-dir keys --certificate token.crt --key token.key",
    )
)
@_place_options
@click.option("--algorithm", type=click.Choice(["ES256", "RS256"]), help="What the key signs with.  [default: ES256]")
@click.option("--days", type=int, help="How long the certificate is valid.  [default: 3650]")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="FILE", help="Take over this certificate ...")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="... and its key, instead of making them.")
@format_option
@run_or_explain()
def new(
    keys_dir: Path | None,
    config: Path | None,
    algorithm: Algorithm | None,
    days: int | None,
    certificate: Path | None,
    key: Path | None,
    output_format: str,
) -> None:
    """Make a signing key with its certificate.

    The first key of a folder signs. A later one is only published, so that every registry can learn it before it signs.
    """
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key belong together.")
    if certificate and (algorithm or days is not None):
        raise click.UsageError("--algorithm and --days are for a new certificate; yours says both already.")
    folder, issuer = _folder_and_issuer(keys_dir, config)
    made = new_key(
        folder,
        common_name=issuer,
        now=datetime.now(UTC),
        algorithm=algorithm or "ES256",
        days=DEFAULT_DAYS if days is None else days,
        certificate=certificate,
        key=key,
    )
    if output_format == "json":
        files = {"key_file": str(made.files.key), "certificate_file": str(made.files.certificate)}
        _print_json(_as_json(made.key, signs=made.active) | files)
    else:
        click.echo(_report(made, "" if config is None else f" -c {config}", keys_dir))


@command.command(
    name="list",
    epilog=examples(
        "ldap-token-bridge keys list --keys-dir keys", "ldap-token-bridge keys list -c bridge.yaml --format json"
    ),
)
@_place_options
@format_option
@run_or_explain()
def list_keys(keys_dir: Path | None, config: Path | None, output_format: str) -> None:
    """Show every key, its ids, and which one signs."""
    keyring = _load(keys_dir, config)
    if output_format == "json":
        keys = [_as_json(key, signs=key is keyring.active) for key in keyring.keys]
        _print_json({"keys": keys, "warnings": list(keyring.warnings)})
        return
    show_warnings(keyring.warnings)
    for key in keyring.keys:
        click.echo(f"{key.name}  ({'signs' if key is keyring.active else 'published only'})\n{_describe(key)}")


@command.command(
    epilog=examples(
        "ldap-token-bridge keys bundle -c bridge.yaml > bundle.pem",
        "kubectl create configmap registry-token-bundle --from-file=bundle.pem",
    )
)
@_place_options
@run_or_explain()
def bundle(keys_dir: Path | None, config: Path | None) -> None:
    """Print the certificates of all keys: the registry's rootcertbundle.

    A registry reads the file at its start only, so restart it after a change. Issuers' certificates are left out on
    purpose: with one of them, the registry would trust every certificate of that issuer.
    """
    keyring = _load(keys_dir, config)
    show_warnings(keyring.warnings)
    click.echo(keyring.bundle_pem(), nl=False)


@command.command(epilog=examples("ldap-token-bridge keys jwks -c bridge.yaml > jwks.json"))
@_place_options
@run_or_explain()
def jwks(keys_dir: Path | None, config: Path | None) -> None:
    """Print the public keys as a JWK Set, for a registry 3.x.

    Only with token.x5c: false; by default tokens carry their certificate, and a registry then wants the bundle.
    """
    keyring = _load(keys_dir, config)
    show_warnings(keyring.warnings)
    _print_json(keyring.jwks())


def _folder_and_issuer(keys_dir: Path | None, config: Path | None) -> tuple[Path, str]:
    if keys_dir is not None:
        return keys_dir, _NO_ISSUER
    from ldap_token_bridge.settings import load_settings  # noqa: PLC0415 -- not needed, and slow, with --keys-dir

    token = load_settings(find_config(config), os.environ).token
    return token.keys_dir, token.issuer


def _load(keys_dir: Path | None, config: Path | None) -> Keyring:
    folder, _ = _folder_and_issuer(keys_dir, config)
    return Keyring.load(folder, datetime.now(UTC))


def _as_json(key: SigningKey, *, signs: bool) -> dict[str, object]:
    return {
        "name": key.name,
        "kid": key.kid,
        "thumbprint": key.thumbprint,
        "alg": key.alg,
        "not_before": key.not_before.isoformat(),
        "not_after": key.not_after.isoformat(),
        "active": signs,
    }


def _describe(key: SigningKey) -> str:
    return (
        f"  key id       {key.kid}\n"
        f"  thumbprint   {key.thumbprint}\n"
        f"  algorithm    {key.alg}\n"
        f"  valid until  {key.not_after:%Y-%m-%d %H:%M} UTC"
    )


def _report(made: NewKey, settings: str, keys_dir: Path | None) -> str:
    place = settings if keys_dir is None else f" --keys-dir {keys_dir}"
    folder = made.files.key.parent
    steps = [
        f"ldap-token-bridge keys bundle{place} > bundle.pem",
        "Give bundle.pem to every registry as auth.token.rootcertbundle.",
        "Restart every registry: it reads the file at its start only.",
    ]
    if made.active:
        steps.append("Start the bridge: ldap-token-bridge serve -c bridge.yaml")
        role = "It signs from now on."
    else:
        steps.append(f"Only then let it sign: echo {made.key.name} > {folder / 'active'}")
        steps.append("Reload the bridge: send SIGHUP to its process.")
        steps.append(f"Remove {made.signer}.key and {made.signer}.crt when the last token of the old key has expired.")
        role = f"It is published only. {made.signer} goes on signing."
    lines = [
        f"Signing key {made.key.name}. {role}",
        _describe(made.key),
        f"  key file     {made.files.key}  (secret: whoever has it can sign tokens)",
        f"  certificate  {made.files.certificate}",
        "",
        "What to do next:",
        *(f"  {number}. {step}" for number, step in enumerate(steps, 1)),
    ]
    return "\n".join(lines)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
