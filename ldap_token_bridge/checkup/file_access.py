"""Files that anyone on the machine may read or change, and should not.

The group of a file is not looked at: in Kubernetes it is how a Pod that is not root reads its files (`fsGroup`). Keys
that the bridge makes are judged where they are read.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from ldap_token_bridge.settings import Settings
from ldap_token_bridge.whole_files import ANYONE_READS, ANYONE_WRITES, lets_anyone

from .item import Grade, Item

_TOPIC = "files"


def access_items(config: Path, settings: Settings) -> Iterator[Item]:
    """A warning for each secret that anyone may read or change, and each file to go by that anyone may change."""
    for key, path in _secrets(settings):
        if path and lets_anyone(path, ANYONE_READS | ANYONE_WRITES):
            what = f"{path}: anyone on this machine may read or change this secret"
            yield Item(_TOPIC, Grade.WARNING, what, settings.place(*key), f"chmod o-rwx {path}")
    folders: dict[Path, tuple[str, ...]] = {}
    for key, path in _to_go_by(config, settings):
        folders.setdefault(path.parent, key)
        if lets_anyone(path, ANYONE_WRITES):
            what = f"{path}: anyone on this machine may change it, and the bridge goes by it"
            yield Item(_TOPIC, Grade.WARNING, what, settings.place(*key), f"chmod o-w {path}")
    for folder, key in folders.items():
        if lets_anyone(folder, ANYONE_WRITES) and not folder.stat().st_mode & stat.S_ISVTX:
            what = f"{folder}: anyone on this machine may put another file in place of what the bridge goes by"
            yield Item(_TOPIC, Grade.WARNING, what, settings.place(*key), f"chmod o-w {folder}")


def _secrets(settings: Settings) -> Iterator[tuple[tuple[str, ...], Path | None]]:
    """With the key of each, as in bridge.yaml."""
    yield ("directory", "bind_password_file"), settings.directory.bind_password_file
    yield ("directory", "tls", "key"), settings.directory.tls.key
    yield ("server", "tls", "key"), settings.server.tls.key if settings.server.tls else None
    yield ("cache", "shared_password_file"), settings.cache.shared_password_file
    yield ("cache", "shared_tls", "key"), settings.cache.shared_tls.key


def _to_go_by(config: Path, settings: Settings) -> Iterator[tuple[tuple[str, ...], Path]]:
    """With the key of each; a policy may be a folder."""
    yield (), config
    policy = settings.policy.path
    for path in (policy, *sorted(policy.glob("*.yaml"))):
        yield ("policy", "path"), path
    if settings.robots:
        yield ("robots",), settings.robots
    if settings.token.refresh.enabled:
        yield ("token", "refresh", "revocations"), settings.token.refresh.revocations
