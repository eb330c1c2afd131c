"""`keys`: make and publish the keys that sign tokens. The other commands of the group have files of their own."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from ldap_token_bridge.tokens import Keyring, SigningKey
from ldap_token_bridge.tokens.generate import Algorithm
from ldap_token_bridge.tokens.install import DEFAULT_DAYS, NewKey, new_key

from .common import ANY_PATH, examples, format_option, run_or_explain, show_warnings
from .key_list import list_command
from .key_place import TAKEN_UP, KeyPlace, key_place, place_options
from .key_rotation import activate, retire
from .refresh_key import refresh_key

_ONLY_3X = (
    "this is an Ed25519 key. A registry 2.x does not start with its certificate in the bundle: give it to registries "
    "3.x alone."
)


@click.group(
    epilog=examples(
        "ldap-token-bridge keys new --keys-dir keys", "ldap-token-bridge keys bundle -c bridge.yaml > bundle.pem"
    )
)
def command() -> None:
    """Make, publish and rotate the keys that sign tokens.

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
@place_options
@click.option(
    "--algorithm",
    type=click.Choice(["ES256", "RS256", "EdDSA"]),
    help="What the key signs with; EdDSA only for registries 3.x.  [default: ES256]",
)
@click.option("--days", type=int, help="How long the certificate is valid.  [default: 3650]")
@click.option("--certificate", type=ANY_PATH, metavar="FILE", help="Take over this certificate ...")
@click.option("--key", type=ANY_PATH, metavar="FILE", help="... and its key, instead of making them.")
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
    place = key_place(keys_dir, config)
    made = new_key(
        place.folder,
        common_name=place.issuer,
        now=datetime.now(UTC),
        algorithm=algorithm or "ES256",
        days=DEFAULT_DAYS if days is None else days,
        certificate=certificate,
        key=key,
        ed25519=place.ed25519,
    )
    if made.key.only_3x:
        show_warnings((_ONLY_3X,))
    if output_format == "json":
        files = {"key_file": str(made.files.key), "certificate_file": str(made.files.certificate)}
        _print_json(_as_json(made.key, signs=made.active) | files)
    else:
        click.echo(_report(made, place))


command.add_command(list_command)
command.add_command(activate)
command.add_command(retire)
command.add_command(refresh_key)


@command.command(
    epilog=examples(
        "ldap-token-bridge keys bundle -c bridge.yaml > bundle.pem",
        "kubectl create configmap registry-token-bundle --from-file=bundle.pem",
    )
)
@place_options
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
@place_options
@run_or_explain()
def jwks(keys_dir: Path | None, config: Path | None) -> None:
    """Print the public keys as a JWK Set, for a registry 3.x.

    Only with token.x5c: false; by default tokens carry their certificate, and a registry then wants the bundle.
    """
    keyring = _load(keys_dir, config)
    show_warnings(keyring.warnings)
    _print_json(keyring.jwks())


def _load(keys_dir: Path | None, config: Path | None) -> Keyring:
    place = key_place(keys_dir, config)
    return Keyring.load(place.folder, datetime.now(UTC), ed25519=place.ed25519)


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


def _report(made: NewKey, place: KeyPlace) -> str:
    steps = [
        f"ldap-token-bridge keys bundle{place.options} > bundle.pem",
        "Give bundle.pem to every registry as auth.token.rootcertbundle.",
        "Restart every registry: it reads the file at its start only.",
    ]
    if made.active:
        steps.append("Start the bridge: ldap-token-bridge serve -c bridge.yaml")
        role = "It signs from now on."
    elif made.signer_expired:
        # Nothing that the old key signs is taken any more: there is nothing to wait for.
        steps.insert(0, f"Let it sign at once: ldap-token-bridge keys activate {made.key.name}{place.options}")
        role = f"It is published only. {made.signer} is to sign and has expired, so every token is refused now."
    else:
        steps.append(f"Only then let it sign: ldap-token-bridge keys activate {made.key.name}{place.options}")
        steps.append(TAKEN_UP)
        steps.append(
            "When the last token of the old key has expired (token.lifetime and a minute): "
            f"ldap-token-bridge keys retire {made.signer}{place.options}"
        )
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
