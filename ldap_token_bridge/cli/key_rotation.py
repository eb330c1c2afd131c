"""`keys activate` and `keys retire`: the two steps of a rotation, each with what is to be done next."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ldap_token_bridge.tokens.rotate import Rotation, activate_key, retire_key

from .common import examples, format_option, run_or_explain, show_warnings
from .key_place import TAKEN_UP, KeyPlace, key_place, place_options

# What registries forgive after a token's end.
_LEEWAY = 60
_key = click.argument("kid", metavar="KID")


@click.command(
    epilog=examples(
        "ldap-token-bridge keys activate 20270114-wfl3les4 -c bridge.yaml",
        "ldap-token-bridge keys activate WFL3:LES4 --keys-dir keys",
    )
)
@_key
@place_options
@format_option
@run_or_explain()
def activate(kid: str, keys_dir: Path | None, config: Path | None, output_format: str) -> None:
    """Let another key sign.

    KID is the key's name, its key id or its thumbprint, or the beginning of one. Every registry must have the key's
    certificate by then: bring the bundle out and restart the registries before.

    Bridges that run take it up within seconds (policy.poll), or at SIGHUP.
    """
    place = key_place(keys_dir, config)
    done = activate_key(place.folder, kid, datetime.now(UTC), ed25519=place.ed25519)
    if output_format == "json":
        _print_json(done, place)
    elif done.before == done.signer:
        click.echo(f"{done.signer} signs already. A bridge that still runs with another key needs SIGHUP.")
    else:
        place_of = f", in place of {done.before}" if done.before else ""
        click.echo(f"{done.signer} signs from now on{place_of}.\n  key id       {done.key.kid}\n")
        steps = [TAKEN_UP]
        retire_it = f"ldap-token-bridge keys retire {done.before}{place.options}"
        if _expired(done):
            steps += [
                "Bridges that ended because of the expired key: start them.",
                f"ldap-token-bridge keys bundle{place.options} > bundle.pem",
                "Give bundle.pem to every registry and restart it: until then it refuses the new key.",
                f"No registry takes what the old key signed, so there is nothing to wait for: {retire_it}",
            ]
        elif done.before:
            back = f"ldap-token-bridge keys activate {done.before}{place.options}"
            steps += [
                f"If a registry refuses the new key, it lacks the certificate. To go back: {back}",
                f"Wait until the last token of the old key has expired: {_last_token(place, datetime.now(UTC))}.",
                f"Only then: {retire_it}",
            ]
        _print_steps(*steps)


@click.command(
    epilog=examples(
        "ldap-token-bridge keys retire 20261121-4tramz74 -c bridge.yaml",
        "ldap-token-bridge keys retire 4TRA:MZ74 --keys-dir keys",
    )
)
@_key
@place_options
@format_option
@run_or_explain()
def retire(kid: str, keys_dir: Path | None, config: Path | None, output_format: str) -> None:
    """Put a key aside that no longer signs.

    KID is the key's name, its key id or its thumbprint, or the beginning of one. Its files are moved to the folder
    `retired` beside the others, and it is published no more. The key that signs and the last key are refused.
    """
    place = key_place(keys_dir, config)
    done = retire_key(place.folder, kid)
    if output_format == "json":
        _print_json(done, place)
        return
    show_warnings(_too_early(done, place))
    click.echo(f"{done.key.name} is retired; its files are {done.files.key} and {done.files.certificate.name}.\n")
    _print_steps(
        TAKEN_UP,
        f"ldap-token-bridge keys bundle{place.options} > bundle.pem",
        "Give bundle.pem to every registry and restart it: until then it believes the old key. That can wait, unless "
        "the key has leaked.",
        f"Delete the files in {done.files.key.parent} when nobody needs them any more.",
    )


def _too_early(done: Rotation, place: KeyPlace) -> tuple[str, ...]:
    """Nobody knows when the bridges took it up; but it was not before the signer was changed."""
    until = _old_tokens_until(done, place)
    if done.switched is None or until is None or until <= datetime.now(UTC):
        return ()
    text = (
        f"tokens of the old key may live until {until:%Y-%m-%d %H:%M:%S} UTC (the signer was changed at "
        f"{done.switched:%H:%M:%S}). Restart registries with the new bundle after that, not before."
    )
    return (text,)


def _old_tokens_until(done: Rotation, place: KeyPlace) -> datetime | None:
    """None if it is not known, or none of them is taken any more."""
    if done.switched is None or not place.lifetime or _expired(done):
        return None
    return _end_of_tokens(place, done.switched)


def _expired(done: Rotation) -> bool:
    """Whether the old key has come to its end."""
    return done.old_end is not None and done.old_end < datetime.now(UTC)


def _end_of_tokens(place: KeyPlace, switched: datetime) -> datetime:
    return switched + timedelta(seconds=place.lifetime + _LEEWAY)


def _last_token(place: KeyPlace, switched: datetime) -> str:
    rule = "token.lifetime and a minute after the last bridge took it up"
    return f"{rule}, not before {_end_of_tokens(place, switched):%Y-%m-%d %H:%M:%S} UTC" if place.lifetime else rule


def _print_steps(*steps: str) -> None:
    click.echo("\n".join(["What to do next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]))


def _print_json(done: Rotation, place: KeyPlace) -> None:
    until = _old_tokens_until(done, place)
    told = {
        "name": done.key.name,
        "kid": done.key.kid,
        "thumbprint": done.key.thumbprint,
        "signer": done.signer,
        "signer_before": done.before or None,
        "key_file": str(done.files.key),
        "certificate_file": str(done.files.certificate),
        "old_tokens_until": until.isoformat(timespec="seconds") if until else None,
    }
    click.echo(json.dumps(told, indent=2))
