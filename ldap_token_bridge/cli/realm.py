"""The realm: the address at which clients reach the bridge. Only people know it."""

import re
from urllib.parse import urlsplit

import click

from ldap_token_bridge.listen_address import is_loopback
from ldap_token_bridge.settings import Settings

_PATHS = ("/token", "/auth", "/auth/token")
_HOST_NAME = re.compile(
    r"(?=.*[a-z])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE
)
_PLACEHOLDER = "bridge.example.com"


def realm_of(given: str | None, settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The realm to print, and warnings about it; raises click.UsageError for what is no address."""
    if given is not None:
        return given, tuple(_complaints(given))
    issuer, listen = settings.token.issuer, settings.server.listen
    known = _HOST_NAME.fullmatch(issuer)
    realm = f"https://{issuer if known else _PLACEHOLDER}/token"
    origin = "token.issuer" if known else "nothing in the settings, it is a placeholder"
    warning = (
        f"the bridge listens on {listen} and cannot know under which address clients reach it. The realm {realm} is "
        f"made from {origin}. Say it: --realm https://HOST/token"
    )
    return realm, (warning,)


def _complaints(realm: str) -> list[str]:
    try:
        parts = urlsplit(realm)
        parts.port  # noqa: B018 -- raises for a port that is none
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not realm.isprintable() or " " in realm:
        raise click.BadParameter("is no address such as https://bridge.corp.example.com/token", param_hint="--realm")
    if parts.query or parts.fragment or parts.username is not None:
        raise click.BadParameter("must have no user, no ? and no #: clients add their own query", param_hint="--realm")
    found = []
    if parts.path.rstrip("/") not in _PATHS:
        found.append(
            f"the bridge answers on {', '.join(_PATHS)}; the realm's path is {parts.path or 'empty'}. "
            "Unless a proxy rewrites it, clients find nothing there."
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        found.append("passwords travel to this realm in the clear. Use https://")
    return found
