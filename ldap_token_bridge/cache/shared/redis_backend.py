"""Valkey and Redis, by redis-py: one server, one that sentinels name, or a cluster.

Only these commands are sent, so a user of the server needs no others: GETRANGE, SET, DEL, EVAL (with GET), and what the
library sends at a connection's start: HELLO, AUTH, SELECT; with a cluster CLUSTER and COMMAND. Sentinels get SENTINEL.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from ldap_token_bridge.errors import Misconfigured

from .address import StoreAddress
from .backend import StoreDown, Write
from .login import StoreLogin
from .redis_answers import read_in_turns
from .redis_tls import use_our_contexts

_CONNECTIONS = 32  # more than are ever used at once
_SWAP = """
local old = redis.call('GET', KEYS[1])
if (old or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


class RedisBackend:
    """See `Backend`. Waits for as long as it takes: whoever calls has a limit of their own."""

    def __init__(self, address: StoreAddress, login: StoreLogin) -> None:
        """Connects to nothing yet; raises Misconfigured for a TLS file that cannot be used."""
        try:
            self._client, self._others = _client(address, login)
        except (OSError, ValueError, RedisError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise Misconfigured.one(
                f"the connection to the shared store cannot be set up: {reason}", remedy="Check cache.shared_tls."
            ) from None

    async def read(self, names: Sequence[str], at_most: int) -> list[bytes | None]:
        """See Backend."""
        async with self._asking():
            pipeline = self._client.pipeline(transaction=False)
            for name in names:
                pipeline.getrange(name, 0, at_most - 1)
            values = await pipeline.execute()
        # The library gives what came: a number, a truth or a list, if that is what the server says.
        if not all(value is None or isinstance(value, bytes) for value in values):
            raise StoreDown("it answers with something else than octets")
        return [value or None for value in values]

    async def write(self, writes: Sequence[Write]) -> None:
        """See Backend."""
        async with self._asking():
            pipeline = self._client.pipeline(transaction=False)
            for one in writes:
                if one.value is None:
                    pipeline.delete(one.name)
                else:
                    pipeline.set(one.name, one.value, px=one.milliseconds)
            await pipeline.execute()

    async def claim(self, name: str, milliseconds: int) -> bool:
        """See Backend."""
        async with self._asking():
            return bool(await self._client.set(name, b"1", px=milliseconds, nx=True))

    async def swap(self, name: str, old: bytes | None, new: bytes, milliseconds: int) -> bool:
        """See Backend."""
        async with self._asking():
            return bool(await self._client.eval(_SWAP, 1, name, old or b"", new, milliseconds))

    async def close(self) -> None:
        """See Backend."""
        for client in (self._client, *self._others):
            await client.aclose()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- not all that the library raises are its own errors; a login goes on
            raise StoreDown(_told(error)) from None


def _told(error: Exception) -> str:
    """Why, without what was sent: an error's text may quote a command."""
    if isinstance(error, AuthenticationError):
        return "the store refuses the user or the password"
    if isinstance(error, NoPermissionError):
        return "the store's user may not do what a bridge has to"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(error).__name__


def _client(address: StoreAddress, login: StoreLogin) -> tuple[Any, tuple[Any, ...]]:
    """The client, and those beside it that must be closed, too."""
    read_in_turns()
    options: dict[str, Any] = {
        "username": address.user or None,
        "password": login.password.reveal() if login.password else None,
        "socket_connect_timeout": login.timeout,
        # No limit of the library's own for an answer: it would send under asyncio.wait_for, which in Python 3.11 loses
        # a cancellation that comes as the sending ends. Whoever calls would then wait for that limit, not for theirs.
        "socket_timeout": None,
        # One more try, at once: a connection may have been closed while it was idle.
        "retry": Retry(NoBackoff(), 1),
        # Nothing is sent that a careful user of the server would have to be allowed for the library's sake.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    if address.tls:
        options |= {"ssl": True, **use_our_contexts(login)}
    if address.path:
        return Redis(unix_socket_path=address.path, max_connections=_CONNECTIONS, **options), ()
    host, port = address.hosts[0]
    if address.mode == "cluster":
        from redis.asyncio.cluster import ClusterNode  # noqa: PLC0415 -- few have one

        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, max_connections=_CONNECTIONS, **options), ()
    options |= {"db": address.database, "max_connections": _CONNECTIONS}
    if address.mode == "sentinel":
        # Sentinels have logins of their own; none is given to them that was made for the server.
        beside = {name: value for name, value in options.items() if name.startswith(("ssl", "socket"))}
        # Asked one after the other: one whose machine is switched off leaves time for the others.
        beside["socket_connect_timeout"] = login.timeout / (len(address.hosts) + 1)
        sentinel = Sentinel(list(address.hosts), sentinel_kwargs=beside, **options)  # type: ignore[no-untyped-call]  # has no types
        return sentinel.master_for(address.master), tuple(sentinel.sentinels)
    return Redis(host=host, port=port, **options), ()
