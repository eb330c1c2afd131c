"""Several Active Directory domains of one forest: the global catalog finds people, their own domain answers for them.

The catalog holds every account of the forest, and a part of each. It lacks the state of accounts and the domain-local
groups of other domains ([MS-ADTS] section 3.1.1.1.8), and it lags behind. So it tells where someone stands, and that
nobody else goes by that name; the entry is read, the password tried and tokenGroups read in the domain that the DN ends
in.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import Entry, FilterTemplate, LdapClient, SearchFailed, SearchRequest, SearchScope
from ldap_token_bridge.values import dataclass

from .directory import Directory, Sighting
from .domain import base_of, domain_of
from .groups import GroupMemory, GroupReader, Reading, together
from .kinds import DirectoryOptions
from .login_name import LoginName
from .person import Person, read_person

_RIVALS = 2  # two entries prove that a name is ambiguous
# The same logon name in that many domains is taken for ambiguous, whichever of them is meant.
_NAMESAKES = 100
_NOT_THERE = frozenset((10, 32))  # RFC 4511: referral, noSuchObject


@dataclass(frozen=True, slots=True)
class _Domain:
    client: LdapClient
    groups: GroupReader


def open_directory(
    client: LdapClient, options: DirectoryOptions, memory: GroupMemory, now: Callable[[], float] = time.time
) -> Directory:
    """A directory; a forest if the client has servers for domains beside those of the global catalog."""
    kind = Forest if client.domains else Directory
    return kind(client, options, memory, now)


class Forest(Directory):
    """`client` reaches the global catalog, and the domains' own servers beside it."""

    def __init__(
        self, client: LdapClient, options: DirectoryOptions, memory: GroupMemory, now: Callable[[], float] = time.time
    ) -> None:
        """As a directory's; `options.base` is the root of the forest."""
        super().__init__(client, options, memory, now)
        catalog = Reading(client, options)
        self._homes = {
            name: _Domain(own, GroupReader(own, replace(options, base=base_of(name)), memory.apart(), catalog))
            for name, own in client.domains.items()
        }
        self._by_logon_name = self._template(("sAMAccountName",))
        self._anyone = FilterTemplate.compile(options.user_filter).fill()
        self._netbios_names = ExpiringCache[str, str](1000, 300.0)
        first = replace(self._last.account, dn=f"CN=x,CN=Users,{base_of(next(iter(self._homes)))}")
        self._last = replace(self._last, account=first)

    async def look(self, login: LoginName, deadline: Deadline, at_most: int = _RIVALS) -> Sighting:
        """Whom a name stands for in the whole forest, read in that account's own domain."""
        found = await self._candidates(login, deadline, at_most)
        if len(found) == 1 and domain_of(found[0].dn) not in self._homes:
            await self._confirm(None, login, deadline)
            return Sighting(None, stranger=found[0].dn)
        entry = found[0] if len(found) == 1 else None
        at_home, sharing = await self._confirm(entry, login, deadline)
        if entry is None or not at_home:
            rivals = tuple(each.dn for each in found)
            return Sighting(None, rivals=rivals if len(rivals) > 1 else ())
        if [self._id_of(each) for each in sharing] != [self._id_of(entry)]:
            # Someone else has the name that policy and token would show.
            return Sighting(None, rivals=tuple(dict.fromkeys((entry.dn, *(each.dn for each in sharing)))))
        self._last = self._read(entry, at_home[0])
        return Sighting(self._last, at_home[0])

    async def find_account(self, name: str, deadline: Deadline) -> Person | None:
        """The one person in the forest whose account has this name; None if there is none or two."""
        entries = await self._entries(self._by_account.fill(login=name.encode()), _RIVALS, deadline)
        if len(entries) != 1 or domain_of(entries[0].dn) not in self._homes:
            return None
        at_home = await self._at_home(entries[0].dn, deadline)
        return self._read(entries[0], at_home[0]) if at_home else None

    async def learn_groups(self, dns: Sequence[str], sids: Sequence[str], deadline: Deadline) -> None:
        """Reads groups that logins will ask for, ahead of the first one, for every domain. Raises Unavailable."""
        await together(home.groups.learn(dns, sids, deadline) for home in self._homes.values())

    async def _candidates(self, login: LoginName, deadline: Deadline, at_most: int) -> tuple[Entry, ...]:
        """The entries of the catalog that a typed name may stand for."""
        name = login.name.encode()
        local, at, domain = login.name.rpartition("@")
        if login.domain:
            return await self._in_domain(login.name, await self._domain_named(login.domain, deadline), deadline)
        if not at:
            return await self._entries(self._by_plain_name.fill(login=name), at_most, deadline)
        # Every account can log in as account@domain, whatever its userPrincipalName says ([MS-ADTS] 5.1.1.1.1).
        parts = await together(
            (
                self._entries(self._by_address.fill(login=name), at_most, deadline),
                self._in_domain(local, domain.lower(), deadline),
            )
        )
        return tuple({each.dn: each for part in parts for each in part}.values())

    async def _in_domain(self, name: str, domain: str, deadline: Deadline) -> tuple[Entry, ...]:
        """The account of that name in that domain; for a domain that is not served nobody's name is searched for."""
        typed = name if domain in self._homes else secrets.token_hex(16)
        entries = await self._entries(self._by_logon_name.fill(login=typed.encode()), _NAMESAKES, deadline)
        if len(entries) == _NAMESAKES:
            return entries
        return tuple(each for each in entries if domain_of(each.dn) == domain)

    async def _domain_named(self, name: str, deadline: Deadline) -> str:
        """The DNS name of a served domain, by that or by its NetBIOS name; empty for any other."""
        lowered = name.lower()
        if lowered in self._homes:
            return lowered
        known = self._netbios_names.get(lowered)
        if known is None:
            contexts = await self._contexts_of(name, deadline)
            known = next((domain for domain in map(domain_of, contexts) if domain in self._homes), "")
            self._netbios_names.put(lowered, known)
        return known

    async def _confirm(self, entry: Entry | None, login: LoginName, deadline: Deadline) -> list[tuple[Entry, ...]]:
        """The entry in its own domain, and who has its account's name in the forest; as much is asked about nobody."""
        account = entry.first(self._options.account) if entry else login.name.encode()
        if not account:
            raise Unavailable(f"the global catalog does not hold {self._options.account} of every account")
        sharing = self._entries(self._by_account.fill(login=account), _RIVALS, deadline)
        dn = entry.dn if entry else self.nobody(login).account.dn
        return await together((self._at_home(dn, deadline), sharing))

    async def _at_home(self, dn: str, deadline: Deadline) -> tuple[Entry, ...]:
        """The entry as its own domain has it; none if it is not there."""
        request = SearchRequest(dn, SearchScope.BASE, self._anyone, self._attributes)
        try:
            return await self._client_of(dn).search(request, deadline)
        except SearchFailed as error:
            if error.code in _NOT_THERE:
                return ()
            raise

    def _read(self, entry: Entry, own: Entry) -> Person:
        """The person, if the catalog's `entry` and the domain's are of one mind about who it is."""
        person = read_person(own, self._options, self._now)
        if self._id_of(own) != self._id_of(entry) or entry.text(self._options.account) != person.account.name:
            raise Unavailable("the global catalog and the account's own domain do not agree yet", retry_after=30)
        return person

    def _id_of(self, entry: Entry) -> bytes:
        return entry.first(self._options.unique_id) or b""

    def _client_of(self, dn: str) -> LdapClient:
        return self._home_of(dn).client

    def _groups_at(self, dn: str) -> GroupReader:
        return self._home_of(dn).groups

    def _home_of(self, dn: str) -> _Domain:
        home = self._homes.get(domain_of(dn))
        if home is None:
            raise Unavailable(f"directory.domains does not name the domain of {dn}")
        return home

    def _is_dns_name(self, domain: str) -> bool:
        return domain.lower() in self._homes

    def _names_us(self, domain: str) -> bool:
        return domain.lower() in self._homes or bool(self._netbios_names.get(domain.lower()))
