"""Past requests put to two policies: exact where the groups are known, silent where they are not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ldap_token_bridge.policy import Change
from ldap_token_bridge.policy.replay import PastRequest, Unread, count_alike, read_requests, replay
from ldap_token_bridge.registry import Access
from tests.support.policies import PLATFORM, policy

OLD = policy("""\
allow:
  - {id: all, who: ["group:platform"], repositories: ["**"], actions: [pull, push]}
  - {id: old, who: [anyone], repositories: [public], actions: [pull], until: 2026-05-01}
""")
NEW = policy("""\
allow:
  - {id: all, who: ["group:platform"], repositories: ["**"], actions: [pull]}
  - {id: net, who: [signed-in], repositories: [x], actions: [delete], networks: [10.0.0.0/8]}
  - {id: ci, who: ["robot:ci"], repositories: [x], actions: [pull]}
""")


def line(**changes: Any) -> str:
    """An audit line as it is written."""
    record = {
        "event": "token-request",
        "time": "2026-06-01T12:00:00.000+00:00",
        "outcome": "issued",
        "reason": "",
        "client": "10.0.0.1",
        "account": "alice",
        "service": "registry",
        "asked": ["repository:x:pull,push,delete"],
    }
    return json.dumps(record | changes)


def changes(*lines: str) -> list[Change | None]:
    """What comes out for alice in the group platform."""
    requests = [each for each in read_requests(lines) if isinstance(each, PastRequest)]
    return [each.change for each in replay(requests, OLD, NEW, {"alice": (PLATFORM,)})]


def test_gain_and_loss_with_the_rules_behind_them() -> None:
    """At the request's own address and time; ids of the old rules and of the new ones."""
    (change,) = changes(line())
    assert change == Change(
        (Access("repository", "x", ("delete",)),), (Access("repository", "x", ("push",)),), ("all",), ("net",)
    )
    (elsewhere,) = changes(line(client="192.0.2.1"))
    assert elsewhere is not None
    assert not elsewhere.gained
    (early, late) = changes(
        line(account="", asked=["repository:public:pull"], time="2026-05-01T23:59:59+00:00"),
        line(account="", asked=["repository:public:pull"], time="2026-05-02T00:00:00+00:00"),
    )
    assert early == Change((), (Access("repository", "public", ("pull",)),), ("old",), ())
    assert not late


def test_unknown_groups_are_not_guessed() -> None:
    """No change is told for an account whose groups nobody knows; a robot has none."""
    assert changes(line(account="bob")) == [None]
    (robot,) = changes(line(account="robot+ci"))
    assert robot is not None
    assert [str(access) for access in robot.gained] == ["repository:x:pull,delete"]


def test_challenges_of_anonymous_clients_are_replayed() -> None:
    """They were decided; wrong passwords were not."""
    challenged = line(account="", outcome="refused", reason="no-credentials")
    wrong = line(outcome="refused", reason="wrong-credentials")
    assert [isinstance(each, PastRequest) for each in read_requests([challenged, wrong])] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        *("{", "[" * 100_000, line(time="yesterday"), line(time="2026-06-01"), line(client="x"), line(asked=None)),
        *(line(time="0001-01-01T00:00:00+05:00"), line(asked=[7])),
    ],
)
def test_lines_that_cannot_be_read_are_told(text: str) -> None:
    """By their number; the rest goes on."""
    unread, good = read_requests([text, line()])
    assert isinstance(unread, Unread)
    assert (unread.line, bool(unread.why)) == (1, True)
    assert isinstance(good, PastRequest)


def test_other_lines_may_stand_between() -> None:
    """The log of the same container, empty lines, other events."""
    assert list(read_requests(["", '{"event": "reloaded"}', "7"])) == [Unread(1), Unread(2), Unread(3)]


def test_the_same_change_is_counted_once_an_account() -> None:
    """With the number of requests."""
    requests = [each for each in read_requests([line(), line(), line(client="")]) if isinstance(each, PastRequest)]
    counted = count_alike(replay(requests, OLD, NEW, {"alice": (PLATFORM,)}))
    assert sorted(counted.values()) == [1, 2]
    assert {account for account, _ in counted} == {"alice"}
    assert requests[0].time == datetime(2026, 6, 1, 12, tzinfo=UTC)
