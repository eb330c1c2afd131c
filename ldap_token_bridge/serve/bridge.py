"""A running bridge: what it is made of, and how that is replaced while requests go on."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ldap_token_bridge.checkup import read_robots
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.observe import Metrics, NoSpans, log
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.token_service import Snapshot, TokenService
from ldap_token_bridge.web import Listener, ServerTls, TokenEndpoint, admin_app, public_app, token_handlers

from .acceptance import Acceptance
from .daily import warn_daily, warn_of_server_tls
from .descriptors import max_connections
from .directory_state import server_gauges
from .files import Files, read_files
from .flush import flush
from .misfit import Newcomer
from .parts import (
    DirectoryParts,
    directory_parts,
    endpoint_options,
    ldap_options,
    set_up_logging,
)
from .report import Report
from .snapshot import snapshot_of
from .tracing import replace_spans, spans_for
from .watch import follow, watch

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
        self._spans = spans_for(settings, os.environ)
        self._watch = watch(settings)
        files = self._files = read_files(settings, self._moment())
        self._parts = directory_parts(settings, ldap_options(settings.directory), self.metrics)
        self.metrics.directory.read = lambda: server_gauges(self._parts.client)
        self.metrics.account_refused.set_function(lambda: self._parts.client.refusal is not None)
        self._service = TokenService(self._snapshot(), now)
        self.metrics.issuers.key_ages = self._key_ages
        self._endpoint = TokenEndpoint(self._service, endpoint_options(settings), self.metrics)
        self._acceptance = Acceptance(
            lambda: self.settings,
            lambda: self._parts,
            lambda: self._service.snapshot.policy,
            lambda: self.reload(by="content"),
        )
        self.ready = self._acceptance.given
        self._newcomer = Newcomer()
        tls = settings.server.tls
        self._tls = ServerTls(tls.certificate, tls.key) if tls else None
        self._public = Listener(
            public_app(self._endpoint, self._service, self._acceptance.obstacle),
            settings.server.listen,
            self._tls,
            max_connections=max_connections(),
            direct=token_handlers(self._endpoint),
        )
        self._admin = Listener(
            admin_app(self.metrics, self.detail, self.flush, self._acceptance.obstacle),
            settings.server.admin_listen,
            max_connections=_ADMIN_CONNECTIONS,
        )
        self._reloading = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self._report = Report(self.metrics, now)
        self._report.in_force(settings, files)
        if tls:
            self._report.shows(tls.certificate)
        warn_of_server_tls(settings, self._moment())

    async def start(self) -> None:
        """Ask the directory whether it knows the bridge, then listen; raises Misconfigured.

        `address` and `admin_address` then hold the ports that were found. `ready` is set unless the directory refuses
        the service account, and then once it does not.
        """
        await self._acceptance.ask()
        await replace_spans(self._spans)
        self.address = await self._public.start()
        try:
            self.admin_address = await self._admin.start()
        except Misconfigured:
            await self._public.stop()
            raise
        self._begin(warn_daily(lambda: self._service.snapshot.keyring, lambda: self.settings, self._now))
        self._begin(follow(lambda: self.settings.policy.poll, lambda: self._watch, self._reload_files))
        self._parts.start()
        self._begin(self._parts.learn_groups(self._service.snapshot.policy))
        self._begin(self._service.snapshot.workloads.learn_keys())
        self._begin(self._acceptance.wait())
        self._report.listening(
            self._files, address=str(self.address), admin=str(self.admin_address), tls=self._tls is not None
        )

    async def stop(self) -> None:
        """Take no new requests, finish those under way, then let go of the directory."""
        await self._public.stop()
        await self._admin.stop()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._service.snapshot.robots.close()
        await self._service.snapshot.workloads.close()
        await self._parts.close()
        await replace_spans(NoSpans())
        log().info("stopped")

    async def reload(self, *, by: str = "signal") -> bool:
        """Take up changed settings, policy, keys and certificate, whole or not at all; the last good state stays."""
        async with self._reloading:
            try:
                settings = await asyncio.to_thread(self._load_settings)
                await asyncio.to_thread(self._watch.take)
                following = await asyncio.to_thread(watch, settings)
                files = await self._read(settings)
                parts = self._parts
                if not parts.fits(settings):
                    options = ldap_options(settings.directory)
                    if self.ready.is_set():  # else nothing can be lost, and they are asked about as at a start
                        await self._newcomer.refuse_misfit(settings, options, files.policy, parts)
                    parts = directory_parts(settings, options, self.metrics, parts)
                self._replace_certificate(settings)
                spans = self._spans
                if settings.tracing != self.settings.tracing:
                    spans = await asyncio.to_thread(spans_for, settings, os.environ)
            except Exception as error:  # noqa: BLE001 -- whatever it is, the last good state stays and the log says so
                return await self._reload_failed(error)
            set_up_logging(settings)
            self._needs_restart(settings)
            changed = following.in_force(self._watch)
            changed += ["settings"] if settings != self.settings else []
            self._watch = following
            if spans is not self._spans:
                self._spans = spans
                self._begin(replace_spans(spans))
            self._endpoint.options = endpoint_options(settings)
            parts.client.try_again()
            self._take_up(settings, files, parts, by=by, changed=changed)
            self._acceptance.remind()
            return True

    async def _reload_files(self) -> None:
        """As `reload`, with the settings that are in force: a bridge.yaml that is being edited waits for SIGHUP."""
        async with self._reloading:
            still = await asyncio.to_thread(self._watch.take)
            try:
                files = await self._read(self.settings)
                if not await asyncio.to_thread(still):
                    return  # somebody is writing; the next look sees what it came to
                self._replace_certificate(self.settings)
            except Exception as error:  # noqa: BLE001 -- as above
                if await asyncio.to_thread(still):
                    await self._reload_failed(error)
                return
            changed = self._watch.in_force(self._watch)
            self._take_up(self.settings, files, self._parts, by="content", changed=changed)

    async def flush(self, account: str) -> Mapping[str, int]:
        """Forget an account, by name, or everyone if that is empty; gives how much of each kind was."""
        deadline = Deadline.after(self.settings.server.request_deadline)
        return await flush(account, self._parts, self._service.snapshot.robots, self.metrics, deadline)

    def detail(self) -> Mapping[str, object]:
        """What `/readyz?verbose` shows."""
        detail = self._report.detail(self.settings, self._service.snapshot, self._parts)
        return {**detail, "not_ready": self._acceptance.obstacle()}

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background, until it is done or the bridge stops."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _read(self, settings: Settings) -> Files:
        return await asyncio.to_thread(read_files, settings, self._moment(), self._files)

    def _replace_certificate(self, settings: Settings) -> None:
        if self._tls and settings.server.tls:
            self._tls.replace(settings.server.tls.certificate, settings.server.tls.key)
            self._report.shows(settings.server.tls.certificate)

    def _take_up(
        self, settings: Settings, files: Files, parts: DirectoryParts, *, by: str, changed: Sequence[str]
    ) -> None:
        """From here on nothing can fail, and requests that begin are answered by what is new."""
        old, longest = self._parts, max(self.settings.server.request_deadline, settings.server.request_deadline)
        before = self._files
        self.settings, self._files, self._parts = settings, files, parts
        self._service.snapshot = self._snapshot(self._service.snapshot)
        self._report.in_force(settings, files)
        warn_of_server_tls(settings, self._moment())
        self._report.taken_up(files, before, by, changed)
        parts.start()
        if parts is not old:
            self._begin(_retire(old, longest + 1))
        self._begin(parts.learn_groups(files.policy))
        self._begin(self._service.snapshot.workloads.learn_keys())

    def _snapshot(self, before: Snapshot | None = None) -> Snapshot:
        return snapshot_of(self.settings, self._files, self._parts, self.metrics, self._now, before)

    def _key_ages(self) -> Mapping[str, float]:
        return self._service.snapshot.workloads.key_ages()

    async def _reload_failed(self, error: Exception) -> bool:
        """A robot that was revoked is out even so: nothing else depends on its file."""
        self._report.refused(error)
        robots = await asyncio.to_thread(read_robots, self.settings, None, self._moment())
        if robots.value is not None:
            self._files = replace(self._files, robots=robots.value)
            self._service.snapshot = self._snapshot(self._service.snapshot)
        return False

    def _needs_restart(self, settings: Settings) -> None:
        old, new = self.settings.server, settings.server
        if (old.listen, old.admin_listen, old.tls is None) != (new.listen, new.admin_listen, new.tls is None):
            log().warning("server.listen, server.admin_listen and turning TLS on or off need a restart")

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)


async def _retire(parts: DirectoryParts, seconds: float) -> None:
    """Requests under way still use the old connections; the last of them ends at its deadline."""
    try:
        await asyncio.sleep(seconds)
    finally:
        await parts.close()
