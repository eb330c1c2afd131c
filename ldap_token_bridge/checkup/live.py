"""The check-up that asks the directory: every server, the base DNs, people, and the groups that the policy names."""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import base_of, domain_of
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import (
    Entry,
    FilterTemplate,
    LdapClient,
    LdapOptions,
    SearchFailed,
    SearchRequest,
    SearchScope,
    ServerAddress,
    ServerCheck,
    client_tls,
)
from ldap_token_bridge.policy import GroupReference, Policy
from ldap_token_bridge.settings import Settings

from .at_once import for_each
from .certificates import names_in
from .group_reading import check_groups
from .item import Grade, Item
from .lockout import check_lockout
from .namesakes import namesakes
from .refresh import check_password_dates
from .trouble import trouble_of

# RFC 4511 appendix A.1: noSuchObject, invalidDNSyntax; Active Directory sends a referral for another domain's names.
_NOT_THERE = frozenset((10, 32, 34))
_ANYTHING = FilterTemplate.compile("(objectClass=*)").fill()
_LATER = "Try again; if it stays so, look into the directory server's own log."
_LOOK_INTO_DNS = "Check directory.domain and site, the SRV records there, and the name servers of this machine."
_WRONG_NAME = "is for another name"
_GROUPS_AT_ONCE = 50  # a policy may have thousands, and the directory may be far
_FOUND = 4  # servers that are found by DNS have time for this many of them


async def check_directory(settings: Settings, options: LdapOptions, policy: Policy | None) -> tuple[Item, ...]:
    """Connects to every server; if one can be used, looks for the base DNs, people, and the groups of the policy.

    Never raises for what a server does. `options` are the ldap room's, made of these settings.
    """
    client = LdapClient(options)
    try:
        return await diagnose(settings, options, client, policy)
    finally:
        await client.close()


async def diagnose(
    settings: Settings, options: LdapOptions, client: LdapClient, policy: Policy | None
) -> tuple[Item, ...]:
    """The same through a client that may have met trouble already: a service account that was refused is not sent."""
    return tuple(await _Checkup(settings, options, client).run(policy))


class _Checkup:
    def __init__(self, settings: Settings, options: LdapOptions, client: LdapClient) -> None:
        self._settings = settings
        self._options = options
        self._client = client
        # Each server may use up its own time-outs before the next one is tried.
        servers = [options.servers, *(domain.servers for domain in options.domains.values())]
        count = sum(len(those) or _FOUND for those in servers)
        self._seconds = (options.connect_timeout + options.operation_timeout) * count

    async def run(self, policy: Policy | None) -> list[Item]:
        where = self._settings.place("directory", "domain")
        try:
            checks = await self._client.check(self._deadline())
        except Unavailable as error:
            return [Item("servers", Grade.FINDING, f"no server is found: {error.detail}", where, _LOOK_INTO_DNS)]
        odd = [Item("servers", Grade.FINDING, note, where, _LOOK_INTO_DNS) for note in self._client.notes]
        if self._options.find:
            found = ", ".join(str(check.server) for check in checks)
            odd.insert(0, Item("servers", Grade.FINE, f"{self._settings.directory.domain}: {found}"))
        return odd + await self._ask(checks, policy)

    async def _ask(self, checks: Sequence[ServerCheck], policy: Policy | None) -> list[Item]:
        items = [await self._server(number, check) for number, check in enumerate(checks)]
        if all(item.grade is not Grade.FINE for item in items):
            return items
        items += [await self._base(path, base, self._client) for path, base in self._bases()]
        items += [
            await self._base(("directory", "domains", name), base_of(name), client)
            for name, client in self._client.domains.items()
        ]
        if all(item.grade is Grade.FINE for item in items if item.topic == "base"):
            items.append(await self._people())
            if items[-1].grade is Grade.FINE:
                groups = await check_groups(self._settings, self._search)
                items += [groups] if groups else []
                items += await check_password_dates(self._settings, self._search_at_home)
                domains = tuple(self._client.domains) or (domain_of(self._settings.directory.options.base),)
                items += await check_lockout(self._settings, domains, self._search)
        return items + await self._groups(policy.group_references() if policy else ())

    async def _server(self, number: int, check: ServerCheck) -> Item:
        if not check.problem:
            return Item("server", Grade.FINE, f"{check.server}: the service account may sign in")
        trouble = trouble_of(check.problem, number, self._settings)
        what = f"{check.server}: {check.problem}"
        if trouble.meaning:
            what += f"; {trouble.meaning}"
        if _WRONG_NAME in check.problem:
            names = await self._names(check.server)
            what += f"; it is for {', '.join(names)}" if names else ""
        if trouble.key[-1] == "ca_file":
            file = self._settings.directory.tls.ca_file
            what += (
                f"; trusted are the authorities in {file}" if file else "; trusted are the authorities of this system"
            )
        return Item(
            "server", trouble.grade, what, self._settings.place(*trouble.key), trouble.remedy or check.remedy or _LATER
        )

    async def _names(self, server: ServerAddress) -> tuple[str, ...]:
        """The names in a server's certificate; none if it cannot be had. Nothing is sent on that connection."""
        tls = self._settings.directory.tls
        if not server.tls:
            return ()
        context = client_tls(tls.ca_file, tls.certificate, tls.key, tls.minimum)
        context.check_hostname = False
        try:
            async with asyncio.timeout(self._options.connect_timeout):
                _, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
        except (OSError, ssl.SSLError):
            return ()
        certificate = writer.get_extra_info("peercert") or {}
        writer.transport.abort()
        return names_in(certificate)

    def _bases(self) -> Iterable[tuple[tuple[str, ...], str]]:
        options = self._settings.directory.options
        yield ("directory", "base"), options.base
        for section, base in (("users", options.user_base), ("groups", options.group_base)):
            if base != options.base:
                yield ("directory", section, "base"), base

    async def _base(self, path: tuple[str, ...], base: str, client: LdapClient) -> Item:
        name, where = ".".join(path), self._settings.place(*path)
        try:
            if await self._exists(base, client):
                return Item("base", Grade.FINE, f"{name}: {base}")
        except Unavailable as error:
            return Item("base", Grade.FINDING, f"{name}: {base} cannot be looked up: {error.detail}", where, _LATER)
        what = f"{name}: there is no {base}, or the service account may not see it"
        return Item("base", Grade.UNUSABLE, what, where, "Correct the DN, or let the service account read there.")

    async def _people(self) -> Item:
        """Whether the filter for people matches anyone who has the account attribute."""
        options = self._settings.directory.options
        text = f"(&{options.user_filter}({options.account}=*))"
        request = SearchRequest(
            options.user_base,
            SearchScope.SUBTREE,
            FilterTemplate.compile(text).fill(),
            (options.account,),
            size_limit=1,
        )
        try:
            found = await self._client.search(request, self._deadline())
        except Unavailable as error:
            return Item("people", Grade.FINDING, f"people cannot be searched for: {error.detail}", remedy=_LATER)
        if found:
            return Item("people", Grade.FINE, f"people are found below {options.user_base}")
        where = self._settings.place("directory", "users", "filter")
        remedy = "Check directory.users.base, filter and account, and that the service account may read people."
        return Item("people", Grade.FINDING, f"nobody below {options.user_base} matches {text}", where, remedy)

    async def _groups(self, references: Iterable[GroupReference]) -> list[Item]:
        return await for_each(tuple(references), self._group, at_once=_GROUPS_AT_ONCE)

    async def _group(self, reference: GroupReference) -> Item:
        """A group that the policy names; Active Directory reads an entry by its SID, too ([MS-ADTS] 3.1.1.3.1.2.4)."""
        written = reference.dn or reference.sid
        name = f"group {reference.name}: {written}"
        try:
            if await self._exists(reference.dn or f"<SID={reference.sid}>", self._client):
                return Item("group", Grade.FINE, name)
        except Unavailable as error:
            return Item("group", Grade.FINDING, f"{name} cannot be looked up: {error.detail}", reference.place, _LATER)
        what = f"group {reference.name}: there is no {written}, or the service account may not see it"
        remedy = "Correct it in the policy; until then its rules match nobody."
        if reference.dn:
            base = self._settings.directory.options.group_base
            remedy = await namesakes(reference.dn, base, self._search) + remedy
        return Item("group", Grade.FINDING, what, reference.place, remedy)

    async def _exists(self, dn: str, client: LdapClient) -> bool:
        """Whether the service account can read the entry; raises Unavailable if no server says."""
        request = SearchRequest(dn, SearchScope.BASE, _ANYTHING, ("1.1",), size_limit=1)
        try:
            return bool(await client.search(request, self._deadline()))
        except SearchFailed as error:
            if error.code in _NOT_THERE:
                return False
            raise

    async def _search(self, request: SearchRequest) -> tuple[Entry, ...]:
        """An entry is read in its own domain, if that has servers of its own."""
        home = self._client.domains.get(domain_of(request.base)) if request.scope is SearchScope.BASE else None
        return await (home or self._client).search(request, self._deadline())

    async def _search_at_home(self, request: SearchRequest) -> tuple[Entry, ...]:
        """In the first domain that has servers of its own: the global catalog holds a part of each entry alone."""
        domain = next(iter(self._client.domains), None)
        if domain is None:
            return await self._search(request)
        return await self._client.domains[domain].search(replace(request, base=base_of(domain)), self._deadline())

    def _deadline(self) -> Deadline:
        return Deadline.after(self._seconds)
