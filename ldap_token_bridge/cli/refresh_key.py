"""`keys refresh-key`: the keys that seal refresh tokens, made and changed step by step."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import click

from ldap_token_bridge.cache import start_revocations
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.tokens import (
    RefreshKeys,
    activate_refresh_key,
    add_refresh_key,
    drop_refresh_keys,
    new_refresh_key,
)
from ldap_token_bridge.yamlfile import format_duration

from .common import config_option, examples, find_config, run_or_explain, show_warnings

_Step = Literal["add", "activate", "drop"]
_STEPS = {
    "add": add_refresh_key,
    "activate": activate_refresh_key,
    "drop": drop_refresh_keys,
}


@click.command(
    name="refresh-key",
    epilog=examples(
        "ldap-token-bridge keys refresh-key -c bridge.yaml",
        "ldap-token-bridge keys refresh-key -c bridge.yaml --add",
        "ldap-token-bridge keys refresh-key -c bridge.yaml --activate",
        "ldap-token-bridge keys refresh-key -c bridge.yaml --drop-old",
    ),
)
@config_option
@click.option("--add", "step", flag_value="add", help="The next key: it opens refresh tokens, and seals none yet.")
@click.option("--activate", "step", flag_value="activate", help="Let the key that was added last seal new ones.")
@click.option("--drop-old", "step", flag_value="drop", help="Forget every key but the one that seals.")
@run_or_explain()
def refresh_key(config: Path | None, step: _Step | None) -> None:
    """Make the key that seals refresh tokens.

    It is written to token.refresh.key_file, and an empty list to token.refresh.revocations. All replicas need the same
    file. Whoever has the key can be anyone without a password. --add, --activate and --drop-old, in this order and each
    brought to every replica, change the key while tokens are in use. --drop-old drops nothing while the key that was
    added last does not seal yet.
    """
    path = find_config(config)
    settings = load_settings(path, os.environ)
    refresh, options = settings.token.refresh, f" -c {config}" if config else ""
    if refresh.key_file is None:
        raise Misconfigured.one(
            "token.refresh.key_file is not set",
            settings.place("token"),
            "Write where the key is to be: refresh: {enabled: true, key_file: secrets/refresh-keys}",
        )
    if step in ("activate", "drop"):
        before, changed = RefreshKeys.load(refresh.key_file), refresh.key_file.stat().st_mtime
        if len(before.ids) == 1:
            first = f" First make the next: ldap-token-bridge keys refresh-key{options} --add" if step != "drop" else ""
            click.echo(f"There is nothing to {step}: key {before.ids[0]} is the only one.{first}")
            return
    if step is None:
        # Before the key: if it fails, all of it can be tried again. Never beside a key, with which tokens were sealed:
        # an empty list in place of one that was lost would let all of them work again.
        keys = new_refresh_key(refresh.key_file, lambda: start_revocations(refresh.revocations))
    else:
        keys = _STEPS[step](refresh.key_file)
    if step == "drop":
        show_warnings(_too_early(changed, refresh.lifetime))
    show_warnings(keys.warnings)
    click.echo(f"{_done(step, keys)}\n  key file  {keys.path}  (secret: whoever has it can be anyone)\n")
    click.echo("What to do next:")
    for number, text in enumerate(_next(step, options, format_duration(refresh.lifetime)), 1):
        click.echo(f"  {number}. {text}")


def _done(step: _Step | None, keys: RefreshKeys) -> str:
    if step == "add":
        return f"Key {keys.ids[-1]} opens refresh tokens; {keys.ids[0]} goes on sealing them."
    if step == "drop":
        return f"Key {keys.ids[0]} is the only one now. Refresh tokens of the others are void."
    return f"Key {keys.ids[0]} seals refresh tokens from the next start or SIGHUP on."


def _too_early(changed: float, lifetime: float) -> tuple[str, ...]:
    """Nobody knows when the bridges took it up; but it was not before the file was `changed`, in Unix time."""
    switched = datetime.fromtimestamp(changed, UTC)
    until = switched + timedelta(seconds=lifetime)
    if until <= datetime.now(UTC):
        return ()
    text = (
        f"tokens of the old key may live until {until:%Y-%m-%d %H:%M:%S} UTC (the file was changed last at "
        f"{switched:%Y-%m-%d %H:%M:%S}). Send SIGHUP after that, not before: then whoever has one must log in again."
    )
    return (text,)


def _next(step: _Step | None, options: str, lifetime: str) -> tuple[str, ...]:
    command = f"ldap-token-bridge keys refresh-key{options}"
    bring = "Give the file to every replica, if each has its own, and send SIGHUP to all of them."
    if step == "add":
        return bring, f"Only then: {command} --activate"
    if step == "activate":
        return bring, f"When the last token of the old key has ended ({lifetime} from now): {command} --drop-old"
    return (bring,)
