"""A token that ends while its push is under way: a real registry, and real clients on a slow line.

Registries forgive 60 seconds, and 60 seconds is the shortest lifetime, so in real time a token is refused two minutes
after it was made. The quick tests let the bridge's clock go wrong instead: its tokens are then nearly two minutes old
when they are made, and clients, which count from when they get one, know nothing of it.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.client_table import CLIENTS, Entry
from tests.support.client_words import documented, expect_refusal
from tests.support.clients import As, Outcome
from tests.support.registry import Registry
from tests.support.slapd import Slapd
from tests.support.slow_line import SlowLine

_BYTES = 200_000
_LIFETIME = timedelta(seconds=60)
_GOOD_FOR = 60 + 60
"""Seconds for which a registry takes a token of the shortest lifetime: that, and what it forgives."""

_CARRIERS = [entry for entry in CLIENTS if entry.carries]
every_carrier = pytest.mark.parametrize("entry", _CARRIERS, ids=lambda entry: entry.name)


@dataclass(frozen=True)
class Pushed:
    """What came of the pushes: each client's outcome, who asked for a token after its first had ended, and a log."""

    outcomes: Mapping[str, Outcome]
    asked_again: frozenset[str]
    registry_log: str


@contextmanager
def _pushed(folder: Path, authority: Authority, *, upload_seconds: int, clock_behind: int) -> Iterator[Pushed]:
    """All clients at once, each over a line on which its upload takes so long."""
    with Slapd(folder / "slapd", authority) as slapd:
        settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        bridge = RunningBridge(folder / "bridge", settings, sections={"token": {"lifetime": "60s"}})
        # Only the time of day is wrong: with the other clock faked, too, threads that wait for a moment never wake up.
        bridge.command = ("faketime", "--exclude-monotonic", "-f", f"-{clock_behind}s", *bridge.command)
        with (
            bridge,
            Registry(folder / "registry", bridge.token_auth()) as registry,
            SlowLine(("127.0.0.1", registry.port), _BYTES // upload_seconds) as line,
            ThreadPoolExecutor() as pool,
        ):

            def push(entry: Entry) -> Outcome:
                image = f"{line.address}/team-a/{entry.name}:1.0.0"
                return entry.at(folder / entry.name).push(image, As("bob"), secrets.token_bytes(_BYTES))

            outcomes = dict(zip((entry.name for entry in _CARRIERS), pool.map(push, _CARRIERS), strict=True))
            yield Pushed(outcomes, frozenset(_asked_again(bridge.audit())), registry.log_text())


def _asked_again(audit: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in _CARRIERS:
        wanted = [f"repository:team-a/{entry.name}:pull,push"]
        times = [datetime.fromisoformat(line["time"]) for line in audit if line["asked"] == wanted]
        if max(times) - min(times) > _LIFETIME:
            yield entry.name


@pytest.fixture(scope="module")
def ended_early(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Pushed]:
    """The registry takes a token for 8 s, the clients believe in 60 s, and an upload takes 14 s."""
    folder = tmp_path_factory.mktemp("ended-early")
    with _pushed(folder, authority, upload_seconds=14, clock_behind=_GOOD_FOR - 8) as pushed:
        yield pushed


@every_carrier
def test_a_token_that_ends_before_its_client_thinks(ended_early: Pushed, entry: Entry) -> None:
    """Who asks for another token at a 401 goes on; the others fail with the words of the documents."""
    outcome = ended_early.outcomes[entry.name]
    if words := documented("A push that outlives its token", entry.name, 1):
        expect_refusal(outcome, words)
    else:
        assert outcome.ok, outcome.text


def test_an_upload_under_way_is_not_broken_off(ended_early: Pushed) -> None:
    """The registry looks at the token when a request begins: the upload came to its end, what followed was refused."""
    lines = [line for line in ended_early.registry_log.splitlines() if "team-a/podman" in line]
    assert any('"http.request.method":"PATCH"' in line and '"http.response.status":202' in line for line in lines)
    assert any('"http.request.method":"PUT"' in line and "authorizing context: invalid token" in line for line in lines)
    assert "token not to be used after" in ended_early.registry_log


@pytest.fixture(scope="module")
def outlived(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Pushed]:
    """Everybody's clock is right, and an upload takes longer than a registry takes a token."""
    folder = tmp_path_factory.mktemp("outlived")
    with _pushed(folder, authority, upload_seconds=_GOOD_FOR + 10, clock_behind=0) as pushed:
        yield pushed


@pytest.mark.slow
@pytest.mark.timeout(400)
@every_carrier
def test_a_push_that_outlives_its_token(outlived: Pushed, entry: Entry) -> None:
    """Everyone goes on with another token, taken before the next request or after its refusal."""
    outcome = outlived.outcomes[entry.name]
    assert outcome.ok, outcome.text
    assert entry.name in outlived.asked_again
