"""What the journeys of tests/journeys pass through."""

from dataclasses import dataclass

from .bridge import RunningBridge
from .registry import Registry
from .samba import SambaDC
from .slapd import Slapd


@dataclass(frozen=True)
class World:
    """Everything that one journey passes through. Nothing in it may be stopped: the tests of a module share it."""

    directory: Slapd | SambaDC
    bridge: RunningBridge
    registry: Registry
