"""The three questions a login asks a directory: who is this, is the password right, which groups."""

import re
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.dn import DistinguishedName
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Group, Refusal, Secret
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
from ldap_token_bridge.values import dataclass

from .groups import GroupMemory, GroupReader
from .kinds import BindAnswer, DirectoryOptions, defaults_for
from .login_name import LoginName
from .person import Person, attributes, read_person
from .reasons import refusal_of

# Two entries prove that a name is ambiguous; more need not be sent.
_AMBIGUOUS = 2
_NO_SUCH_OBJECT = 32
_WITH_AT = frozenset(("mail", "userprincipalname"))
_FIRST_RDN = re.compile(r"([A-Za-z0-9.-]+)=(?:[^,\\]|\\.)*,(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Whom a name stands for: `person` as read from `entry`, or None with `rivals`, the DNs where it is ambiguous.

    `stranger` is the DN of an account in a domain that is not served.
    """

    person: Person | None
    entry: Entry | None = None
    rivals: tuple[str, ...] = ()
    stranger: str = ""


class Directory:
    """One directory, asked anew each time; remembers nothing of people."""

    _answers: tuple[BindAnswer, ...] = ()

    def __init__(
        self,
        client: LdapClient,
        options: DirectoryOptions,
        memory: GroupMemory,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`memory` is what is remembered of groups; `now` gives seconds since 1970."""
        self._client = client
        self._options = options
        self._now = now
        self._groups = GroupReader(client, options, memory)
        self._domains = ExpiringCache[str, bool](1000, 300.0)
        self._answers = defaults_for(options.kind).bind_answers
        self._attributes = attributes(options)
        # The domain sees to it that no two accounts share one ([MS-ADTS] 3.1.1.8.4).
        self._never_shared = options.kind == "active-directory" and options.account.lower() == "samaccountname"
        # Nobody stands beside the person who was found last, and is like them in all else.
        rdn = "CN" if options.kind == "active-directory" else options.account
        self._last = Person(Account("", f"{rdn}=x,{options.user_base}", ""), None, (), True, "")
        self._by_account = self._template((options.account,))
        # An address or principal has an "@". Held against one that has none, someone's own mail attribute would make
        # another's account name ambiguous.
        plain = tuple(name for name in options.login if name.lower() not in _WITH_AT) or options.login
        self._plain_is_account = [name.lower() for name in plain] == [options.account.lower()]
        self._by_plain_name = self._template(plain)
        self._by_address = self._template(options.login)
        self._by_principal = FilterTemplate.compile(
            f"(&{options.user_filter}(|{_any_of(options.login)}({options.account}={{local}})))"
        )

    def _template(self, attributes: tuple[str, ...]) -> FilterTemplate:
        clauses = _any_of(attributes)
        return FilterTemplate.compile(f"(&{self._options.user_filter}{f'(|{clauses})' if attributes[1:] else clauses})")

    async def find(self, login: LoginName, deadline: Deadline) -> Person | None:
        """The one person whom a name stands for; None if there is none, or more than one, which is logged."""
        sighting = await self.look(login, deadline)
        if sighting.rivals:  # someone is shut out by it
            log().warning("a login name stands for several entries, so it lets nobody in", entries=sighting.rivals)
        if sighting.stranger:
            log().warning(
                "an account's domain is not named in directory.domains, so it lets nobody in", entry=sighting.stranger
            )
        return sighting.person

    async def look(self, login: LoginName, deadline: Deadline, at_most: int = _AMBIGUOUS) -> Sighting:
        """Whom a name stands for; at most that many rivals. Asks as often for nobody's name as for someone's."""
        filter_, is_account = await self._filter_for(login, deadline)
        entries = await self._entries(filter_, at_most, deadline)
        entry = entries[0] if len(entries) == 1 else None
        person = read_person(entry, self._options, self._now) if entry else None
        if not is_account and not self._never_shared:
            # Found by mail, say: the account that the policy will see must be this person's alone.
            account = person.account.name if person else login.name
            sharing = await self._entries(self._by_account.fill(login=account.encode()), at_most, deadline)
            if person and len(sharing) != 1:
                entries, person = sharing, None
        if person is None:
            rivals = tuple(each.dn for each in entries)
            return Sighting(None, rivals=rivals if len(rivals) > 1 else ())
        self._last = person
        return Sighting(person, entry)

    async def find_account(self, name: str, deadline: Deadline) -> Person | None:
        """The one person whose account has this name, as the directory spells it; None if there is none or two."""
        entries = await self._entries(self._by_account.fill(login=name.encode()), _AMBIGUOUS, deadline)
        return read_person(entries[0], self._options, self._now) if len(entries) == 1 else None

    def _entries(
        self, filter_: bytes, at_most: int, deadline: Deadline
    ) -> Coroutine[object, object, tuple[Entry, ...]]:
        request = SearchRequest(
            self._options.user_base, SearchScope.SUBTREE, filter_, self._attributes, size_limit=at_most
        )
        return self._client.search(request, deadline)

    def verify(self, person: Person, password: Secret, deadline: Deadline) -> Coroutine[object, object, BindResult]:
        """Bind as the person, by the DN that was found and never by what was typed."""
        return self._client_of(person.account.dn).bind(person.account.dn, password, deadline)

    def nobody(self, login: LoginName) -> Person:
        """Someone to ask about in place of the person whom a name does not stand for.

        The DN looks like that of a real person to the server, and groups are looked for as those of one. The id is one
        for all forms of a name that would be one account's, and no real account has it.
        """
        stands = _FIRST_RDN.fullmatch(self._last.account.dn)
        attribute, parent = stands.groups() if stands else (self._options.account, self._options.user_base)
        local, at, domain = login.name.rpartition("@")
        if login.domain:
            is_ours, name = self._names_us(login.domain) or self._domains.get(login.domain.lower()), login.name
        else:
            is_ours, name = not at or self._is_dns_name(domain), local if at else login.name
        unique_id = f"?{name.lower() if is_ours else login.key}"
        account = Account("", f"{attribute}={secrets.token_hex(8)},{parent}", unique_id)
        date = "?" if self._last.password_date else ""  # told or not, as of those who exist
        return replace(self._last, account=account, state=None, password_date=date)

    async def decoy(self, nobody: Person, password: Secret, deadline: Deadline) -> None:
        """Bind as nobody, so that an unknown name costs what a wrong password costs. Sends no real password."""
        length = len(password.reveal())
        made_up = Secret(secrets.token_urlsafe(length)[:length].encode())
        await self._client_of(nobody.account.dn).bind(nobody.account.dn, made_up, deadline)

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group of a person; raises Unavailable rather than give a part."""
        return await self._groups_at(person.account.dn).groups_of(person, deadline)

    def groups_at_once(self, person: Person) -> tuple[Group, ...] | None:
        """The same, if nobody need be asked for it; else None. Raises Unavailable as `groups_of` may."""
        return self._groups_at(person.account.dn).groups_at_once(person)

    async def learn_groups(self, dns: Sequence[str], sids: Sequence[str], deadline: Deadline) -> None:
        """Reads groups that logins will ask for, ahead of the first one. Raises Unavailable; nothing depends on it."""
        await self._groups.learn(dns, sids, deadline)

    def refusal_of(self, person: Person, result: BindResult) -> Refusal | None:
        """Why a bind does not make a login, None if it does; Unavailable if the answer does not concern the account."""
        refusal = refusal_of(result, self._answers)
        if refusal is None and not result.ok:
            raise Unavailable(f"the directory answered a bind with result code {result.code}")
        # OpenLDAP answers "locked" for a lock by wrong passwords, by an administrator, and for an account that has
        # ended; the entry tells them apart.
        if refusal is Refusal.ACCOUNT_LOCKED and person.state:
            return person.state
        return refusal

    async def _filter_for(self, login: LoginName, deadline: Deadline) -> tuple[bytes, bool]:
        """The filter for a name, and whether it asks for the account and nothing else."""
        name = login.name.encode()
        if login.domain:
            # `CORP\alice` names the account and nothing else: not an address, not a principal. Another domain's
            # accounts are not ours: what is asked for in their place is nobody's name, whatever was typed.
            ours = await self._is_our_domain(login.domain, deadline)
            return self._by_account.fill(login=name if ours else secrets.token_hex(16).encode()), True
        local, at, domain = login.name.rpartition("@")
        if at and self._options.kind == "active-directory" and self._is_dns_name(domain):
            # Every account can log in as account@domain, whatever its userPrincipalName says ([MS-ADTS] 5.1.1.1.1).
            return self._by_principal.fill(login=name, local=local.encode()), False
        if at:
            return self._by_address.fill(login=name), False
        return self._by_plain_name.fill(login=name), self._plain_is_account

    def _dns_domain(self) -> str:
        rdns = DistinguishedName.parse(self._options.base).rdns
        return ".".join(value for rdn in rdns for attribute, value in rdn if attribute == "dc")

    def _client_of(self, dn: str) -> LdapClient:
        """Whom to ask about an account."""
        del dn
        return self._client

    def _groups_at(self, dn: str) -> GroupReader:
        """Who reads the groups of an account."""
        del dn
        return self._groups

    def _is_dns_name(self, domain: str) -> bool:
        return domain.lower() == self._dns_domain()

    def _names_us(self, domain: str) -> bool:
        """Whether this is the name of `base`'s domain, or its first part."""
        ours = self._dns_domain()
        return domain.lower() in (ours, ours.partition(".")[0])

    async def _is_our_domain(self, domain: str, deadline: Deadline) -> bool:
        if self._names_us(domain):
            return True
        name = domain.lower()
        if self._options.kind != "active-directory":
            return False
        known = self._domains.get(name)
        if known is None:
            known = await self._is_netbios_name(domain, deadline)
            self._domains.put(name, known)
        return known

    async def _is_netbios_name(self, domain: str, deadline: Deadline) -> bool:
        base = DistinguishedName.parse(self._options.base)
        contexts = await self._contexts_of(domain, deadline)
        return any(base.is_below(DistinguishedName.parse(name)) for name in contexts)

    async def _contexts_of(self, domain: str, deadline: Deadline) -> tuple[str, ...]:
        """Ask the partitions container which naming context a NetBIOS name stands for ([MS-ADTS] 6.1.1.2.1)."""
        forest = ",".join(part for part in self._options.base.split(",") if part.strip().lower().startswith("dc="))
        filter_ = _BY_NETBIOS_NAME.fill(name=domain.encode())
        request = SearchRequest(f"CN=Partitions,CN=Configuration,{forest}", SearchScope.ONE, filter_, ("nCName",))
        try:
            entries = await self._client.search(request, deadline)
        except SearchFailed as error:
            if error.code == _NO_SUCH_OBJECT:
                return ()  # a child domain's partitions stand in the forest's root; its own name is its first label
            raise
        return tuple(name for entry in entries if (name := entry.text("nCName")))


def _any_of(attributes: tuple[str, ...]) -> str:
    return "".join(f"({attribute}={{login}})" for attribute in attributes)


_BY_NETBIOS_NAME = FilterTemplate.compile("(nETBIOSName={name})")
