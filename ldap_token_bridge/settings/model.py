"""bridge.yaml as a model: every key with its type, its default and its meaning.

docs/settings.md and config/bridge.schema.json are generated from here. A key stands here only if it does something.
"""

from typing import Annotated, Literal

from ldap_token_bridge.directory import GroupStrategy, Kind
from ldap_token_bridge.yamlfile import FilePath, Model

from .types import (
    Attribute,
    BindName,
    CacheTime,
    Dn,
    DomainName,
    Filter,
    Line,
    Listen,
    Message,
    Password,
    ProxyNetwork,
    ServerUrl,
    SiteName,
    TlsVersion,
    setting,
    span,
    whole,
    whole_seconds,
)

# docker gives up after 15 seconds; the answer has to get there too.
_LONGEST_REQUEST = 14.0
# registries' clients take a token to live at least this long (distribution, docs/content/spec/auth/token.md).
_SHORTEST_LIFETIME = 60
_LONGEST_LIFETIME = 86_400


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
        float, *span(0.5, _LONGEST_REQUEST, "docker gives up after 15 s, and the answer must reach it before")
    ] = setting("No request takes longer; docker gives up after 15 s.", "8s")


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


class Users(Model):
    """`directory.users`."""

    base: Dn | None = setting(
        "Where people are searched for. Default: `directory.base`; with `freeipa`, `cn=users,cn=accounts` below it.",
        None,
    )
    login: tuple[Attribute, ...] | None = setting("Attributes that a typed login name is held against.", None)
    account: Attribute | None = setting("The attribute that is the canonical account name, in policy and token.", None)
    filter: Filter | None = setting("Only entries that it matches are people.", None)


class Groups(Model):
    """`directory.groups`."""

    base: Dn | None = setting(
        "Where groups are searched for. Default: `directory.base`; with `freeipa`, `cn=groups,cn=accounts` below it.",
        None,
    )
    strategy: GroupStrategy = setting(
        "How someone's groups are found; `auto` takes what fits the directory. `token-groups` and `in-chain` are Active"
        " Directory's.",
        "auto",
    )
    nested: bool = setting("Whether a group's groups count too.", True)
    max_depth: Annotated[int, *whole(1, 100)] = setting("How many steps from group to group are followed.", 32)
    max_groups: Annotated[int, *whole(1, 100_000)] = setting("With more groups than this a login is refused.", 5000)


class DirectoryTls(Model):
    """`directory.tls`."""

    start_tls: bool = setting("Turn `ldap://` connections into TLS before anything is sent.", False)
    ca_file: FilePath | None = setting(
        "PEM file: the authorities that may sign the servers' certificates. Default: the system's.", None
    )
    minimum: TlsVersion = setting("The oldest version of TLS that is spoken.", "1.2")
    certificate: FilePath | None = setting("PEM file: the certificate that the bridge shows to the servers.", None)
    key: FilePath | None = setting("PEM file: the private key of that certificate.", None)
    allow_plaintext: bool = setting("Send passwords over `ldap://` without TLS. For tests on one machine alone.", False)


class Timeouts(Model):
    """`directory.timeouts`."""

    connect: Annotated[float, *span(0.05, _LONGEST_REQUEST)] = setting(
        "Until a connection to one server stands, TLS included.", "1.5s"
    )
    operation: Annotated[float, *span(0.05, _LONGEST_REQUEST)] = setting("Until one search or bind is answered.", "2s")


class Connections(Model):
    """`directory.connections`."""

    search: Annotated[int, *whole(1, 16)] = setting("Connections to each server for searches.", 2)
    bind: Annotated[int, *whole(1, 256)] = setting("Connections to each server that check passwords.", 8)


class Directory(Model):
    """`directory`."""

    kind: Kind = setting("The kind of directory; decides defaults below.", example="active-directory")
    servers: tuple[ServerUrl, ...] | None = setting(
        "The servers, in order of preference: `ldaps://host[:636]` or `ldap://host[:389]`. Either this or `domain`.",
        None,
        example=("ldaps://dc1.corp.example.com",),
    )
    domain: DomainName | None = setting(
        "In place of `servers`: find them by DNS, in the SRV records of `_ldap._tcp.DOMAIN`.",
        None,
        example="corp.example.com",
    )
    site: SiteName | None = setting(
        "With `domain`: the Active Directory site whose servers are tried first.", None, example="Headquarters"
    )
    base: Dn = setting("The top of the tree that holds people and groups.", example="DC=corp,DC=example,DC=com")
    bind_dn: BindName | None = setting(
        "The service account: its DN, or `user@domain` in Active Directory. Without it the bridge signs in by"
        " `tls.certificate` (SASL EXTERNAL).",
        None,
        example="CN=svc-registry,OU=Service,DC=corp,DC=example,DC=com",
    )
    bind_password: Password | None = setting(
        "The service account's password. Better in `bind_password_file` or the environment.", None
    )
    bind_password_file: FilePath | None = setting(
        "File with the service account's password; one line break at its end is not part of it.", None
    )
    users: Users = setting("How people are found.", {})
    groups: Groups = setting("How groups are found.", {})
    tls: DirectoryTls = setting("How connections to the directory are protected.", {})
    timeouts: Timeouts = setting("How long one step may take.", {})
    connections: Connections = setting("How many connections are kept.", {})


class Policy(Model):
    """`policy`, also written as the path alone."""

    path: FilePath = setting("The policy file, or a folder whose `*.yaml` are joined.", example="policy.yaml")


class Cache(Model):
    """`cache`."""

    credentials: CacheTime = setting(
        "How long a right password is remembered, as a keyed hash in memory; `off`: never.", "60s"
    )
    groups: CacheTime = setting("How long someone's groups and account state are remembered; `off`: never.", "5m")
    rejected: CacheTime = setting(
        "How long a wrong password is remembered, so that clients' retries lock nobody out; `off`: never.", "60s"
    )
    max_accounts: Annotated[int, *whole(1, 10_000_000)] = setting("How many accounts are remembered at most.", 100_000)
    stale_if_down: Literal["off"] = setting("Whether to go on from the cache when no directory answers.", "off")
    shared: Literal["none"] = setting("A store that several bridges share.", "none")


_BUILT_IN = "Default: the built-in text."


class Messages(Model):
    """`messages`: what people see in their terminal."""

    wrong_credentials: Message | None = setting(
        f"Wrong password or unknown user. {_BUILT_IN}", None, alias="wrong-credentials"
    )
    no_credentials: Message | None = setting(f"Nobody signed in. {_BUILT_IN}", None, alias="no-credentials")
    password_expired: Message | None = setting(f"The password has expired. {_BUILT_IN}", None, alias="password-expired")
    must_change_password: Message | None = setting(
        f"The password must be changed before it can be used. {_BUILT_IN}", None, alias="must-change-password"
    )
    account_locked: Message | None = setting(f"The account is locked. {_BUILT_IN}", None, alias="account-locked")
    account_disabled: Message | None = setting(f"The account is disabled. {_BUILT_IN}", None, alias="account-disabled")
    account_expired: Message | None = setting(f"The account has expired. {_BUILT_IN}", None, alias="account-expired")
    outside_hours: Message | None = setting(f"Not allowed at this hour. {_BUILT_IN}", None, alias="outside-hours")
    wrong_workstation: Message | None = setting(
        f"Not allowed from this workstation. {_BUILT_IN}", None, alias="wrong-workstation"
    )
    not_available: Message | None = setting(f"The bridge itself failed. {_BUILT_IN}", None, alias="not-available")
    directory_down: Message | None = setting(f"No directory server answers. {_BUILT_IN}", None, alias="directory-down")


class Logging(Model):
    """`logging`."""

    format: Literal["json", "text"] = setting("`json` for machines, `text` for people.", "json")
    level: Literal["debug", "info", "warning", "error"] = setting("The least level that is logged.", "info")


class BridgeFile(Model):
    """The whole file."""

    server: Server = setting("Where and how the bridge listens.", {})
    token: Token = setting("The tokens and the keys that sign them.")
    directory: Directory = setting("The directory that people are looked up in.")
    policy: Policy = setting("Who may do what: the path of the policy.")
    cache: Cache = setting("What is remembered between requests.", {})
    messages: Messages = setting("What people see when a login is refused.", {})
    logging: Logging = setting("The log.", {})
