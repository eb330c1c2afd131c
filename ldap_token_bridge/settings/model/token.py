"""`token`: the tokens, the keys that sign them, and refresh tokens."""

from typing import Annotated

from ldap_token_bridge.settings.types import Line, whole_seconds
from ldap_token_bridge.yamlfile import FilePath, Model

from .setting import setting

# registries' clients take a token to live at least this long (distribution, docs/content/spec/auth/token.md).
_SHORTEST_LIFETIME = 60
_LONGEST_LIFETIME = 86_400
_LONGEST_REFRESH = 365 * 86_400


class Refresh(Model):
    """`token.refresh`."""

    enabled: bool = setting(
        "Give clients that ask for it a refresh token, which takes the place of the password.", False
    )
    lifetime: Annotated[
        int,
        *whole_seconds(3600, _LONGEST_REFRESH, "people log in again after that; revocations are kept for a year"),
    ] = setting("How long a refresh token is good after the login; whole seconds.", "30d")
    key_file: FilePath | None = setting(
        "File of the keys that seal refresh tokens; `keys refresh-key` makes it. Required with `enabled`; the same for"
        " all replicas.",
        None,
        example="secrets/refresh-keys",
    )
    revocations: FilePath = setting(
        "File of the refresh tokens that were called back; `token revoke` writes it, bridges read it within seconds.",
        "revoked.json",
    )
    same_client: bool = setting(
        "Take a refresh token only from a client of the name to which it was issued. Clients say their names"
        " themselves, so it keeps no thief out; and docker's own parts have different ones.",
        False,
    )


class Token(Model):
    """`token`."""

    issuer: Line = setting(
        "The tokens' issuer; exactly `auth.token.issuer` of the registry.", example="bridge.corp.example.com"
    )
    services: tuple[Line, ...] = setting(
        "The registries' `auth.token.service` names, to which tokens may be issued.",
        example=("registry.corp.example.com",),
    )
    keys_dir: FilePath = setting("Folder of the signing keys; `keys new` makes one.", example="keys")
    lifetime: Annotated[
        int, *whole_seconds(_SHORTEST_LIFETIME, _LONGEST_LIFETIME, "clients take a token to live at least 60 s")
    ] = setting("How long a token is good; whole seconds.", "15m")
    x5c: bool = setting(
        "Put the certificate into the token. Turn it off only for registries that know keys by JWKS alone.", True
    )
    issued_at: bool = setting(
        "Tell clients when the token was made, beside how long it lives. Some then go by their own clock: where that is"
        " wrong, they drop good tokens or keep bad ones.",
        False,
    )
    refresh: Refresh = setting("Refresh tokens.", {})
    ed25519: bool = setting(
        "Take Ed25519 keys too. Only if every registry is 3.x: a registry 2.x does not start with such a certificate in"
        " its bundle.",
        False,
    )
