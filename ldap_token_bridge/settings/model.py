"""bridge.yaml as a model: every key with its type, its default and its meaning.

docs/settings.md and config/bridge.schema.json are generated from here. A key stands here only if it does something.
"""

from typing import Annotated, Literal

from ldap_token_bridge.directory import GroupStrategy, Kind
from ldap_token_bridge.yamlfile import FilePath, Model

from .cache_model import Cache
from .types import (
    Attribute,
    BindName,
    Collector,
    Dn,
    DomainName,
    Domains,
    FailureBudget,
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
    span_or_off,
    whole,
    whole_seconds,
)
from .workload_model import WorkloadIssuer

# docker gives up after 15 seconds; the answer has to get there too.
_LONGEST_REQUEST = 14.0
# registries' clients take a token to live at least this long (distribution, docs/content/spec/auth/token.md).
_SHORTEST_LIFETIME = 60
_LONGEST_LIFETIME = 86_400
_LONGEST_REFRESH = 365 * 86_400


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
    global_catalog: tuple[ServerUrl, ...] | None = setting(
        "In place of `servers`: the global catalog of an Active Directory forest, `ldaps://host:3269`, where people of"
        " all `domains` are found.",
        None,
        example=("ldaps://dc1.corp.example.com:3269",),
    )
    domains: Domains | None = setting(
        "With `global_catalog`: the domains whose people may log in, by DNS name, and the servers of each, or `dns` to"
        " find them by its SRV records.",
        None,
        example={"emea.corp.example.com": ["ldaps://dc1.emea.corp.example.com"]},
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
    shadow: FilePath | None = setting(
        "A policy that is evaluated beside the one in force and decides nothing: differences are counted and audited.",
        None,
        example="next.yaml",
    )
    poll: Annotated[float, *span_or_off(0.5, 3600)] = setting(
        "How often policy, keys and the certificate of `server.tls` are looked at, and taken up when their content has"
        " changed; from `500ms` to `1h`, or `off`: on SIGHUP alone.",
        "2s",
    )


class Guard(Model):
    """`guard`."""

    account_failures: FailureBudget = setting(
        "How many wrong passwords for one account are passed on to the directory in how long; then one more, then none"
        " for twice the time. Keep it below the threshold at which your directory locks accounts. `off`: all are.",
        "3 per 15m",
    )
    address_failures: FailureBudget = setting(
        "How many logins from one address (IPv6: from one /64) may fail in how long; `off`: any number.", "100 per 1m"
    )


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
    wrong_network: Message | None = setting(
        f"Not allowed from this address: a robot. {_BUILT_IN}", None, alias="wrong-network"
    )
    robot_expired: Message | None = setting(f"The robot has expired. {_BUILT_IN}", None, alias="robot-expired")
    robot_revoked: Message | None = setting(f"The robot was revoked. {_BUILT_IN}", None, alias="robot-revoked")
    workload_refused: Message | None = setting(
        f"A token in place of a password is none of the issuer's. {_BUILT_IN}", None, alias="workload-refused"
    )
    workload_expired: Message | None = setting(
        f"A workload's token is over. {_BUILT_IN}", None, alias="workload-expired"
    )
    workload_not_yet_valid: Message | None = setting(
        f"A workload's token is not valid yet. {_BUILT_IN}", None, alias="workload-not-yet-valid"
    )
    workload_lives_too_long: Message | None = setting(
        f"A workload's token is good for longer than `max_lifetime`, or for ever. {_BUILT_IN}",
        None,
        alias="workload-lives-too-long",
    )
    workload_wrong_issuer: Message | None = setting(
        f"A workload's token names another issuer. {_BUILT_IN}", None, alias="workload-wrong-issuer"
    )
    workload_wrong_audience: Message | None = setting(
        f"A workload's token is for somebody else. {_BUILT_IN}", None, alias="workload-wrong-audience"
    )
    workload_no_subject: Message | None = setting(
        f"A workload's token fits none of `subjects`. {_BUILT_IN}", None, alias="workload-no-subject"
    )
    workload_ambiguous: Message | None = setting(
        f"A workload's token fits several of `subjects`. {_BUILT_IN}", None, alias="workload-ambiguous"
    )
    too_many_attempts: Message | None = setting(
        f"Too many wrong passwords for the account; `{{wait}}` is how long to wait. {_BUILT_IN}",
        None,
        alias="too-many-attempts",
    )
    too_many_from_address: Message | None = setting(
        f"Too many failed logins from the address; `{{wait}}` is how long to wait. {_BUILT_IN}",
        None,
        alias="too-many-from-address",
    )
    robots_busy: Message | None = setting(
        f"More robots log in at once than can be checked. {_BUILT_IN}", None, alias="robots-busy"
    )
    not_available: Message | None = setting(f"The bridge itself failed. {_BUILT_IN}", None, alias="not-available")
    refresh_refused: Message | None = setting(
        f"A refresh token is not taken any more. {_BUILT_IN}", None, alias="refresh-refused"
    )
    directory_down: Message | None = setting(f"No directory server answers. {_BUILT_IN}", None, alias="directory-down")


class Logging(Model):
    """`logging`."""

    format: Literal["json", "text"] = setting("`json` for machines, `text` for people.", "json")
    level: Literal["debug", "info", "warning", "error"] = setting("The least level that is logged.", "info")


class Tracing(Model):
    """`tracing`."""

    otlp_endpoint: Collector | None = setting(
        "The OpenTelemetry collector that spans are sent to, by OTLP over HTTP; needs"
        " `pip install 'ldap-token-bridge[otel]'`. Default: what `OTEL_EXPORTER_OTLP_ENDPOINT` says, else none.",
        None,
        example="http://127.0.0.1:4318",
    )


class BridgeFile(Model):
    """The whole file."""

    server: Server = setting("Where and how the bridge listens.", {})
    token: Token = setting("The tokens and the keys that sign them.")
    directory: Directory = setting("The directory that people are looked up in.")
    policy: Policy = setting("Who may do what: the path of the policy.")
    robots: FilePath | None = setting("The file of accounts for machines; `robot new` makes it.", None)
    workloads: dict[str, WorkloadIssuer] = setting(
        "Platforms whose jobs or pods log in with a token of that platform, as user `workload+NAME`: GitLab, GitHub,"
        " Kubernetes; see docs/workloads.md.",
        {},
    )
    cache: Cache = setting("What is remembered between requests.", {})
    guard: Guard = setting("How many failed logins are passed on, so that none locks an account.", {})
    messages: Messages = setting("What people see when a login is refused.", {})
    logging: Logging = setting("The log.", {})
    tracing: Tracing = setting("Spans of requests for OpenTelemetry ([operations.md](operations.md#traces)).", {})
