"""Chains of issuers: what they may look like, and that no tangle of them costs more than its size."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509 import Certificate

from ldap_token_bridge.tokens import trust
from tests.support.key_folder import NOW, AnyKey, certificate, ec_key

INSTANT = NOW.timestamp()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever it is asked whether one certificate issued another."""
    counted: list[int] = []
    issued: Any = trust.__dict__["_issued"]

    def counting(*arguments: Any) -> Any:
        counted.append(1)
        return issued(*arguments)

    monkeypatch.setattr(trust, "_issued", counting)
    return counted


def _look_alikes(count: int) -> tuple[AnyKey, list[Certificate]]:
    """Authorities of one name and one key: each of them issued each of the others."""
    key = ec_key()
    return key, [certificate(key, name="look-alike", ca=True) for _ in range(count)]


def test_a_tangle_that_leads_nowhere_costs_its_square(steps: list[int]) -> None:
    """Twenty look-alikes have more orders than anybody could try; each pair is looked at once at most."""
    count = 20
    key, tangle = _look_alikes(count)
    leaf = certificate(ec_key(), issuer=("look-alike", key))
    strangers = [certificate(ec_key(), name="stranger", ca=True) for _ in range(3)]
    assert trust.distrust(leaf, tangle, strangers, INSTANT)
    assert len(steps) <= (count + 1) * (count + len(strangers))


def test_a_tangle_that_leads_to_a_root_is_followed(steps: list[int]) -> None:
    """The way out is found among those that lead nowhere, and repeating a certificate makes nothing longer."""
    count = 10
    key, tangle = _look_alikes(count)
    root_key = ec_key()
    root = certificate(root_key, name="root", ca=True)
    bridge = certificate(key, name="look-alike", issuer=("root", root_key), ca=True)
    leaf = certificate(ec_key(), issuer=("look-alike", key))
    assert trust.distrust(leaf, [*tangle, bridge] * 3, [root], INSTANT) == ""
    assert len(steps) <= (count + 2) ** 2


def test_many_roots_of_one_name_are_asked_once_each(steps: list[int]) -> None:
    """Keys of one bridge all have the same name: a bundle of many such certificates is nothing special."""
    roots = [certificate(ec_key(), name="bridge", ca=True) for _ in range(30)]
    assert trust.distrust(roots[-1], [], roots, INSTANT) == ""
    assert steps == []
    assert trust.distrust(certificate(ec_key(), name="bridge", ca=True), [], roots, INSTANT)
    assert len(steps) == len(roots)


@pytest.mark.parametrize(("length", "accepted"), [(None, True), (1, True), (0, False)])
def test_the_length_that_a_root_allows_is_kept(length: int | None, accepted: bool) -> None:  # noqa: FBT001 -- a table
    """RFC 5280 section 4.2.1.9: an authority that may have no others below it vouches for leaves alone."""
    root_key, middle_key = ec_key(), ec_key()
    root = certificate(root_key, name="root", ca=True, path_length=length)
    middle = certificate(middle_key, name="middle", issuer=("root", root_key), ca=True)
    leaf = certificate(ec_key(), issuer=("middle", middle_key))
    assert (trust.distrust(leaf, [middle], [root], INSTANT) == "") is accepted
    assert trust.distrust(certificate(ec_key(), issuer=("root", root_key)), [], [root], INSTANT) == ""


def test_an_intermediate_out_of_its_time_leads_nowhere() -> None:
    """Each link of the chain is held against the clock."""
    root_key, middle_key = ec_key(), ec_key()
    root = certificate(root_key, name="root", ca=True)
    old = NOW - timedelta(seconds=1)
    middle = certificate(middle_key, name="middle", issuer=("root", root_key), ca=True, end=old)
    assert trust.distrust(certificate(ec_key(), issuer=("middle", middle_key)), [middle], [root], INSTANT)
