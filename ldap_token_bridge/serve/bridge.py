"""A running bridge: what it is made of, and how that is replaced while requests go on."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ldap_token_bridge import __version__
from ldap_token_bridge.checkup import Grade, check_directory
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.observe import Metrics, log
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.token_service import Snapshot, TokenService
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.web import Listener, ServerTls, TokenEndpoint, admin_app, public_app

from .daily import warn_daily
from .descriptors import max_connections
from .directory_state import directory_detail, server_gauges
from .parts import (
    DirectoryParts,
    directory_parts,
    endpoint_options,
    ldap_options,
    policy_and_keys,
    set_up_logging,
    token_rules,
)

LoadSettings = Callable[[], Settings]
_ADMIN_CONNECTIONS = 100


class Bridge:
    """A running bridge. `load_settings` is called again on every reload."""

    def __init__(self, load_settings: LoadSettings, now: Callable[[], float] = time.time) -> None:
        """Reads everything; raises Misconfigured with all that stands against starting."""
        self._load_settings = load_settings
        self._now = now
        self.metrics = Metrics()
        settings = self.settings = load_settings()
        set_up_logging(settings)
        policy, keyring = policy_and_keys(settings, now)
        self._parts = directory_parts(settings, self.metrics)
        self.metrics.directory.read = lambda: server_gauges(self._parts.client)
        self._service = TokenService(Snapshot(token_rules(settings), policy, keyring, self._parts.authenticator), now)
        self._endpoint = TokenEndpoint(self._service, endpoint_options(settings), self.metrics)
        tls = settings.server.tls
        self._tls = ServerTls(tls.certificate, tls.key) if tls else None
        self._public = Listener(
            public_app(self._endpoint, self._service),
            settings.server.listen,
            self._tls,
            max_connections=max_connections(),
        )
        self._admin = Listener(
            admin_app(self.metrics, self.detail), settings.server.admin_listen, max_connections=_ADMIN_CONNECTIONS
        )
        self._reloading = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self._last_reload = "none since the start"
        self._tell(policy, keyring)

    async def start(self) -> None:
        """Ask the directory whether it knows the bridge, then listen; raises Misconfigured.

        `address` and `admin_address` then hold the ports that were found.
        """
        await self._refuse_misfit(self.settings, self._service.snapshot.policy)
        self.address = await self._public.start()
        try:
            self.admin_address = await self._admin.start()
        except Misconfigured:
            await self._public.stop()
            raise
        self._background.add(asyncio.create_task(warn_daily(lambda: self._service.snapshot.keyring, self._now)))
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
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._parts.close()
        log().info("stopped")

    async def reload(self) -> bool:
        """Take up changed settings, policy, keys and certificate, whole or not at all; the last good state stays."""
        async with self._reloading:
            try:
                settings = await asyncio.to_thread(self._load_settings)
                policy, keyring = await asyncio.to_thread(policy_and_keys, settings, self._now)
                old = self._parts
                parts = old
                if not old.fits(settings):
                    await self._refuse_misfit(settings, policy)
                    parts = directory_parts(settings, self.metrics)
                if self._tls and settings.server.tls:
                    self._tls.replace(settings.server.tls.certificate, settings.server.tls.key)
            except Misconfigured as error:
                return self._reload_failed([str(problem) for problem in error.problems])
            except OSError as error:
                return self._reload_failed([f"{error.filename or 'a file'}: {error.strerror}"])
            except Exception as error:  # noqa: BLE001 -- whatever it is, the last good state stays and the log says so
                return self._reload_failed([f"unforeseen: {type(error).__name__}; please report this"])
            set_up_logging(settings)
            self._needs_restart(settings)
            self.settings, self._parts = settings, parts
            self._service.snapshot = Snapshot(token_rules(settings), policy, keyring, parts.authenticator)
            self._endpoint.options = endpoint_options(settings)
            self._tell(policy, keyring)
            self.metrics.reloads.labels("ok").inc()
            self._last_reload = f"taken up at {_timestamp()}"
            log().info("reloaded", policy=policy.hash, key=keyring.active.kid)
            if parts is not old:
                longest = max(old.settings.server.request_deadline, settings.server.request_deadline)
                task = asyncio.create_task(_retire(old, longest + 1))
                self._background.add(task)
                task.add_done_callback(self._background.discard)
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
            "directory": directory_detail(self._parts),
        }

    @staticmethod
    async def _refuse_misfit(settings: Settings, policy: Policy) -> None:
        """A directory that is down may come back; one that refuses the bridge itself will go on doing so."""
        items = await check_directory(settings, ldap_options(settings.directory), policy)
        served = any(item.topic == "server" and item.grade is Grade.FINE for item in items)
        unusable = [item for item in items if item.grade is Grade.UNUSABLE and not (item.topic == "server" and served)]
        if unusable:
            raise Misconfigured(item.problem for item in unusable)
        for item in items:
            if item.grade is not Grade.FINE:
                _warn(item.problem)

    def _reload_failed(self, problems: list[str]) -> bool:
        self.metrics.reloads.labels("failed").inc()
        self.metrics.last_reload.set(0)
        self._last_reload = "\n".join([f"refused at {_timestamp()}:", *problems])
        log().error("the reload was refused; what was in force stays", problems=problems)
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
        for problem in (*self.settings.warnings, *map(Problem, keyring.warnings)):
            _warn(problem)


def _warn(problem: Problem) -> None:
    """What works and should be known, as fields that a program can tell apart."""
    log().warning(problem.what, where=str(problem.where or ""), remedy=problem.remedy)


async def _retire(parts: DirectoryParts, seconds: float) -> None:
    """Requests under way still use the old connections; the last of them ends at its deadline."""
    try:
        await asyncio.sleep(seconds)
    finally:
        await parts.close()


def _timestamp() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
