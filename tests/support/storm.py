"""When clients of each kind ask for a token while their password is refused (docs/registries.md)."""

from collections.abc import Iterator
from typing import Literal

SECONDS = 300
"""How long a storm lasts."""
CLIENTS = 50
"""How many there are."""

Method = Literal["GET", "POST"]


def tries(client: int) -> Iterator[tuple[int, Method]]:
    """At which second of the storm the client of this number asks, and how."""
    if client % 3 == 0:  # docker: one request for each layer and manifest of a push that a pipeline repeats
        for begin in range(client % 20, SECONDS, 20):
            yield from ((begin, "GET"),) * 8
    elif client % 3 == 1:  # containerd: POST, then GET, and kubelet backs off and tries again
        pause, now = 10, client % 10
        while now < SECONDS:
            yield from _posted_then_got(now)
            now, pause = now + pause, min(pause * 2, 300)
    else:  # Helm: POST, then GET, six times over
        for begin in range(client % 60, SECONDS, 60):
            for step in range(6):
                yield from _posted_then_got(begin + step)


def is_mistyped(second: int) -> bool:
    """Whether a person beside them tries one more wrong password, which nobody has tried before."""
    return second % 40 == 5


def _posted_then_got(second: int) -> Iterator[tuple[int, Method]]:
    yield second, "POST"
    yield second, "GET"
