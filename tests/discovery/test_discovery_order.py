"""The order of SRV targets (RFC 2782): priority strictly, weight by chance."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.discovery.order import Service, Target, in_order


def service(priority: int, weight: int, host: str) -> Service:
    """A record with the usual port."""
    return Service(priority, weight, Target(host, 389))


def drawn_by(seed: int) -> random.Random:
    """A chance that is the same in every run."""
    return random.Random(seed)  # noqa: S311 -- guards nothing


def test_the_lowest_priority_stands_first() -> None:
    """However heavy the others are."""
    services = [service(20, 65535, "c"), service(0, 0, "a"), service(10, 1, "b")]
    for seed in range(50):
        assert [target.host for target in in_order(services, drawn_by(seed))] == ["a", "b", "c"]


def test_weights_are_shares() -> None:
    """Of 10,000 draws with weights 60, 30 and 10 each stands first about as often; the same for second place."""
    services = [service(0, 30, "b"), service(0, 60, "a"), service(0, 10, "c")]
    chance = drawn_by(7)
    orders = Counter("".join(target.host for target in in_order(services, chance)) for _ in range(10_000))
    firsts: Counter[str] = Counter()
    for order, count in orders.items():
        firsts[order[0]] += count
    for host, share in (("a", 0.6), ("b", 0.3), ("c", 0.1)):
        assert firsts[host] / 10_000 == pytest.approx(share, abs=0.03)
    assert orders["abc"] / firsts["a"] == pytest.approx(30 / 40, abs=0.03)


def test_weight_nought_has_little_chance_and_some() -> None:
    """RFC 2782: records of weight 0 have a very small chance of being selected before the others."""
    services = [service(0, 10, "a"), service(0, 0, "z")]
    chance = drawn_by(7)
    firsts = Counter(in_order(services, chance)[0].host for _ in range(5_000))
    assert 0 < firsts["z"] < 1_000


def test_all_of_weight_nought_are_kept() -> None:
    """The usual record of somebody who does not want to balance."""
    services = [service(0, 0, host) for host in "abc"]
    assert {target.host for target in in_order(services, drawn_by(1))} == {"a", "b", "c"}


@given(
    st.lists(st.builds(service, st.integers(0, 3), st.integers(0, 65535), st.sampled_from("abcdef")), max_size=12),
    st.integers(),
)
def test_every_target_once_in_the_order_of_priority(services: list[Service], seed: int) -> None:
    """Nothing is lost, nothing is doubled, and none stands before one with a better priority of its own."""
    ordered = in_order(services, drawn_by(seed))
    best = {
        target: min(each.priority for each in services if each.target == target)
        for target in {each.target for each in services}
    }
    assert sorted(ordered, key=repr) == sorted(best, key=repr)
    assert [best[target] for target in ordered] == sorted(best[target] for target in ordered)
