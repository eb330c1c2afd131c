"""Where the keys are: the options that all `keys` commands share, and how they are repeated in printed commands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ldap_token_bridge.values import dataclass

from .common import config_option, find_config

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

TAKEN_UP = "Bridges that run take it up within seconds; with policy.poll: off they need SIGHUP."

_NO_ISSUER = "ldap-token-bridge"  # the certificate's name if no settings say the issuer; registries do not read it


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """The folder of the keys, and what the settings say about tokens.

    `lifetime` in seconds, 0 if it is not known; `ed25519` is False unless settings say that every registry is 3.x.
    """

    folder: Path
    issuer: str
    lifetime: int
    ed25519: bool
    options: str
    """As they are typed: ` --keys-dir keys`, ` -c bridge.yaml`, or nothing."""


def place_options(function: Decorated) -> Decorated:
    """`-c` and `--keys-dir`, passed on as `config` and `keys_dir`; `key_place` says what is meant."""
    keys_dir = click.option(
        "--keys-dir",
        type=click.Path(file_okay=False, path_type=Path, readable=False),
        metavar="DIR",
        help="The folder of the keys. Else token.keys_dir of the settings.",
    )
    return keys_dir(config_option(function))


def key_place(keys_dir: Path | None, config: Path | None) -> KeyPlace:
    """From the options; raises Misconfigured for settings that cannot be used."""
    if keys_dir is not None:
        return KeyPlace(keys_dir, _NO_ISSUER, 0, False, f" --keys-dir {keys_dir}")
    from ldap_token_bridge.settings import load_settings  # noqa: PLC0415 -- not needed, and slow, with --keys-dir

    token = load_settings(find_config(config), os.environ).token
    return KeyPlace(token.keys_dir, token.issuer, token.lifetime, token.ed25519, f" -c {config}" if config else "")
