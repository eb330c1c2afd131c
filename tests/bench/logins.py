"""Logins a second against slapd: a search and a bind each, ours beside ldap3's, in plain text and over LDAPS."""

from collections.abc import Iterator

from .clock import by_turns
from .figures import Figure, figure
from .ldap3_threads import Ldap3Threads
from .ours import Ours
from .place import Place
from .progress import steps

YARDSTICK = "ldap3-4-threads"


def plain(place: Place, rounds: int) -> Iterator[Figure]:
    """Over ldap://: what our own code costs."""
    return _measure(place, rounds, "directory_login", tls=False)


def ldaps(place: Place, rounds: int) -> Iterator[Figure]:
    """Over ldaps://, as in production; connections stay open on both sides."""
    return _measure(place, rounds, "directory_login_ldaps", tls=True)


def _measure(place: Place, rounds: int, name: str, *, tls: bool) -> Iterator[Figure]:
    rates: list[tuple[float, ...]] = []
    costs: list[tuple[float, ...]] = []
    with Ours(place, tls=tls) as ours, Ldap3Threads(place, ours.attributes, tls=tls) as theirs:
        for pair in steps(name, by_turns(rounds, ours.block, theirs.block), rounds):
            rates.append(pair)
            costs.append((ours.cpu_microseconds, theirs.cpu_microseconds))
    ratios = [mine / other for mine, other in rates]
    yield figure(f"{name}_ratio_ldap3_threads", ratios, "times", ratios, YARDSTICK)
    yield figure(f"{name}_rate", [mine for mine, _ in rates], "1/s", ratios, YARDSTICK)
    cheaper = [other / mine for mine, other in costs]
    yield figure(f"{name}_cpu_us", [mine for mine, _ in costs], "us", cheaper, YARDSTICK)
