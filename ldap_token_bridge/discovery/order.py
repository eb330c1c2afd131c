"""SRV records in the order in which their targets are to be tried (RFC 2782, "The format of the SRV RR")."""

import random
from collections.abc import Iterable

from ldap_token_bridge.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A host by its name, in lower case without a dot at the end, and the port that DNS gives."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Service:
    """One SRV record."""

    priority: int
    weight: int
    target: Target


def in_order(services: Iterable[Service], chance: random.Random) -> tuple[Target, ...]:
    """Lowest priority first; among equals drawn one after the other, each as likely as its weight says."""
    left = sorted(services, key=lambda service: (service.priority, service.weight))
    ordered: list[Target] = []
    while left:
        equals = [service for service in left if service.priority == left[0].priority]
        drawn = _draw(equals, chance)
        left.remove(drawn)
        ordered.append(drawn.target)
    return tuple(dict.fromkeys(ordered))


def _draw(services: list[Service], chance: random.Random) -> Service:
    """The first whose running sum reaches the number drawn; those of weight 0 stand first, and have little chance."""
    number = chance.randint(0, sum(service.weight for service in services))
    running = 0
    for service in services:
        running += service.weight
        if running >= number:
            return service
    raise AssertionError("the last sum is the greatest number that can be drawn")
