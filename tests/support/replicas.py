"""Bridges that share a store, as replicas behind a balancer do."""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .bridge import RunningBridge, Sections
from .process import ServerFailed
from .valkey import Valkey

_PATIENCE = 30


class Replicas:
    """One bridge for each of `directories`, its section of bridge.yaml; a context manager. All have found the store."""

    def __init__(
        self, folder: Path, directories: Iterable[Mapping[str, Any]], store: Valkey, *, sections: Sections | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        key = folder / "shared-key"
        key.touch(mode=0o600)
        key.write_text(secrets.token_hex(32))
        # Long enough for a machine that does ten other things.
        shared = {"shared": store.url, "shared_key_file": str(key), "shared_timeout": "1s"}
        all_sections = {**(sections or {}), "cache": {**shared, **(sections or {}).get("cache", {})}}
        self.bridges = [
            RunningBridge(folder / f"bridge-{number}", directory, sections=all_sections)
            for number, directory in enumerate(directories)
        ]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for bridge in self.bridges:
                stack.enter_context(bridge)
                until_store_is(bridge, up=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def metric(bridge: RunningBridge, name: str) -> float:
    """The sum over its labels."""
    return sum(map(float, re.findall(rf"^{name}(?:{{.*}})? (\S+)$", bridge.metrics(), re.MULTILINE)))


def until(is_so: Callable[[], bool]) -> None:
    """Waits for what happens behind the back of requests."""
    give_up = time.monotonic() + _PATIENCE
    while not is_so():
        if time.monotonic() > give_up:
            raise ServerFailed("it does not come about")
        time.sleep(0.02)


def until_store_is(bridge: RunningBridge, *, up: bool) -> None:
    """Waits until the bridge has noticed."""
    until(lambda: metric(bridge, "ltb_shared_store_up") == up)
