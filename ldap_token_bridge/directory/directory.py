"""The three questions a login asks a directory: who is this, is the password right, which groups."""

import secrets
import time
from collections.abc import Callable

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.dn import DistinguishedName
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group, Refusal, Secret
from ldap_token_bridge.ldap import BindResult, FilterTemplate, LdapClient, SearchFailed, SearchRequest, SearchScope

from .groups import GroupReader
from .kinds import DirectoryOptions
from .login_name import LoginName
from .person import Person, attributes, read_person
from .reasons import refusal_of

# Two entries prove that a name is ambiguous; more need not be sent.
_AMBIGUOUS = 2
_NO_SUCH_OBJECT = 32


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
        alternatives = "".join(f"({attribute}={{login}})" for attribute in options.login)
        self._by_login = FilterTemplate.compile(f"(&{options.user_filter}(|{alternatives}))")
        self._by_account = FilterTemplate.compile(f"(&{options.user_filter}({options.account}={{login}}))")
        self._by_principal = FilterTemplate.compile(
            f"(&{options.user_filter}(|{alternatives}({options.account}={{local}})))"
        )

    async def find(self, login: LoginName, deadline: Deadline) -> Person | None:
        """The one person whom a name stands for; None if there is none, or more than one."""
        filter_ = await self._filter_for(login, deadline)
        if filter_ is None:
            return None
        request = SearchRequest(
            self._options.user_base, SearchScope.SUBTREE, filter_, self._attributes, size_limit=_AMBIGUOUS
        )
        entries = await self._client.search(request, deadline)
        return read_person(entries[0], self._options, self._now) if len(entries) == 1 else None

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
        return self._by_login.fill(login=name)

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
        return any(base.is_below(DistinguishedName.parse(entry.text("nCName"))) for entry in entries)


_BY_NETBIOS_NAME = FilterTemplate.compile("(nETBIOSName={name})")
