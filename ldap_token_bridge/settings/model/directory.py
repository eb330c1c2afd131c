"""`directory`: where people are looked up, and how."""

from typing import Annotated

from ldap_token_bridge.directory import GroupStrategy, Kind
from ldap_token_bridge.settings.types import (
    Attribute,
    BindName,
    Dn,
    DomainName,
    Domains,
    Filter,
    Password,
    ServerUrl,
    SiteName,
    TlsVersion,
    span,
    whole,
)
from ldap_token_bridge.yamlfile import FilePath, Model

from .server import LONGEST_REQUEST
from .setting import setting


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

    connect: Annotated[float, *span(0.05, LONGEST_REQUEST)] = setting(
        "Until a connection to one server stands, TLS included.", "1.5s"
    )
    operation: Annotated[float, *span(0.05, LONGEST_REQUEST)] = setting("Until one search or bind is answered.", "2s")


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
