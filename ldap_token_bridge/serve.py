"""The one place where the parts are wired: start, reload, drain, stop."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from . import __version__
from .cache import ExpiringCache
from .checkup import Grade, check_directory
from .directory import Authenticator, CacheTimes, Directory
from .errors import Misconfigured, Problem
from .ldap import LdapClient, LdapOptions, client_tls
from .observe import Metrics, configure_logging, log
from .policy import Policy, load_policy
from .settings import DirectorySettings, Settings
from .token_service import Snapshot, TokenRules, TokenService
from .tokens import Keyring
from .web import EndpointOptions, Listener, TokenEndpoint, admin_app, messages_with, public_app, server_tls

LoadSettings = Callable[[], Settings]


@dataclass(frozen=True, slots=True)
class DirectoryParts:
    """What stands between the bridge and one directory: replaced together when its settings change."""

    settings: DirectorySettings
    client: LdapClient
    authenticator: Authenticator


class Bridge:
    """A running bridge. `load_settings` is called again on every reload."""

    def __init__(self, load_settings: LoadSettings, now: Callable[[], float] = time.time) -> None:
        """Reads everything; raises Misconfigured with all that stands against starting."""
        self._load_settings = load_settings
        self._now = now
        self.metrics = Metrics()
        settings = self.settings = load_settings()
        policy, keyring = _policy_and_keys(settings, now)
        self._parts = self._directory_parts(settings)
        self._service = TokenService(Snapshot(_rules(settings), policy, keyring, self._parts.authenticator), now)
        self._endpoint = TokenEndpoint(self._service, _endpoint_options(settings), self.metrics)
        tls = settings.server.tls
        context = server_tls(tls.certificate, tls.key) if tls else None
        drain = settings.server.request_deadline
        self._tls = context
        self._public = Listener(public_app(self._endpoint, self._service), settings.server.listen, context, drain)
        self._admin = Listener(admin_app(self.metrics, self.detail), settings.server.admin_listen, None, 1.0)
        self._reloading = asyncio.Lock()
        self._last_reload = "none since the start"
        self._tell(policy, keyring)

    async def start(self) -> None:
        """Ask the directory whether it knows the bridge, then listen; raises Misconfigured.

        `address` and `admin_address` then hold the ports that were found.
        """
        await self._refuse_misfit()
        self.address = await self._public.start()
        try:
            self.admin_address = await self._admin.start()
        except Misconfigured:
            await self._public.stop()
            raise
        snapshot = self._service.snapshot
        log().info(
            "listening",
            version=__version__,
            address=str(self.address),
            admin=str(self.admin_address),
            tls=self._tls is not None,
            policy=snapshot.policy.hash,
            key=snapshot.keyring.active.kid,
        )

    async def stop(self) -> None:
        """Take no new requests, finish those under way, then let go of the directory."""
        await self._public.stop()
        await self._admin.stop()
        await self._parts.authenticator.close()
        await self._parts.client.close()
        log().info("stopped")

    async def reload(self) -> bool:
        """Take up changed settings, policy, keys and certificate, whole or not at all; the last good state stays."""
        async with self._reloading:
            try:
                settings = await asyncio.to_thread(self._load_settings)
                policy, keyring = await asyncio.to_thread(_policy_and_keys, settings, self._now)
                old = self._parts
                parts = old if _same_directory(settings, self.settings) else self._directory_parts(settings)
                if self._tls and settings.server.tls:
                    server_tls(settings.server.tls.certificate, settings.server.tls.key)  # refuse a bad pair first
                    self._tls.load_cert_chain(settings.server.tls.certificate, settings.server.tls.key)
            except Misconfigured as error:
                return self._reload_failed(error)
            self._needs_restart(settings)
            self.settings, self._parts = settings, parts
            self._service.snapshot = Snapshot(_rules(settings), policy, keyring, parts.authenticator)
            self._endpoint.options = _endpoint_options(settings)
            self._tell(policy, keyring)
            self.metrics.reloads.labels("ok").inc()
            self._last_reload = f"taken up at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            log().info("reloaded", policy=policy.hash, key=keyring.active.kid)
            if parts is not old:
                await _retire(old, settings.server.request_deadline)
            return True

    def detail(self) -> Mapping[str, object]:
        """What `/readyz?verbose` shows."""
        snapshot = self._service.snapshot
        return {
            "version": __version__,
            "policy": {"hash": snapshot.policy.hash, "path": str(self.settings.policy.path)},
            "keys": [
                {
                    "kid": key.kid,
                    "algorithm": key.alg,
                    "signing": key is snapshot.keyring.active,
                    "not_after": key.not_after.isoformat(),
                }
                for key in snapshot.keyring.keys
            ],
            "last_reload": self._last_reload,
            "directory": {"servers": [str(server) for server in self._parts.settings.servers]},
        }

    async def _refuse_misfit(self) -> None:
        """A directory that is down may come back; one that refuses the bridge itself will go on doing so."""
        snapshot = self._service.snapshot
        items = await check_directory(self.settings, ldap_options(self.settings.directory), snapshot.policy)
        served = any(item.topic == "server" and item.grade is Grade.FINE for item in items)
        unusable = [item for item in items if item.grade is Grade.UNUSABLE and not (item.topic == "server" and served)]
        if unusable:
            raise Misconfigured(Problem(item.what, item.where, item.remedy) for item in unusable)
        for item in items:
            if item.grade is not Grade.FINE:
                log().warning(str(Problem(item.what, item.where, item.remedy)))

    def _directory_parts(self, settings: Settings) -> DirectoryParts:
        directory = settings.directory
        cache = settings.cache
        client = LdapClient(ldap_options(directory), self.metrics.ldap_operation)
        names = ExpiringCache[str, str](cache.max_accounts, cache.groups)
        times = CacheTimes(cache.credentials, cache.groups, cache.rejected, cache.max_accounts)
        authenticator = Authenticator(Directory(client, directory.options, names), times, self.metrics.cache_lookup)
        return DirectoryParts(directory, client, authenticator)

    def _reload_failed(self, error: Misconfigured) -> bool:
        self.metrics.reloads.labels("failed").inc()
        self.metrics.last_reload.set(0)
        self._last_reload = f"refused at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}: {error}"
        log().error("the reload was refused; what was in force stays", problems=[str(each) for each in error.problems])
        return False

    def _needs_restart(self, settings: Settings) -> None:
        old, new = self.settings.server, settings.server
        if (old.listen, old.admin_listen, old.tls is None) != (new.listen, new.admin_listen, new.tls is None):
            log().warning("server.listen, server.admin_listen and turning TLS on or off need a restart")

    def _tell(self, policy: Policy, keyring: Keyring) -> None:
        """Metrics and warnings about the state that is now in force."""
        self.metrics.policy.clear()
        self.metrics.policy.labels(policy.hash).set(1)
        self.metrics.key_expiry.clear()
        for key in keyring.keys:
            self.metrics.key_expiry.labels(key.kid).set(key.not_after.timestamp())
        self.metrics.last_reload.set(1)
        for warning in (*self.settings.warnings, *keyring.warnings):
            log().warning(str(warning))


async def _retire(parts: DirectoryParts, seconds: float) -> None:
    """Requests under way still use the old connections; the last of them ends at its deadline."""
    try:
        await asyncio.sleep(seconds)
    finally:
        await parts.authenticator.close()
        await parts.client.close()


async def run_until_signalled(bridge: Bridge) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(bridge.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    await bridge.start()
    try:
        await stopping.wait()
    finally:
        for task in reloads:
            task.cancel()
        await bridge.stop()


def ldap_options(directory: DirectorySettings) -> LdapOptions:
    """The ldap room's options; raises Misconfigured for a certificate authority or key that cannot be read."""
    tls = directory.tls
    return LdapOptions(
        servers=directory.servers,
        tls=client_tls(tls.ca_file, tls.certificate, tls.key, tls.minimum),
        start_tls=tls.start_tls,
        allow_plaintext=tls.allow_plaintext,
        bind_dn=directory.bind_dn,
        bind_password=directory.bind_password,
        connect_timeout=directory.timeouts.connect,
        operation_timeout=directory.timeouts.operation,
        search_connections=directory.connections.search,
        bind_connections=directory.connections.bind,
    )


def set_up_logging(settings: Settings) -> None:
    """Log as the settings say, from now on."""
    configure_logging(settings.logging.format, settings.logging.level)


def _policy_and_keys(settings: Settings, now: Callable[[], float]) -> tuple[Policy, Keyring]:
    """Both, or every problem of both; a policy whose own tests fail is not taken up."""
    problems: list[Problem] = []
    policy: Policy | None = None
    keyring: Keyring | None = None
    moment = datetime.fromtimestamp(now(), UTC)
    try:
        keyring = Keyring.load(settings.token.keys_dir, moment)
    except Misconfigured as error:
        problems += error.problems
    try:
        policy = load_policy(settings.policy.path)
        problems += [
            Problem(f"the policy's own test fails: {result.text}", result.place, "Mend the rule or the test.")
            for result in policy.run_tests(moment)
            if not result.passed
        ]
    except Misconfigured as error:
        problems += error.problems
    if problems or policy is None or keyring is None:
        raise Misconfigured(problems)
    return policy, keyring


def _rules(settings: Settings) -> TokenRules:
    token = settings.token
    return TokenRules(token.issuer, token.services, token.lifetime, token.x5c)


def _endpoint_options(settings: Settings) -> EndpointOptions:
    server = settings.server
    return EndpointOptions(server.request_deadline, server.trusted_proxies, messages_with(settings.messages))


def _same_directory(one: Settings, other: Settings) -> bool:
    return one.directory == other.directory and one.cache == other.cache
