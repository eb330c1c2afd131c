"""Where the robots are: the options that all `robot` commands share, and how the file is changed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ldap_token_bridge.cli.common import ANY_FILE, config_option, find_config
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.whole_files import SECRET_MODE, behind_links, create, explained, locked
from ldap_token_bridge.yamlfile import read_text

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def file_options(function: Decorated) -> Decorated:
    """`-c` and `--file`, passed on as `config` and `given`; `robots_file` says what is meant."""
    option = click.option(
        "--file",
        "given",
        type=ANY_FILE,
        metavar="FILE",
        help="The robots file. Else `robots` of the settings.",
    )
    return option(config_option(function))


def robots_file(given: Path | None, config: Path | None) -> Path:
    """From the options; raises Misconfigured for settings that cannot be used or name no robots."""
    if given is not None:
        return given
    from ldap_token_bridge.settings import load_settings  # noqa: PLC0415 -- not needed, and slow, with --file

    settings = load_settings(find_config(config), os.environ)
    if settings.robots is None:
        remedy = "Add the key 'robots: robots.yaml', or name the file: --file robots.yaml"
        raise Misconfigured.one("the settings name no file of robots", settings.place(), remedy)
    return settings.robots


def change(path: Path, edit: Callable[[str], str]) -> None:
    """Put the edited text in the file's place, whole; raises Misconfigured. One command at a time."""
    file = behind_links(path)
    with explained(file.parent, "the robots file cannot be written"), locked(file.parent):
        before = read_text(file, "the robots file") if file.exists() else ""
        create(file, edit(before).encode(), SECRET_MODE, replace=True)
