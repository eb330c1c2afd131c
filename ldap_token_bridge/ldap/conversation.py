"""Who waits for which answer on one connection, by message id. No I/O: octets of whole messages in, futures settled.

Strict on purpose: an answer that nobody asked for ends the connection, or it might be taken for the next person's.
"""

import asyncio
import math

from ldap_token_bridge.deadline import Alarm

from .ber import ProtocolError
from .errors import SearchFailed, TransportFailure
from .model import Entry
from .responses import EXTENDED_RESPONSE, NOTICE_OF_DISCONNECTION, SEARCH_DONE, Answer, Found, Skipped, decode

MAX_ENTRIES = 100_000  # of one search, all its pages
MAX_VOLUME = 128 * 1024 * 1024  # octets of one answer's entries

_Outcome = Answer | TransportFailure | SearchFailed
_SIZE_LIMIT_EXCEEDED = 4


class Disconnected(Exception):
    """The server gave notice of disconnection (RFC 4511 section 4.4.1); the text is what it says."""


class Exchange:
    """A request under way: the tag of the answer it waits for, and the entries that came so far."""

    __slots__ = ("_alarm", "_done", "entries", "expects", "message_id", "volume")

    def __init__(self, message_id: int, expects: int, done: "asyncio.Future[_Outcome | None]", alarm: Alarm) -> None:
        self.message_id = message_id
        self.expects = expects
        self.entries: list[Entry] = []
        self.volume = 0
        self._done = done
        self._alarm = alarm

    async def answer(self) -> Answer:
        """Waits for the last word. Raises TransportFailure or SearchFailed, and TimeoutError at the limit."""
        try:
            outcome = await self._done
        finally:
            self._alarm.forget(self._done)
        if outcome is None:
            raise TimeoutError
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def settle(self, outcome: _Outcome) -> None:
        """Ends the wait; an error is passed as a value so that one nobody waits for is not reported as lost."""
        if not self._done.done():
            self._done.set_result(outcome)


class Conversation:
    """`heard` counts the messages that came; `under_way` and `given_up` the exchanges."""

    def __init__(self) -> None:
        self.heard = 0
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm()
        self._last_id = 0
        self._exchanges: dict[int, Exchange] = {}
        self._abandoned: set[int] = set()

    @property
    def under_way(self) -> int:
        """Requests that wait for an answer."""
        return len(self._exchanges)

    @property
    def given_up(self) -> int:
        """Requests whose answer is no longer wanted and has not come."""
        return len(self._abandoned)

    def next_id(self) -> int:
        """A new message id."""
        self._last_id += 1
        return self._last_id

    def begin(self, expects: int, limit: float = math.inf) -> Exchange:
        """A new exchange, to be settled by an answer with this tag until `limit`, on the loop's clock."""
        message_id = self.next_id()
        done: asyncio.Future[_Outcome | None] = self._loop.create_future()
        exchange = self._exchanges[message_id] = Exchange(message_id, expects, done, self._alarm)
        if limit < math.inf:
            self._alarm.watch(done, limit)
        return exchange

    def abandon(self, exchange: Exchange) -> bool:
        """What still comes for it is dropped. False if its answer has come already."""
        if self._exchanges.pop(exchange.message_id, None) is None:
            return False
        self._abandoned.add(exchange.message_id)
        return True

    def end(self, reason: str) -> None:
        """No answer will come any more: whoever waits is told."""
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            exchange.settle(TransportFailure(reason))

    def receive(self, octets: bytes) -> Exchange | None:
        """Takes in a message. Raises ProtocolError or Disconnected.

        An exchange is returned if it brought more than the bridge takes in: it has failed and is to be abandoned.
        """
        message = decode(octets)
        self.heard += 1
        message_id = message.message_id
        if message_id == 0:
            _notice(message)
            return None
        exchange = self._exchanges.get(message_id)
        if exchange is None:
            if message_id not in self._abandoned:
                raise ProtocolError("an answer to something that was not asked")
            if isinstance(message, Answer):
                self._abandoned.discard(message_id)
        elif isinstance(message, Answer):
            if message.operation != exchange.expects:
                raise ProtocolError("an answer of the wrong kind")
            del self._exchanges[message_id]
            exchange.settle(message)
        elif exchange.expects != SEARCH_DONE:
            raise ProtocolError("a search's answer to something that was no search")
        elif isinstance(message, Found) and _is_too_much(exchange, message.entry, len(octets)):
            return exchange
        return None


def _is_too_much(exchange: Exchange, entry: Entry, size: int) -> bool:
    """Adds the entry, unless there is no end of them."""
    exchange.volume += size
    if len(exchange.entries) < MAX_ENTRIES and exchange.volume <= MAX_VOLUME:
        exchange.entries.append(entry)
        return False
    exchange.settle(SearchFailed(_SIZE_LIMIT_EXCEEDED, f"more than {MAX_ENTRIES} entries or {MAX_VOLUME} octets"))
    return True


def _notice(message: Answer | Found | Skipped) -> None:
    """An unsolicited notification; one kind is defined, others are to be ignored (RFC 4511 section 4.4)."""
    if not isinstance(message, Answer) or message.operation != EXTENDED_RESPONSE:
        raise ProtocolError("message id 0 on something that is no notice")
    if message.name == NOTICE_OF_DISCONNECTION:
        raise Disconnected(f"{message.code} {message.diagnostic}".rstrip())
