"""What a store that replicas share costs: the same beside a bridge without."""

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.place import Place
from tests.support.valkey import Valkey

from . import asks
from .bridge import BenchBridge
from .cold import FirstLogins
from .series import pair, rate
from .warm import PEOPLE
from .wrk import Load

LINES = ("service_shared_warm_rate", "service_shared_cold_rate")
_ALONE = "without-store"


def shared(place: Place, rounds: int) -> Iterator[Figure]:
    """Known people, whom the bridge's own memory answers for; and first logins, which the store is asked about."""
    key = place.folder / "shared-key"
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32))
    with (
        Valkey(place.folder / "store") as store,
        BenchBridge(place, "sharing", changes={"cache": {"shared": store.url, "shared_key_file": str(key)}}) as ours,
        BenchBridge(place, "alone") as alone,
    ):
        known = (partial(_known, bridge, asks.of_known_people(bridge, PEOPLE)) for bridge in (ours, alone))
        yield rate(LINES[0], *pair(LINES[0], rounds, *known), _ALONE)
        strangers = (FirstLogins(bridge).block for bridge in (ours, alone))
        yield rate(LINES[1], *pair(LINES[1], rounds, *strangers), _ALONE)


def _known(bridge: BenchBridge, file: Path) -> Load:
    return bridge.load(file).all_granted()
