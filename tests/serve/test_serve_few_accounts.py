"""A small `cache.max_accounts`: what is forgotten sooner costs more questions, and lets nobody try more passwords."""

from pathlib import Path

from tests.support import canaries
from tests.support.bridge import RunningBridge, Sections, openldap
from tests.support.slapd import Slapd
from tests.support.wire import Wire


def test_failures_of_others_push_no_account_out(slapd: Slapd, tmp_path: Path) -> None:
    """One failure of another account, where one account is remembered: the budget of the first stays used up."""
    with Wire(("127.0.0.1", int(slapd.url.rpartition(":")[2]))) as wire:
        directory = openldap(wire.url, slapd.base, slapd.bind_dn)
        sections: Sections = {"cache": {"max_accounts": 1}, "guard": {"account_failures": "3 per 15m"}}
        with RunningBridge(tmp_path / "bridge", directory, sections=sections) as bridge:
            for number in range(5):
                bridge.get(login="alice", password=f"wrong-{number}")
                bridge.get(login="bob", password=canaries.password("nobody"))
            assert bridge.get(login="alice", password="wrong-5").status == 429
            assert wire.binds(slapd.person_dn("alice")) == 3
