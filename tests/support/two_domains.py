"""A forest of two Active Directory domains: a global catalog and a domain controller of each, from tables.

Samba makes no second domain in one forest, so these are demo directories, which speak LDAP and read filters. What the
catalog leaves out is left out here: the state of accounts and tokenGroups.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.demo.directory import SampleDirectory
from ldap_token_bridge.demo.people import Condition
from ldap_token_bridge.demo.tree import BindAccount, Entry, Tree
from ldap_token_bridge.directory import (
    Authenticator,
    CacheTimes,
    Directory,
    DirectoryOptions,
    GroupMemory,
    Login,
    Sighting,
    defaults_for,
    open_directory,
    parse_login_name,
)
from ldap_token_bridge.directory.sid import sid_bytes
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.ldap import LdapClient, LdapOptions

from . import canaries
from .ldap_room import Log, options_for

CORP, EMEA, ASIA = "corp.example.com", "emea.corp.example.com", "asia.corp.example.com"
SID = {CORP: "S-1-5-21-1-1-1", EMEA: "S-1-5-21-2-2-2", ASIA: "S-1-5-21-3-3-3"}
BUILTIN_USERS = "S-1-5-32-545"
SERVICE = "svc-registry@corp.example.com"
_ONLY_AT_HOME = frozenset(("tokengroups", "pwdlastset", "msds-user-account-control-computed", "accountexpires"))
_AD = defaults_for("active-directory")


def base(domain: str) -> str:
    """The top of a domain's tree."""
    return ",".join(f"DC={label}" for label in domain.split("."))


def dn(name: str, domain: str) -> str:
    """Where a person or a group of the domain stands."""
    return f"CN={name},OU=Things,{base(domain)}"


def principal(name: str, domain: str) -> str:
    """A userPrincipalName; what `canaries` keeps the person's password under, too."""
    return f"{name}@{domain}"


def person(name: str, domain: str, number: int, groups: list[str], **more: list[Any]) -> Entry:
    """Someone in these groups, by SID, beside those that all are in."""
    own = dn(name, domain)
    usual: dict[str, list[Any]] = {
        "objectClass": ["top", "person", "user"],
        "objectCategory": [f"CN=Person,CN=Schema,CN=Configuration,{base(CORP)}"],
        "sAMAccountName": [name],
        "userPrincipalName": [principal(name, domain)],
        "objectGUID": [uuid.uuid5(uuid.NAMESPACE_X500, own).bytes_le],
        "objectSid": [sid_bytes(f"{SID[domain]}-{number}")],
        "primaryGroupID": [513],
        "userAccountControl": [512],
        "pwdLastSet": [133_500_000_000_000_000],
        "tokenGroups": [sid_bytes(sid) for sid in (f"{SID[domain]}-513", BUILTIN_USERS, *groups)],
    }
    return Entry.of(own, usual | more)


def group(name: str, domain: str, sid: str) -> Entry:
    """A group."""
    own = dn(name, domain)
    return Entry.of(own, {"objectClass": ["top", "group"], "distinguishedName": [own], "objectSid": [sid_bytes(sid)]})


def _common(domain: str) -> Iterator[Entry]:
    yield Entry.of(base(domain), {"objectClass": ["top", "domain"]})
    yield group("Domain Users", domain, f"{SID[domain]}-513")
    yield group("Users", domain, BUILTIN_USERS)


PLATFORM, LOCAL = f"{SID[CORP]}-1200", f"{SID[EMEA]}-1300"


def usual() -> dict[str, list[Entry]]:
    """Bob and alice in one domain, another alice and eve in the other, akira in one that is not served.

    eve is in `Platform` of the other domain and in `Local` of her own.
    """
    return {
        CORP: [
            *_common(CORP),
            group("Platform", CORP, PLATFORM),
            person("alice", CORP, 1101, []),
            person("bob", CORP, 1102, [PLATFORM]),
        ],
        EMEA: [
            *_common(EMEA),
            group("Local", EMEA, LOCAL),
            person("alice", EMEA, 1101, []),
            person("eve", EMEA, 1102, [PLATFORM, LOCAL]),
        ],
        ASIA: [*_common(ASIA), person("akira", ASIA, 1101, [])],
    }


def _partitions() -> Iterator[Entry]:
    top = f"CN=Partitions,CN=Configuration,{base(CORP)}"
    yield Entry.of(top, {"objectClass": ["crossRefContainer"]})
    for domain, name in ((CORP, "HQ"), (EMEA, "EUROPE"), (ASIA, "ASIA")):
        yield Entry.of(f"CN={name},{top}", {"nETBIOSName": [name], "nCName": [base(domain)]})


def _in_catalog(entry: Entry) -> Entry:
    kept = {name: value for name, value in entry.attributes.items() if name not in _ONLY_AT_HOME}
    return replace(entry, attributes=kept)


@dataclass
class ForestRoom:
    """The rooms `ldap` and `directory` before the forest. `servers` names each server's role by its address."""

    directory: Directory
    client: LdapClient
    authenticator: Authenticator
    log: Log
    options: LdapOptions
    servers: dict[str, str] = field(default_factory=dict)

    async def login(self, typed: str, of: str, password: str = "") -> Login:
        """As `typed`, with the password of the person whose principal is `of`."""
        secret = Secret((password or canaries.password(of)).encode())
        return await self.authenticator.login(Credentials(typed, secret), Deadline.after(20))

    async def look(self, typed: str) -> Sighting:
        """Whom a typed name stands for."""
        name = parse_login_name(typed)
        assert name is not None
        return await self.directory.look(name, Deadline.after(20))

    def asked(self) -> list[tuple[str, str]]:
        """What was asked of whom since the last look, without connecting."""
        steps = [(operation, self.servers[server]) for operation, server, _ in self.log.steps if operation != "connect"]
        self.log.steps.clear()
        return steps


@asynccontextmanager
async def forest(
    homes: dict[str, list[Entry]] | None = None, catalog: list[Entry] | None = None, **changes: Any
) -> AsyncIterator[ForestRoom]:
    """Serves CORP and EMEA; `catalog` holds the entries of every domain, unless others are given."""
    homes = homes or usual()
    found = [_in_catalog(entry) for entries in homes.values() for entry in entries] if catalog is None else catalog
    service = BindAccount(SERVICE, Secret(canaries.password(SERVICE).encode()), Condition.WELL)
    logins = {SERVICE: service}
    for domain, entries in homes.items():
        for each in entries:
            name = each.values("sAMAccountName")
            if name:
                secret = Secret(canaries.password(principal(name[0].decode(), domain)).encode())
                logins[each.dn.lower()] = BindAccount(each.dn, secret, Condition.WELL)
    trees = {"catalog": Tree([*found, *_partitions()], {SERVICE: service})}
    trees |= {domain: Tree(homes[domain], logins) for domain in (CORP, EMEA)}
    directories = {role: SampleDirectory(tree) for role, tree in trees.items()}
    urls = {role: f"ldap://127.0.0.1:{await directory.start()}" for role, directory in directories.items()}
    secret = Secret(canaries.password(SERVICE).encode())
    options = {
        role: options_for(url, allow_plaintext=True, bind_dn=SERVICE, bind_password=secret, operation_timeout=10.0)
        for role, url in urls.items()
    }
    whole = replace(options["catalog"], domains={domain: options[domain] for domain in (CORP, EMEA)})
    top = base(CORP)
    described = DirectoryOptions(
        "active-directory", top, top, top, _AD.login, _AD.account, _AD.user_filter, _AD.strategy, True, 32, 5000
    )
    log = Log()
    client = LdapClient(whole, log)
    directory = open_directory(client, replace(described, **changes), GroupMemory(1000, 60))
    authenticator = Authenticator(directory, CacheTimes(credentials=0, groups=0, rejected=0, max_accounts=10))
    try:
        yield ForestRoom(directory, client, authenticator, log, whole, {url: role for role, url in urls.items()})
    finally:
        await authenticator.close()
        await client.close()
        for server in directories.values():
            await server.stop()
