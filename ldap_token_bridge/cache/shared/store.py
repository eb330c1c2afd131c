"""A store that replicas share: what one bridge has learned, the others need not ask the directory for.

Whatever happens to it, a login goes on: it is asked for `timeout` seconds in one request at most, and not at all while
it is known to be down; then memory and the directory answer as if there were none. What comes out of it is believed
only if a bridge with the same key wrote it, for this very entry, and lately enough.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence

from .backend import Backend, StoreDown, Write
from .entries import Entry, Found, Seals
from .epochs import Epochs
from .health import Health, Silent, StoreEvents
from .key import OVERHEAD, Vault
from .questions import UNHURRIED, Patience, Questions
from .writer import Writer

MAX_VALUE = 256 * 1024
_LOOK_AGAIN = 1.0  # seconds
_EPOCHS_LIVE = 366 * 86_400
_TRIES = 5


class SharedStore:
    """Entries by kind and parts. `context` is what must be equal for bridges to believe each other.

    `clock` gives seconds and never goes back, `now` seconds since 1970.
    """

    def __init__(
        self,
        backend: Backend,
        vault: Vault,
        *,
        context: bytes = b"",
        timeout: float = 0.05,
        events: StoreEvents | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.vault = vault
        self.on_forget: Callable[[str | None], None] = lambda _account: None
        self._backend = backend
        self._context = context
        self._timeout = timeout
        self._events = events or Silent()
        self._clock = clock
        self._seals = Seals(vault, self._events, now)
        self._health = Health(self._events, clock)
        self._epochs = Epochs()
        self._epochs_entry = self.permanent("epochs", _EPOCHS_LIVE)
        self._writer = Writer(self._write, lambda: self._events.operation("write", "dropped", 0.0))
        self._ask = Questions(self._health, self._events, timeout, clock)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_up(self) -> bool:
        """Whether it answers."""
        return self._health.is_up

    def start(self) -> None:
        """Keeps looking whether it is there, from now on; harmless if it does already."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._writer.run()), asyncio.create_task(self._watch())]

    async def close(self) -> None:
        """Hang up; what was not written yet is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._backend.close()

    def patience(self) -> Patience:
        """For one request."""
        return Patience(self._timeout)

    def entry(self, kind: str, *parts: bytes, seconds: float, account: str = "") -> Entry:
        """Where something about an account stands, until that is forgotten."""
        epochs = (self._epochs.everybody.encode(), self._epochs.of(account).encode())
        return Entry(kind, self.vault.name(kind, self._context, *epochs, *parts), seconds)

    def permanent(self, kind: str, seconds: float, *parts: bytes) -> Entry:
        """Where something of all bridges of the issuer stands, whatever else is forgotten."""
        return Entry(kind, self.vault.name(kind, *parts), seconds)

    def epoch_of(self, account: str) -> str:
        """Changes when the account is forgotten."""
        return self._epochs.of(account)

    async def read(self, entries: Sequence[Entry], patience: Patience) -> list[Found | None]:
        """What stands there; nothing if the store cannot say so in time."""
        nothing: list[Found | None] = [None] * len(entries)
        names = [entry.name for entry in entries]
        try:
            raw = await self._ask.within(patience, "read", lambda: self._backend.read(names, MAX_VALUE + 1), _hit)
        except StoreDown:
            return nothing
        # What is longer was cut, and cannot be opened.
        return [self._seals.opened(entry, value) for entry, value in zip(entries, raw, strict=True)]

    async def claim(self, entry: Entry, patience: Patience) -> bool:
        """Whether it is ours for its time; also if the store cannot say."""
        try:
            return await self._ask.within(
                patience,
                "claim",
                lambda: self._backend.claim(entry.name, _ms(entry.seconds)),
                lambda mine: "ok" if mine else "refused",
            )
        except StoreDown:
            return True

    async def change(
        self, entry: Entry, change: Callable[[bytes | None], bytes | None], patience: Patience
    ) -> bytes | None:
        """Replaces a value by what `change` makes of it, and gives that; nothing is written if that is None.

        Raises StoreDown if the store cannot do that in time.
        """
        for _ in range(_TRIES):
            (raw,) = await self._ask.within(
                patience, "read", lambda: self._backend.read([entry.name], MAX_VALUE + 1), _hit
            )
            found = self._seals.opened(entry, raw)
            new = change(found.value if found else None)
            if new is None:
                return None
            if await self._swap(entry, raw, new, patience):
                return new
        raise StoreDown("others write all the time")

    async def _swap(self, entry: Entry, old: bytes | None, new: bytes, patience: Patience) -> bool:
        sealed = self._seals.seal(entry, new)
        return await self._ask.within(
            patience,
            "swap",
            lambda: self._backend.swap(entry.name, old, sealed, _ms(entry.seconds)),
            lambda done: "ok" if done else "refused",
        )

    def put(self, entry: Entry, value: bytes, age: float = 0.0) -> None:
        """Writes soon what was learned `age` seconds ago; left out if it is too large, or nobody keeps it."""
        if len(value) + OVERHEAD > MAX_VALUE:
            self._events.operation("write", "dropped", 0.0)
        elif entry.seconds > age and self.is_up:
            sealed = self._seals.seal(entry, value, age)
            self._writer.add(Write(entry.name, sealed, _ms(entry.seconds - age)))

    def remove(self, entry: Entry) -> None:
        """Takes it away soon, after what was put before."""
        if self.is_up:
            self._writer.add(Write(entry.name, None))

    async def fetch(self, entry: Entry, at_most: int) -> tuple[Found | None, bytes | None]:
        """What stands there, and the octets to give to `replace`, without a request's hurry. Raises StoreDown."""
        raw = (await self._ask.unhurried("read", lambda: self._backend.read([entry.name], at_most + 1)))[0]
        if raw is not None and len(raw) > at_most:
            raise StoreDown(f"the entry of {entry.kind} is larger than {at_most} octets")
        return self._seals.opened(entry, raw), raw

    async def replace(self, entry: Entry, old: bytes | None, value: bytes) -> bool:
        """Writes it unless somebody else has changed it since; whether that was done. Raises StoreDown."""
        sealed = self._seals.seal(entry, value)
        return await self._ask.unhurried(
            "swap", lambda: self._backend.swap(entry.name, old, sealed, _ms(entry.seconds))
        )

    async def forget(self, account: str) -> None:
        """Lets no bridge use again what is remembered of an account, by its immutable id. Raises StoreDown."""
        await self._begin_epoch(lambda epochs: epochs.forgetting(account))

    async def forget_all(self) -> None:
        """The same for all accounts. Raises StoreDown."""
        await self._begin_epoch(Epochs.forgetting_everybody)

    async def look(self) -> None:
        """Whether it is there and fast enough, and what is to be forgotten. Raises StoreDown."""
        await self._read_epochs()  # with all the time that a new connection needs
        start = self._clock()
        await self._read_epochs()
        if self._clock() - start > self._timeout:
            raise StoreDown(f"it takes longer than {self._timeout * 1000:.0f} ms to answer")

    async def try_out(self) -> None:
        """As `look`, and everything else that a bridge does with a store. Raises StoreDown."""
        await self.look()
        trial = self.entry("trial", secrets.token_bytes(8), seconds=UNHURRIED)
        claimed = await self._ask.unhurried("claim", lambda: self._backend.claim(trial.name, _ms(trial.seconds)))
        sealed = self._seals.seal(trial, b"")
        await self._ask.unhurried("write", lambda: self._backend.write([Write(trial.name, sealed, _ms(trial.seconds))]))
        swapped = await self.replace(trial, sealed, b"again")
        found, _ = await self.fetch(trial, MAX_VALUE)
        await self._ask.unhurried("write", lambda: self._backend.write([Write(trial.name, None)]))
        if not (claimed and swapped and found and found.value == b"again"):
            raise StoreDown("it does not keep what is written into it")

    async def _watch(self) -> None:
        while True:
            if self._health.may_try:
                try:
                    await self.look()
                except StoreDown as error:
                    self._health.went_down(str(error))
                else:
                    self._health.came_up()
            await asyncio.sleep(_LOOK_AGAIN)

    async def _read_epochs(self) -> None:
        found, _ = await self.fetch(self._epochs_entry, MAX_VALUE)
        self._take_up(Epochs.of_text(found.value) if found else Epochs())

    async def _begin_epoch(self, change: Callable[[Epochs], Epochs]) -> None:
        for _ in range(_TRIES):
            found, raw = await self.fetch(self._epochs_entry, MAX_VALUE)
            epochs = change(Epochs.of_text(found.value) if found else Epochs())
            if await self.replace(self._epochs_entry, raw, epochs.text()):
                self._take_up(epochs)
                return
        raise StoreDown("others write all the time")

    def _take_up(self, epochs: Epochs) -> None:
        old, self._epochs = self._epochs, epochs
        if epochs.everybody != old.everybody:
            self.on_forget(None)
            return
        for account in epochs.accounts.keys() | old.accounts.keys():
            if epochs.of(account) != old.of(account):
                self.on_forget(account)

    async def _write(self, writes: Sequence[Write]) -> None:
        if not self.is_up:
            self._events.operation("write", "skipped", 0.0)
            return
        try:
            await self._ask.unhurried("write", lambda: self._backend.write(writes))
        except StoreDown as error:
            self._health.failed(str(error))


def _hit(values: Sequence[bytes | None]) -> str:
    return "hit" if any(value is not None for value in values) else "miss"


def _ms(seconds: float) -> int:
    return max(1, int(seconds * 1000))
