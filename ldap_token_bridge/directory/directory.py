"""The three questions a login asks a directory: who is this, is the password right, which groups."""

import secrets
import time
from collections.abc import Callable

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.dn import DistinguishedName
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group, Refusal, Secret
from ldap_token_bridge.ldap import (
    BindResult,
    Entry,
    FilterTemplate,
    LdapClient,
    SearchFailed,
    SearchRequest,
    SearchScope,
)
from ldap_token_bridge.observe import log

from .groups import GroupReader
from .kinds import DirectoryOptions
from .login_name import LoginName
from .person import Person, attributes, read_person
from .reasons import refusal_of

# Two entries prove that a name is ambiguous; more need not be sent.
_AMBIGUOUS = 2
_NO_SUCH_OBJECT = 32
_WITH_AT = frozenset(("mail", "userprincipalname"))


class Directory:
    """One directory, asked anew each time; remembers nothing of people."""

    def __init__(
        self,
        client: LdapClient,
        options: DirectoryOptions,
        names: ExpiringCache[str, str],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`names` keeps the DNs of SIDs; `now` gives seconds since 1970."""
        self._client = client
        self._options = options
        self._now = now
        self._groups = GroupReader(client, options, names)
        self._domains = ExpiringCache[str, bool](1000, 300.0)
        self._attributes = attributes(options)
        self._by_account = self._template((options.account,))
        # An address or principal has an "@". Held against one that has none, someone's own mail attribute would make
        # another's account name ambiguous.
        plain = tuple(name for name in options.login if name.lower() not in _WITH_AT) or options.login
        self._by_plain_name = self._template(plain)
        self._by_address = self._template(options.login)
        self._by_principal = FilterTemplate.compile(
            f"(&{options.user_filter}(|{_any_of(options.login)}({options.account}={{local}})))"
        )

    def _template(self, attributes: tuple[str, ...]) -> FilterTemplate:
        return FilterTemplate.compile(f"(&{self._options.user_filter}(|{_any_of(attributes)}))")

    async def find(self, login: LoginName, deadline: Deadline) -> Person | None:
        """The one person whom a name stands for; None if there is none, or more than one."""
        filter_ = await self._filter_for(login, deadline)
        entry = await self._only(filter_, deadline) if filter_ is not None else None
        if entry is None:
            return None
        person = read_person(entry, self._options, self._now)
        if self._is_unique(person, login):
            return person
        # Found by mail, say: the account that the policy will see must be this person's alone.
        return person if await self._only(self._by_account.fill(login=person.account.name.encode()), deadline) else None

    def _is_unique(self, person: Person, login: LoginName) -> bool:
        """Whether the first search has shown already that nobody else has this account."""
        if self._options.kind == "active-directory" and self._options.account.lower() == "samaccountname":
            return True  # the domain sees to that ([MS-ADTS] 3.1.1.8.4)
        return person.account.name.lower() == login.name.lower() and self._options.account in self._options.login

    async def _only(self, filter_: bytes, deadline: Deadline) -> Entry | None:
        """The one entry that matches; None for none and for several, which is logged: someone is shut out by it."""
        request = SearchRequest(
            self._options.user_base, SearchScope.SUBTREE, filter_, self._attributes, size_limit=_AMBIGUOUS
        )
        entries = await self._client.search(request, deadline)
        if len(entries) > 1:
            names = [entry.dn for entry in entries]
            log().warning("a login name stands for several entries, so it lets nobody in", entries=names)
        return entries[0] if len(entries) == 1 else None

    async def verify(self, person: Person, password: Secret, deadline: Deadline) -> BindResult:
        """Bind as the person, by the DN that was found and never by what was typed."""
        return await self._client.bind(person.account.dn, password, deadline)

    async def decoy(self, deadline: Deadline) -> None:
        """Bind as nobody, so that an unknown name costs what a wrong password costs. Sends no real password."""
        dn = f"CN=nobody-{secrets.token_hex(8)},{self._options.user_base}"
        await self._client.bind(dn, Secret(secrets.token_hex(16).encode()), deadline)

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group of a person; raises Unavailable rather than give a part."""
        return await self._groups.groups_of(person, deadline)

    @staticmethod
    def refusal_of(person: Person, result: BindResult) -> Refusal | None:
        """Why a bind does not make a login, None if it does; Unavailable if the answer does not concern the account."""
        refusal = refusal_of(result)
        if refusal is None and not result.ok:
            raise Unavailable(f"the directory answered a bind with result code {result.code}")
        # OpenLDAP answers "locked" for a lock by wrong passwords, by an administrator, and for an account that has
        # ended; the entry tells them apart.
        if refusal is Refusal.ACCOUNT_LOCKED and person.state:
            return person.state
        return refusal

    async def _filter_for(self, login: LoginName, deadline: Deadline) -> bytes | None:
        name = login.name.encode()
        if login.domain:
            # `CORP\alice` names the account and nothing else: not an address, not a principal.
            return self._by_account.fill(login=name) if await self._is_our_domain(login.domain, deadline) else None
        local, at, domain = login.name.rpartition("@")
        if at and self._options.kind == "active-directory" and domain.lower() == self._dns_domain():
            # Every account can log in as account@domain, whatever its userPrincipalName says ([MS-ADTS] 5.1.1.1.1).
            return self._by_principal.fill(login=name, local=local.encode())
        return (self._by_address if at else self._by_plain_name).fill(login=name)

    def _dns_domain(self) -> str:
        rdns = DistinguishedName.parse(self._options.base).rdns
        return ".".join(value for rdn in rdns for attribute, value in rdn if attribute == "dc")

    async def _is_our_domain(self, domain: str, deadline: Deadline) -> bool:
        ours = self._dns_domain()
        name = domain.lower()
        if name in (ours, ours.partition(".")[0]):
            return True
        if self._options.kind != "active-directory":
            return False
        known = self._domains.get(name)
        if known is None:
            known = await self._is_netbios_name(domain, deadline)
            self._domains.put(name, known)
        return known

    async def _is_netbios_name(self, domain: str, deadline: Deadline) -> bool:
        """Ask the partitions container which naming context a NetBIOS name stands for ([MS-ADTS] 6.1.1.2.1)."""
        base = DistinguishedName.parse(self._options.base)
        forest = ",".join(part for part in self._options.base.split(",") if part.strip().lower().startswith("dc="))
        filter_ = _BY_NETBIOS_NAME.fill(name=domain.encode())
        request = SearchRequest(f"CN=Partitions,CN=Configuration,{forest}", SearchScope.ONE, filter_, ("nCName",))
        try:
            entries = await self._client.search(request, deadline)
        except SearchFailed as error:
            if error.code == _NO_SUCH_OBJECT:
                return False  # a child domain's partitions stand in the forest's root; its own name is its first label
            raise
        contexts = [name for entry in entries if (name := entry.text("nCName"))]
        return any(base.is_below(DistinguishedName.parse(name)) for name in contexts)


def _any_of(attributes: tuple[str, ...]) -> str:
    return "".join(f"({attribute}={{login}})" for attribute in attributes)


_BY_NETBIOS_NAME = FilterTemplate.compile("(nETBIOSName={name})")
