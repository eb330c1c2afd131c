"""The rooms' own options, made of bridge.yaml; and what is read anew on every reload."""

from contextlib import suppress
from dataclasses import field, replace

from ldap_token_bridge.cache import RevocationList, SharedRevocations, SharedStore
from ldap_token_bridge.checkup import open_store
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import (
    Authenticator,
    CacheTimes,
    Directory,
    GroupMemory,
    StaleIfDown,
    open_directory,
)
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Budgets
from ldap_token_bridge.ldap import LdapClient, LdapOptions, client_tls
from ldap_token_bridge.observe import Metrics, configure_logging, log_the_event_loop
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.refresh_service import RefreshRules
from ldap_token_bridge.settings import DirectorySettings, Settings
from ldap_token_bridge.trust import trusting_nobody
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.web import EndpointOptions, messages_with
from ldap_token_bridge.whole_files import read_file

from .find import by_dns
from .own_account import OwnAccount, own_account
from .shared_budgets import BudgetPlace, shared_budgets
from .store_events import StoreLog


@dataclass(frozen=True, slots=True)
class DirectoryParts:
    """What stands between the bridge and one directory: replaced together when its settings change.

    `store` and `revocations` are None if replicas share nothing.
    """

    settings: Settings
    files: tuple[bytes, ...] = field(repr=False)
    options: LdapOptions = field(repr=False)
    account: OwnAccount
    client: LdapClient
    directory: Directory
    groups: GroupMemory
    authenticator: Authenticator
    budgets: Budgets
    budget_place: BudgetPlace
    store: SharedStore | None
    revocations: SharedRevocations | None

    def start(self) -> None:
        """Share from now on, if there is a store; harmless if that is done already."""
        self.budget_place.store = self.store
        if self.store:
            self.store.start()

    def sharing(self, refresh: RefreshRules | None) -> RefreshRules | None:
        """With the revocations of all replicas beside those of this one's file."""
        if refresh is None or self.revocations is None:
            return refresh
        return replace(refresh, revocations=self.revocations.beside(refresh.revocations))

    def fits(self, settings: Settings) -> bool:
        """Whether these parts are what those settings ask for, down to the content of the key and TLS files."""
        mine = self.settings
        return (
            mine.directory == settings.directory
            and mine.cache == settings.cache
            and mine.guard == settings.guard
            and (self.store is None or mine.token.issuer == settings.token.issuer)
            and self.files == directory_files(settings)
        )

    async def learn_groups(self, policy: Policy) -> None:
        """Read the groups that the policy names ahead of the next logins; who needs one that is not there, asks."""
        references = policy.group_references()
        dns, sids = [each.dn for each in references if each.dn], [each.sid for each in references if each.sid]
        with suppress(Unavailable, ValueError):
            await self.directory.learn_groups(dns, sids, Deadline.after(self.settings.server.request_deadline))

    async def close(self) -> None:
        """Give up what is under way, then hang up."""
        await self.authenticator.close()
        await self.client.close()
        if self.store:
            await self.store.close()


def directory_parts(
    settings: Settings, options: LdapOptions, metrics: Metrics, before: DirectoryParts | None = None
) -> DirectoryParts:
    """Nothing is connected yet; raises Misconfigured for options that are unsafe. They are made of these settings.

    What failed goes on counting after a reload, with the parts `before` it, unless the budgets are others. So does the
    refusal of the bridge's own account, unless that is another.
    """
    directory, cache = settings.directory, settings.cache
    account = own_account(directory)
    same = before.client if before and before.account == account else None
    client = LdapClient(options, metrics.ldap_operation, before=same)
    memory = GroupMemory(cache.max_accounts, cache.groups)
    times = CacheTimes(cache.credentials, cache.groups, cache.rejected, cache.max_accounts, cache.stale_if_down)
    reader = open_directory(client, directory.options, memory)
    guard = settings.guard
    if before and before.settings.guard == guard:
        budgets, place = before.budgets, before.budget_place
    else:
        place = BudgetPlace()
        budgets = shared_budgets(guard.account_failures, guard.address_failures, cache.max_accounts, place)
    store = open_store(settings, StoreLog(metrics.shared_store, str(cache.shared)))
    kind = StaleIfDown if cache.stale_if_down else Authenticator
    authenticator = kind(reader, times, metrics.cache_lookup, budgets=budgets, store=store)
    if store:
        store.on_forget = authenticator.forget
    known = before.revocations.list if before and before.revocations else RevocationList()
    revocations = SharedRevocations(store, known=known) if store else None
    return DirectoryParts(
        settings,
        directory_files(settings),
        options,
        account,
        client,
        reader,
        memory,
        authenticator,
        budgets,
        place,
        store,
        revocations,
    )


def ldap_options(directory: DirectorySettings) -> LdapOptions:
    """The ldap room's options; raises Misconfigured for a certificate authority or key that cannot be read."""
    tls = directory.tls
    start_tls = tls.start_tls
    by_tls = _is_by_tls(directory)
    main = LdapOptions(
        servers=directory.servers,
        tls=client_tls(tls.ca_file, tls.certificate, tls.key, tls.minimum) if by_tls else trusting_nobody(),
        start_tls=start_tls,
        allow_plaintext=tls.allow_plaintext,
        bind_dn=directory.bind_dn,
        bind_password=directory.bind_password,
        connect_timeout=directory.timeouts.connect,
        operation_timeout=directory.timeouts.operation,
        search_connections=directory.connections.search,
        bind_connections=directory.connections.bind,
        find=by_dns(directory.domain, directory.site, start_tls=start_tls) if directory.domain else None,
        bind_by_certificate=not directory.bind_dn,
    )
    domains = {
        name: replace(main, servers=servers, find=None if servers else by_dns(name, start_tls=start_tls))
        for name, servers in directory.domains.items()
    }
    return replace(main, domains=domains)


def _is_by_tls(directory: DirectorySettings) -> bool:
    """Whether a server may be asked in TLS, or a file is named for it that has to be looked at."""
    tls = directory.tls
    if tls.start_tls or tls.ca_file or tls.certificate:
        return True
    every = (directory.servers, *directory.domains.values())
    # Servers that are not named are found by DNS, and asked in TLS.
    return any(not servers or any(server.tls for server in servers) for servers in every)


def set_up_logging(settings: Settings) -> None:
    """Log as the settings say, from now on."""
    configure_logging(settings.logging.format, settings.logging.level)
    log_the_event_loop()


def endpoint_options(settings: Settings) -> EndpointOptions:
    """The web room's part of the settings."""
    server = settings.server
    return EndpointOptions(server.request_deadline, server.trusted_proxies, messages_with(settings.messages))


def directory_files(settings: Settings) -> tuple[bytes, ...]:
    """The content of the key and TLS files that the parts are made of."""
    tls, cache = settings.directory.tls, settings.cache
    paths = [tls.ca_file, tls.certificate, tls.key]
    if cache.shared:
        own = cache.shared_tls
        paths += [cache.shared_key_file, own.ca_file, own.certificate, own.key]
    return tuple(read_file(path) for path in paths if path)
