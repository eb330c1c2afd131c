"""`server`: where the bridge listens, and for how long it works on a request."""

from typing import Annotated

from ldap_token_bridge.settings.types import Listen, ProxyNetwork, span
from ldap_token_bridge.yamlfile import FilePath, Model

from .setting import setting

# docker gives up after 15 seconds; the answer has to get there too.
LONGEST_REQUEST = 14.0


class ServerTls(Model):
    """`server.tls`."""

    certificate: FilePath = setting(
        "PEM file: the certificate, then its chain. Required within `server.tls`.", example="tls/bridge.pem"
    )
    key: FilePath = setting(
        "PEM file: the private key of the certificate. Required within `server.tls`.", example="tls/bridge.key"
    )


class Server(Model):
    """`server`."""

    listen: Listen = setting("Where clients ask for tokens: `host:port`, `[v6]:port` or `unix:/path`.", "0.0.0.0:5001")
    admin_listen: Listen = setting(
        "Where metrics and readiness in detail are served; keep it from the public.", "127.0.0.1:5002"
    )
    tls: ServerTls | None = setting("Serve HTTPS. Without it the bridge speaks plain HTTP, for a proxy in front.", None)
    trusted_proxies: tuple[ProxyNetwork, ...] = setting(
        "Networks of the proxies whose `X-Forwarded-For` is believed, for the real client address.", ()
    )
    request_deadline: Annotated[
        float, *span(0.5, LONGEST_REQUEST, "docker gives up after 15 s, and the answer must reach it before")
    ] = setting("No request takes longer; docker gives up after 15 s.", "8s")
