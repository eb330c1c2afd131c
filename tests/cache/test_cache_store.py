"""The store as bridges use it, over a server that the test has in its hand."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ldap_token_bridge.cache import SharedRevocations, SharedStore, StoreDown, unite
from ldap_token_bridge.cache.revocations import RevocationList, RevocationsUnreadable
from ldap_token_bridge.cache.shared.key import StoreKey, Vault
from ldap_token_bridge.cache.shared.store import MAX_VALUE
from tests.support.memory_store import MemoryBackend

VAULT: Vault = StoreKey(bytes(range(32))).vault("bridge.test")


class Heard:
    """What a store told."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.states: list[bool] = []
        self.kinds: list[str] = []

    def operation(self, operation: str, outcome: str, seconds: float) -> None:
        """Kept."""
        del seconds
        self.outcomes.append((operation, outcome))

    def state(self, *, up: bool, why: str) -> None:
        """Kept."""
        del why
        self.states.append(up)

    def unsealed(self, kind: str) -> None:
        """Kept."""
        self.kinds.append(kind)


class World:
    """Two bridges, their server and the clock of all."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.backend = MemoryBackend(lambda: self.now)
        self.heard = Heard()
        self.one, self.two = (self.store() for _ in range(2))

    def store(self, **more: Any) -> SharedStore:
        """One more bridge's."""
        times: Any = {"clock": lambda: self.now, "now": lambda: self.now}
        return SharedStore(self.backend, VAULT, events=self.heard, **times, **more)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Both bridges have found the store."""
    world = World()
    for store in (world.one, world.two):
        store.start()
    await settle()
    assert world.one.is_up
    assert world.two.is_up
    yield world
    for store in (world.one, world.two):
        await store.close()


async def settle() -> None:
    """Lets what goes on behind requests come to rest."""
    for _ in range(20):
        await asyncio.sleep(0)


async def read(store: SharedStore, *, account: str = "a", seconds: float = 60) -> bytes | None:
    """What `put` wrote."""
    (found,) = await store.read([store.entry("proof", b"x", seconds=seconds, account=account)], store.patience())
    return found.value if found else None


async def put(store: SharedStore, value: bytes = b"value", *, account: str = "a", age: float = 0.0) -> None:
    """Into the one entry of these tests."""
    store.put(store.entry("proof", b"x", seconds=60, account=account), value, age)
    await settle()


async def test_one_reads_what_the_other_wrote(world: World) -> None:
    """With the age that it has by then, also when it was learned earlier."""
    await put(world.one, age=10)
    world.now += 5
    (found,) = await world.two.read([world.two.entry("proof", b"x", seconds=60, account="a")], world.two.patience())
    assert found
    assert (found.value, found.age) == (b"value", 15.0)
    world.now += 45
    assert await read(world.two) is None


async def test_who_believes_for_a_shorter_time_reads_no_older_value(world: World) -> None:
    """Each bridge's own settings count, and not those of the one that wrote."""
    await put(world.one)
    world.now += 30
    assert await read(world.two, seconds=30) is None
    assert await read(world.two, seconds=31) == b"value"


async def test_what_was_kept_and_put_back_later_is_too_old(world: World) -> None:
    """A server that does not forget cannot make an answer last."""
    await put(world.one)
    kept = dict(world.backend.entries)
    world.now += 61
    world.backend.entries = {name: (value, world.now + 60) for name, (value, _) in kept.items()}
    assert await read(world.two) is None
    assert world.heard.kinds == ["proof"]


async def test_what_comes_from_the_future_is_not_believed(world: World) -> None:
    """Or a clock that is wrong would make it last."""
    world.now += 100
    await put(world.one)
    world.now -= 100
    assert await read(world.two) is None


async def test_other_readers_of_people_share_nothing(world: World) -> None:
    """A bridge with another filter, base or version has names of its own."""
    other = world.store(context=b"other")
    other.start()
    await settle()
    await put(world.one)
    assert await read(other) is None
    await other.close()


async def test_forgetting_reaches_the_others(world: World) -> None:
    """One account, or all; what is remembered in memory is told to go as well, once."""
    told: list[str | None] = []
    world.two.on_forget = told.append
    await put(world.one)
    await put(world.one, account="b")
    await world.one.forget("a")
    await world.two.look()
    assert await read(world.two) is None
    await put(world.one, b"again")
    assert await read(world.two) == b"again"
    await world.one.forget_all()
    await world.two.look()
    await world.two.look()
    assert await read(world.two) is None
    assert told == ["a", None]


async def test_forgetting_that_cannot_be_told_is_an_error(world: World) -> None:
    """Nobody shall believe that it was done."""
    world.backend.down = True
    with pytest.raises(StoreDown):
        await world.one.forget("a")


async def test_very_many_forgotten_accounts_are_all_accounts(world: World) -> None:
    """The list stays small, and errs on the side of forgetting."""
    await put(world.one, account="someone-else")
    for number in range(1001):
        await world.one.forget(f"account-{number}")
    assert await read(world.one, account="someone-else") is None
    assert max(len(value) for value, _ in world.backend.entries.values()) < MAX_VALUE


async def test_down_after_three_failures_and_up_again(world: World) -> None:
    """Nobody waits for it meanwhile, and each change is told once."""
    world.backend.down = True
    for _ in range(5):
        assert await read(world.one) is None
    assert not world.one.is_up
    assert world.heard.outcomes.count(("read", "failed")) == 3
    assert world.heard.outcomes.count(("read", "skipped")) == 2
    world.backend.down = False
    assert world.heard.states == [True, True, False]


async def test_a_request_waits_for_its_time_and_no_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All its questions together; after that none is asked."""

    async def hang(*_: object) -> Any:
        world.now += 0.06
        await asyncio.Event().wait()

    monkeypatch.setattr(world.backend, "read", hang)
    patience = world.one.patience()
    entry = world.one.entry("proof", b"x", seconds=60)
    assert await world.one.read([entry], patience) == [None]
    assert await world.one.read([entry], patience) == [None]
    assert await world.one.claim(entry, patience)
    assert [outcome for _, outcome in world.heard.outcomes[-3:]] == ["late", "skipped", "skipped"]


async def test_what_is_too_large_is_left_out(world: World) -> None:
    """Both ways."""
    await put(world.one, b"x" * MAX_VALUE)
    assert ("write", "dropped") in world.heard.outcomes
    entry = world.one.entry("proof", b"x", seconds=60, account="a")
    world.backend.entries[entry.name] = b"x" * (MAX_VALUE * 2), world.now + 60
    assert await read(world.one) is None


async def test_a_flood_of_writes_is_bounded(world: World) -> None:
    """What finds no room is dropped, and counted."""
    entry = world.one.entry("proof", b"x", seconds=60)
    for _ in range(3000):
        world.one.put(entry, b"x")
    assert world.heard.outcomes.count(("write", "dropped")) == 1000


async def test_changes_of_many_at_once_are_all_there(world: World) -> None:
    """Two bridges that change one entry at once lose nothing."""
    entry = world.one.permanent("streak", 60.0, b"a")

    async def add(store: SharedStore) -> None:
        for _ in range(20):
            await store.change(entry, lambda value: (value or b"") + b"x", store.patience())

    await asyncio.gather(add(world.one), add(world.two))
    (found,) = await world.one.read([entry], world.one.patience())
    assert found
    assert found.value == b"x" * 40


class OneFile:
    """A file of revocations."""

    def __init__(self, known: RevocationList) -> None:
        self.list = known

    async def is_revoked(self, token_id: str, account: str, issued_at: int) -> bool:
        """By the list."""
        return self.list.is_revoked(token_id, account, issued_at)


async def revoked(revocations: SharedRevocations) -> list[str]:
    """Which of two tokens are."""
    return [token for token in ("t1", "t2") if await revocations.is_revoked(token, "alice", 500)]


async def test_what_is_called_back_anywhere_holds_everywhere(world: World) -> None:
    """And goes on to hold when the store has lost all, or shows an old state."""
    empty = RevocationList()
    here, there = (
        SharedRevocations(store, lambda: world.now).beside(OneFile(empty.with_token(token, 900)))
        for store, token in ((world.one, "t1"), (world.two, "t2"))
    )
    assert await revoked(here) == ["t1"]
    assert await revoked(there) == ["t1", "t2"]
    old = dict(world.backend.entries)
    world.now += 2
    assert await revoked(here) == ["t1", "t2"]
    world.backend.entries.clear()
    world.now += 2
    assert await revoked(here) == ["t1", "t2"]
    world.backend.entries = old
    world.now += 2
    assert await revoked(here) == await revoked(there) == ["t1", "t2"]


async def test_what_was_known_before_a_reload_holds_after_it(world: World) -> None:
    """Though the store has lost it meanwhile, and it stands in no file of this bridge."""
    world.backend.entries.clear()
    known = RevocationList().with_token("t1", 900)
    anew = SharedRevocations(world.one, lambda: world.now, known).beside(OneFile(RevocationList()))
    assert await revoked(anew) == ["t1"]
    other = SharedRevocations(world.two, lambda: world.now).beside(OneFile(RevocationList()))
    assert await revoked(other) == ["t1"], "and the store has it again"


async def test_without_the_store_no_refresh_token_is_taken_for_long(world: World) -> None:
    """What was told lately holds for a while; who has just started knows nothing."""
    told = SharedRevocations(world.one, lambda: world.now).beside(OneFile(RevocationList()))
    assert await revoked(told) == []
    world.backend.down = True
    world.now += 29
    assert await revoked(told) == []
    world.now += 2
    for revocations in (told, SharedRevocations(world.two, lambda: world.now).beside(OneFile(RevocationList()))):
        for _ in range(2):
            with pytest.raises(RevocationsUnreadable):
                await revoked(revocations)
    world.backend.down = False
    assert await revoked(told) == []


async def test_a_token_in_the_own_file_needs_no_store(world: World) -> None:
    """What is known to be called back is refused, whatever else is not known."""
    world.backend.down = True
    mine = SharedRevocations(world.one, lambda: world.now).beside(OneFile(RevocationList().with_token("t1", 900)))
    assert await mine.is_revoked("t1", "alice", 500)


async def test_a_list_that_grew_too_long_is_an_error(world: World) -> None:
    """Never cut short."""
    long = RevocationList(0, {}, {f"{number:016x}": 900 for number in range(40_000)})
    with pytest.raises(StoreDown, match="larger"):
        await unite(world.one, long)
