"""What grows with the request, the person and the policy; and what other keys cost. Everybody is remembered."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import tell
from tests.support import many_people

from . import asks, crowded
from .bridge import BenchBridge
from .series import over, pair, rate, series
from .warm import PEOPLE
from .wrk import Ask, Load

SCOPES = (1, 10, 50)
RULES = (10, 100, 1_000, 10_000)
RS256 = ("service_rs256_rate",)
_ES256 = "service-es256"


def lines(kind: str, sizes: tuple[int, ...], base: int) -> tuple[str, ...]:
    """One for each size, and how much more the largest costs than `base`."""
    return *(_line(kind, size) for size in sizes), f"service_{kind}_growth_{base}_to_{sizes[-1]}"


def scopes(place: Place, rounds: int) -> Iterator[Figure]:
    """One repository a request, ten and fifty."""
    with BenchBridge(place, "scopes") as bridge:
        works = {}
        for size in SCOPES:
            file = asks.known(bridge, [_of_person(number, size) for number in asks.people(PEOPLE)], f"scopes-{size}")
            works[size] = partial(_load, bridge, file)
        yield from _growth("scopes", works, 1, rounds)


def groups(place: Place, rounds: int) -> Iterator[Figure]:
    """The person's groups, by a policy of 100 rules; all ask for the same repository."""
    with BenchBridge(place, "groups") as bridge:
        works = {}
        for size in crowded.SIZES:
            asked = [
                asks.ask([asks.EVERYONE], crowded.login(size, number), crowded.password(size, number))
                for number in range(crowded.EACH)
            ]
            works[size] = partial(_load, bridge, asks.known(bridge, asked, f"groups-{size}"))
        yield from _growth("groups", works, 10, rounds)


def rules(place: Place, rounds: int) -> Iterator[Figure]:
    """A bridge for each size of the policy."""
    tell("bridges with up to 10,000 rules start")
    with ExitStack() as stack:
        works = {}
        for size in RULES:
            bridge = stack.enter_context(BenchBridge(place, f"rules-{size}", rules=size))
            works[size] = partial(_load, bridge, asks.of_known_people(bridge, PEOPLE))
        yield from _growth("rules", works, 100, rounds)


def rs256(place: Place, rounds: int) -> Iterator[Figure]:
    """RSA in place of ES256."""
    with BenchBridge(place, "rs256", algorithm="RS256") as rsa, BenchBridge(place, "es256") as elliptic:
        ours, beside = (partial(_load, each, asks.of_known_people(each, PEOPLE)) for each in (rsa, elliptic))
        yield rate(RS256[0], *pair(RS256[0], rounds, ours, beside), _ES256)


def _growth(kind: str, works: Mapping[int, Callable[[], Load]], base: int, rounds: int) -> Iterator[Figure]:
    """By turns, so that the growth is not the machine's."""
    names = lines(kind, tuple(works), base)
    loads = dict(zip(works, series(names[0], rounds, *works.values()), strict=True))
    spent = {size: [1e6 / each.rate for each in some] for size, some in loads.items()}
    for size, microseconds in spent.items():
        yield figure(_line(kind, size), microseconds, "us")
    yield figure(names[-1], over(spent[max(works)], spent[base]), "times")


def _line(kind: str, size: int) -> str:
    return f"service_{kind}_{size}_us"


def _load(bridge: BenchBridge, file: Path) -> Load:
    return bridge.load(file).all_granted()


def _of_person(number: int, size: int) -> Ask:
    repositories = [asks.given(number), *(f"everyone/image-{place}" for place in range(1, size))]
    return asks.ask(repositories, many_people.login(number), many_people.password(number))
