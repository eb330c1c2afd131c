"""Robots: whether their file can be used, who of them ends soon, and whom the policy names in vain."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.policy.lint import SOON_DAYS
from ldap_token_bridge.robots import Robots, load_robots
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.yamlfile import suggest

from .item import Grade, Item, items_of
from .reading import Reading

_TOPIC = "robots"


def read_robots(settings: Settings, policy: Policy | None, now: datetime) -> Reading[Robots]:
    """The robots, none if the settings name no file; `now` is aware. Never raises for what it finds."""
    path = settings.robots
    if path is None:
        return Reading(Robots.none(), tuple(_unknown(Robots.none(), policy)))
    try:
        robots = load_robots(path)
    except Misconfigured as error:
        return Reading(None, tuple(items_of(_TOPIC, Grade.UNUSABLE, error.problems)), error.problems)
    fine = Item(_TOPIC, Grade.FINE, f"{path}: robots: {len(robots)}")
    return Reading(robots, (fine, *_ending(robots, now), *_unknown(robots, policy)))


def _ending(robots: Robots, now: datetime) -> Iterator[Item]:
    today = now.date()
    for robot in robots:
        if robot.until is None or robot.revoked or robot.until > today + timedelta(days=SOON_DAYS):
            continue
        state = "has ended" if robot.has_ended(today) else "ends soon"
        remedy = f"Ask {robot.owner}: give it a later day, or revoke it."
        yield Item(_TOPIC, Grade.WARNING, f"the robot {robot.name!r} {state}: until {robot.until}", robot.place, remedy)


def _unknown(robots: Robots, policy: Policy | None) -> Iterator[Item]:
    """Rules for robots that do not exist, or are revoked: most often a name is mistyped."""
    active = {robot.name for robot in robots if not robot.revoked}
    for rule in policy.rules if policy else ():
        for who in rule.who:
            if who.kind == "robot" and who.name not in active:
                remedy = suggest(who.name, active) or "Make it: ldap-token-bridge robot new NAME."
                what = f"the rule {rule.id!r} names the robot {who.name!r}, and there is none of that name"
                yield Item(_TOPIC, Grade.WARNING, what, rule.reference.place, remedy)
