"""The bounded memory behind both budgets: how long something is kept, and who makes room."""

from ldap_token_bridge.guard.recent import Recent
from tests.support.counting_directory import Clock


def test_each_value_has_its_time_since_it_was_put() -> None:
    """To put it again begins anew; the very end is over."""
    clock = Clock()
    recent = Recent[str, int](10, 60, clock)
    recent.put("a", 1)
    recent.put("b", 2)
    clock.now = 30
    recent.put("a", 3)
    clock.now = 60
    assert (recent.get("a"), recent.get("b")) == (3, None)
    clock.now = 90
    assert recent.get("a") is None
    assert len(recent) == 0


def test_the_oldest_makes_room() -> None:
    """A flood pushes out what was touched longest ago, and is itself kept."""
    recent = Recent[str, int](2, 60, Clock())
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("a", 3)
    recent.put("c", 4)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (3, None, 4)
    recent.discard("a")
    recent.discard("a")
    assert (recent.get("a"), len(recent)) == (None, 1)
