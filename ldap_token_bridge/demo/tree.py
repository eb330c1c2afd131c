"""The sample directory's entries, with the attributes that Active Directory computes.

Shapes after Microsoft, [MS-ADTS] 3.1.1.4.5 (constructed attributes) and [MS-DTYP] 2.4.2.2 (binary SID).
"""

import hmac
import uuid
from collections.abc import Iterable, Mapping

from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.values import dataclass

from .people import (
    BASE,
    DOMAIN,
    DOMAIN_SID,
    DOMAIN_USERS,
    GROUPS,
    NETBIOS_NAME,
    PEOPLE,
    SERVICE_DN,
    Condition,
    SampleGroup,
    SamplePerson,
)

Values = tuple[bytes, ...]

_SCHEMA = f"CN=Schema,CN=Configuration,{BASE}"
_NEVER = 0x7FFFFFFFFFFFFFFF  # accountExpires of an account that does not expire
_A_DAY_IN_2024 = 133_500_000_000_000_000  # 100 ns since 1601
# userAccountControl and msDS-User-Account-Control-Computed: [MS-ADTS] 2.2.16.
_NORMAL_ACCOUNT, _ACCOUNT_DISABLED, _LOCKED_OUT, _PASSWORD_EXPIRED = 0x200, 0x2, 0x10, 0x800000
_GLOBAL_SECURITY_GROUP = -2147483646  # groupType: [MS-ADTS] 2.2.12


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its attributes by lower-case name, each as (name as spelt, values)."""

    dn: str
    attributes: Mapping[str, tuple[str, Values]]

    @classmethod
    def of(cls, dn: str, attributes: Mapping[str, Iterable[bytes | str | int]]) -> "Entry":
        """Text as UTF-8, numbers as decimal text, bytes as they are; attributes without a value are left out."""
        encoded = {name: tuple(_encode(value) for value in values) for name, values in attributes.items()}
        return cls(dn, {name.lower(): (name, values) for name, values in encoded.items() if values})

    def values(self, attribute: str) -> Values:
        """The values of an attribute, empty if there are none."""
        return self.attributes.get(attribute.lower(), ("", ()))[1]


@dataclass(frozen=True, slots=True)
class BindAccount:
    """What a bind is checked against."""

    dn: str
    password: Secret
    condition: Condition

    def accepts(self, password: Secret) -> bool:
        """Whether that is the password; compared in constant time."""
        return hmac.compare_digest(password.reveal(), self.password.reveal())


class Tree:
    """All entries by distinguished name, and the names that an account may bind with."""

    def __init__(self, entries: Iterable[Entry], logins: Mapping[str, BindAccount]) -> None:
        self._entries = {DistinguishedName.parse(entry.dn): entry for entry in entries}
        self._logins = logins

    def find(self, name: DistinguishedName) -> Entry | None:
        """The entry at a name."""
        return self._entries.get(name)

    def below(self, base: DistinguishedName, *, levels: int | None) -> list[Entry]:
        """Entries exactly `levels` below `base`; with None, `base` itself and everything below it."""
        return [
            entry
            for name, entry in self._entries.items()
            if name.is_below(base) and (levels is None or len(name.rdns) - len(base.rdns) == levels)
        ]

    def account(self, name: str) -> BindAccount | None:
        """Whom a bind name means ([MS-ADTS] 5.1.1.1.1): a DN, a userPrincipalName, or domain, backslash and account."""
        found = self._logins.get(name.lower())
        if found:
            return found
        try:
            entry = self.find(DistinguishedName.parse(name))
        except InvalidName:
            return None
        return self._logins.get(entry.dn.lower()) if entry else None


def sid_bytes(text: str) -> bytes:
    """A security identifier such as S-1-5-32-545 in its binary form."""
    revision, authority, *parts = (int(part) for part in text.removeprefix("S-").split("-"))
    head = bytes([revision, len(parts)]) + authority.to_bytes(6, "big")
    return head + b"".join(part.to_bytes(4, "little") for part in parts)


def sample_tree(service_password: Secret) -> Tree:
    """The whole sample domain. Only the service account's password differs from start to start."""
    entries = [*_containers(), *(_group_entry(group) for group in GROUPS), *(_person_entry(who) for who in PEOPLE)]
    service = BindAccount(SERVICE_DN, service_password, Condition.WELL)
    entries.append(_user(SERVICE_DN, "svc-registry", "svc-registry", 1109, {}))
    logins = {SERVICE_DN.lower(): service}
    for who in PEOPLE:
        account = BindAccount(who.dn, Secret(who.password.encode()), who.condition)
        for name in (who.dn, f"{who.account}@{DOMAIN}", f"{NETBIOS_NAME}\\{who.account}"):
            logins[name.lower()] = account
    return Tree(entries, logins)


def _containers() -> Iterable[Entry]:
    yield Entry.of(
        BASE,
        {
            "objectClass": ["top", "domain", "domainDNS"],
            "distinguishedName": [BASE],
            "dc": ["corp"],
            "name": ["corp"],
            "objectSid": [sid_bytes(DOMAIN_SID)],
            "objectGUID": [_guid(BASE)],
        },
    )
    for rdn in ("OU=People", "OU=Groups", "OU=Registry", "OU=Service", "CN=Users", "CN=Builtin"):
        kind, _, name = rdn.partition("=")
        dn = f"{rdn},{BASE}"
        classes = ["top", "organizationalUnit" if kind == "OU" else "container"]
        common = {"objectClass": classes, "distinguishedName": [dn], "name": [name], kind.lower(): [name]}
        yield Entry.of(dn, {**common, "objectGUID": [_guid(dn)]})


def _person_entry(who: SamplePerson) -> Entry:
    first, _, last = who.name.partition(" ")
    primary = next(group for group in GROUPS if group.sid == f"{DOMAIN_SID}-{who.primary_group}")
    parents = _parents(who.account)
    condition = who.condition
    control = _NORMAL_ACCOUNT | (_ACCOUNT_DISABLED if condition is Condition.DISABLED else 0)
    computed = (_LOCKED_OUT if condition is Condition.LOCKED else 0) | (
        _PASSWORD_EXPIRED if condition in (Condition.EXPIRED_PASSWORD, Condition.MUST_CHANGE_PASSWORD) else 0
    )
    return _user(
        who.dn,
        who.name,
        who.account,
        who.relative_id,
        {
            "givenName": [first],
            "sn": [last],
            "displayName": [who.name],
            "userPrincipalName": [f"{who.account}@{DOMAIN}"],
            "mail": [f"{first}.{last}@{DOMAIN}".lower()],
            "primaryGroupID": [who.primary_group],
            "memberOf": [group.dn for group in parents],
            "tokenGroups": [sid_bytes(sid) for sid in _closure([primary, *parents])],
            "userAccountControl": [control],
            "msDS-User-Account-Control-Computed": [computed],
            "pwdLastSet": [0 if condition is Condition.MUST_CHANGE_PASSWORD else _A_DAY_IN_2024],
            "lockoutTime": [_A_DAY_IN_2024 if condition is Condition.LOCKED else 0],
        },
    )


def _user(
    dn: str, name: str, account: str, relative_id: int, attributes: Mapping[str, Iterable[bytes | str | int]]
) -> Entry:
    return Entry.of(
        dn,
        {
            "objectClass": ["top", "person", "organizationalPerson", "user"],
            "objectCategory": [f"CN=Person,{_SCHEMA}"],
            "distinguishedName": [dn],
            "cn": [name],
            "name": [name],
            "sAMAccountName": [account],
            "sAMAccountType": [0x30000000],
            "objectSid": [sid_bytes(f"{DOMAIN_SID}-{relative_id}")],
            "objectGUID": [_guid(dn)],
            "primaryGroupID": [DOMAIN_USERS],
            "userAccountControl": [_NORMAL_ACCOUNT],
            "accountExpires": [_NEVER],
            **attributes,
        },
    )


def _group_entry(group: SampleGroup) -> Entry:
    parents = _parents(group.name)
    return Entry.of(
        group.dn,
        {
            "objectClass": ["top", "group"],
            "objectCategory": [f"CN=Group,{_SCHEMA}"],
            "distinguishedName": [group.dn],
            "cn": [group.name],
            "name": [group.name],
            "sAMAccountName": [group.name],
            "groupType": [_GLOBAL_SECURITY_GROUP],
            "objectSid": [sid_bytes(group.sid)],
            "objectGUID": [_guid(group.dn)],
            # As in Active Directory, those whose primary group this is do not stand here.
            "member": [member.dn for member in (*PEOPLE, *GROUPS) if _key(member) in group.members],
            "memberOf": [parent.dn for parent in parents],
            "tokenGroups": [sid_bytes(sid) for sid in _closure(parents)],
        },
    )


def _key(member: SamplePerson | SampleGroup) -> str:
    return member.account if isinstance(member, SamplePerson) else member.name


def _parents(member: str) -> list[SampleGroup]:
    return [group for group in GROUPS if member in group.members]


def _closure(start: list[SampleGroup]) -> list[str]:
    """The SIDs of these groups and of all that they are in, directly or not."""
    found: dict[str, None] = {}
    waiting = list(start)
    while waiting:
        group = waiting.pop()
        if group.sid not in found:
            found[group.sid] = None
            waiting += _parents(group.name)
    return list(found)


def _guid(dn: str) -> bytes:
    return uuid.uuid5(uuid.NAMESPACE_X500, dn).bytes_le


def _encode(value: bytes | str | int) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
