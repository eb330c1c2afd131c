"""The servers that there are: those that were written down, or those that are found and looked for again in time."""

import asyncio
import math
from collections.abc import Callable

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable

from .address import ServerAddress
from .errors import DirectoryDown
from .options import FoundServers, LdapOptions
from .server import Server

SHORTEST = 60.0  # seconds that a list is used at least, whatever DNS says, also after a failure
LONGEST = 3600.0
RETRY = 5.0  # seconds until the next try while there is no list at all
RETIRE_AFTER = 15.0  # seconds; longer than any request may use a server that is no longer listed


class ServerList:
    """A list that was found stays in use until a new one is: a failure of DNS alone lets nobody down.

    Servers that stay listed keep their connections and their record; those that vanish are closed a little later.
    """

    def __init__(self, options: LdapOptions, make: Callable[[ServerAddress], Server]) -> None:
        self.servers = tuple(make(address) for address in options.servers)
        self.notes: tuple[str, ...] = ()
        self._find = options.find
        self._make = make
        self._asked = -math.inf
        self._due = math.inf if options.find is None else -math.inf
        self._asking: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def written_down(self) -> tuple[Server, ...]:
        """The servers, if they are not to be found but stand in the settings; there is never anything to wait for."""
        return self.servers if self._find is None else ()

    async def current(self, deadline: Deadline) -> tuple[Server, ...]:
        """The servers; waits only if none is known yet. Raises DirectoryDown if none is found."""
        asking = self._asking
        if self._find is not None and asyncio.get_running_loop().time() >= self._due:
            asking = self._ask()
        if not self.servers and asking is not None:
            await asyncio.wait((asking,), timeout=deadline.remaining())
        if not self.servers and not self._closed:
            raise DirectoryDown(detail="; ".join(self.notes) or "the servers are still being looked for")
        return self.servers

    def doubt(self) -> None:
        """No server answered: the list may be outdated, so it is not waited out."""
        if self._find is not None:
            self._due = min(self._due, self._asked + SHORTEST)

    async def close(self) -> None:
        """Ends every search for servers, and every server."""
        self._closed = True
        tasks = [task for task in (self._asking, *self._retiring) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(server.close() for server in self.servers))

    def _ask(self) -> "asyncio.Task[None] | None":
        """One search for all who wait for it."""
        if self._find is None or self._closed:
            return None
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._refresh(), name="find the servers")
        return self._asking

    async def _refresh(self) -> None:
        if self._find is None:
            return
        try:
            found = await self._find()
        except Unavailable as error:
            self.notes = (error.detail,)
            wait = SHORTEST if self.servers else RETRY
        except Exception as error:  # noqa: BLE001 -- nobody waits for this task; the list that is there stays
            self.notes = (f"the servers cannot be looked for: {type(error).__name__}",)
            wait = SHORTEST if self.servers else RETRY
        else:
            self._take_up(found)
            wait = min(max(found.seconds, SHORTEST), LONGEST)
        self._asked = asyncio.get_running_loop().time()
        self._due = self._asked + wait

    def _take_up(self, found: FoundServers) -> None:
        self.notes = found.notes
        known = {server.address: server for server in self.servers}
        wanted = dict.fromkeys(found.servers)
        self.servers = tuple(known.pop(address) if address in known else self._make(address) for address in wanted)
        for server in known.values():
            task = asyncio.get_running_loop().create_task(_retire(server), name=f"retire {server.address}")
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)


async def _retire(server: Server) -> None:
    """Requests under way may still use it."""
    try:
        await asyncio.sleep(RETIRE_AFTER)
    finally:
        await server.close()
