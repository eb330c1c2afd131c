"""A directory that goes and comes back while the bridge runs, over a real socket."""

import time
from collections.abc import Iterator

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.slapd import Slapd


@pytest.fixture
def bridge(tmp_path_factory: pytest.TempPathFactory, slapd: Slapd) -> Iterator[RunningBridge]:
    """A bridge that remembers nothing, so that every login reaches the directory."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    cache = {"credentials": "off", "groups": "off", "rejected": "off"}
    with RunningBridge(tmp_path_factory.mktemp("bridge"), settings, sections={"cache": cache}) as bridge:
        yield bridge


def comes_back(bridge: RunningBridge) -> bool:
    """Whether a login works again within the time that a breaker stays open."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        if bridge.get(login="bob").status == 200:
            return True
        time.sleep(0.2)
    return False


def test_down_and_up_again(bridge: RunningBridge, slapd: Slapd) -> None:
    """503 with Retry-After while it is down, and a login without a restart afterwards."""
    assert bridge.get(login="bob").status == 200
    slapd.stop()
    for _ in range(3):
        answer = bridge.get(login="bob")
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
    slapd.start()
    assert comes_back(bridge)


def test_hung_and_well_again(bridge: RunningBridge, slapd: Slapd) -> None:
    """The same for a server that accepts connections and says nothing."""
    assert bridge.get(login="bob").status == 200
    slapd.hang()
    try:
        assert bridge.get(login="bob").status == 503
    finally:
        slapd.resume()
    assert comes_back(bridge)


def test_started_before_its_directory(bridge: RunningBridge, slapd: Slapd) -> None:
    """After a power cut the order of starts does not matter."""
    bridge.stop()
    slapd.stop()
    bridge.start()
    assert bridge.get("repository:public/base:pull").status == 200
    assert bridge.get(login="bob").status == 503
    slapd.start()
    assert comes_back(bridge)


def test_an_outage_is_not_remembered_as_a_refusal(tmp_path_factory: pytest.TempPathFactory, slapd: Slapd) -> None:
    """With caches on: the login that met the outage works as soon as the directory does."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with RunningBridge(tmp_path_factory.mktemp("bridge"), settings) as bridge:
        slapd.stop()
        assert bridge.get(login="bob").status == 503
        slapd.start()
        assert comes_back(bridge)
        assert not canaries.leaks(bridge.log_text())
