"""What one person waits for, alone with the bridge: a look-up, a first login, and one that memory answers."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, Directory, GroupMemory, parse_login_name
from ldap_token_bridge.identity import Credentials, Secret
from tests.support import many_people

from .figures import Figure, figure
from .place import Place
from .progress import steps

_CALLS = 200
_DEADLINE_SECONDS = 8.0


def find(place: Place, rounds: int) -> Iterator[Figure]:
    """`Directory.find`: a name to an entry, one search."""
    with asyncio.Runner() as runner:
        runner.get_loop()
        parts = place.parts()
        directory = Directory(parts.client, parts.settings.directory.options, GroupMemory(1, 1.0))

        async def look_up(number: int) -> None:
            name = parse_login_name(many_people.login(number))
            if name is None or await directory.find(name, Deadline.after(_DEADLINE_SECONDS)) is None:
                raise RuntimeError("someone who is there was not found")

        yield _each(runner, "directory_find_us", look_up, _anyone(), rounds)
        runner.run(parts.close())


def cold_login(place: Place, rounds: int) -> Iterator[Figure]:
    """`Authenticator.login` of people of whom nothing is remembered: search, bind, nested groups."""
    with asyncio.Runner() as runner:
        runner.get_loop()
        parts = place.parts()
        yield _each(runner, "authenticator_cold_login_us", _login(parts.authenticator), _everyone_once(), rounds)
        runner.run(parts.close())


def warm_login(place: Place, rounds: int) -> Iterator[Figure]:
    """The same person again: the directory is not asked."""
    with asyncio.Runner() as runner:
        runner.get_loop()
        parts = place.parts()
        yield _each(runner, "authenticator_warm_login_us", _login(parts.authenticator), lambda: 7, rounds)
        runner.run(parts.close())


def _anyone() -> Callable[[], int]:
    chance = random.Random(2)  # noqa: S311 -- picks people, guards nothing
    return lambda: chance.randrange(many_people.PEOPLE)


def _everyone_once() -> Callable[[], int]:
    order = list(range(many_people.PEOPLE))
    random.Random(3).shuffle(order)  # noqa: S311 -- picks people, guards nothing
    return order.pop


def _login(authenticator: Authenticator) -> Callable[[int], Awaitable[None]]:
    async def login(number: int) -> None:
        secret = Secret(many_people.password(number).encode())
        credentials = Credentials(many_people.login(number), secret)
        outcome = await authenticator.login(credentials, Deadline.after(_DEADLINE_SECONDS))
        if not isinstance(outcome, Authenticated):
            raise RuntimeError(  # noqa: TRY004 -- the wrong outcome, not the wrong type
                f"a login of {many_people.login(number)} went wrong"
            )

    return login


def _each(
    runner: asyncio.Runner, name: str, work: Callable[[int], Awaitable[None]], who: Callable[[], int], rounds: int
) -> Figure:
    """Microseconds a call, one after the other. A round before the first opens the connections."""

    async def block() -> float:
        people = [who() for _ in range(_CALLS)]
        start = time.perf_counter()
        for number in people:
            await work(number)
        return (time.perf_counter() - start) / _CALLS * 1e6

    runner.run(block())
    return figure(name, [runner.run(block()) for _ in steps(name, range(rounds), rounds)], "us")
