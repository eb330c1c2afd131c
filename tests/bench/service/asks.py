"""Requests of the directory's people, as docker sends them."""

import base64
import random
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from tests.support import large_policy, many_people
from tests.support.bridge import SERVICE

from .bridge import RULES, BenchBridge
from .client import ask_at_once
from .wrk import Ask

PUBLIC = "public/some/image"
EVERYONE = "everyone/image"


def given(number: int) -> str:
    """A repository that one of the person's groups gives, in a policy of 100 rules."""
    rules = range(large_policy.allow_rules(RULES))
    found = sorted(group for group in many_people.all_group_numbers(number) if group in rules)
    return large_policy.repository(found[number % len(found)]) if found else EVERYONE


def ask(repositories: Sequence[str], login: str = "", password: str = "", *more: str) -> Ask:
    """A token to pull these; anonymous without a login. `more` are headers."""
    query = [("service", SERVICE), *(("scope", f"repository:{name}:pull") for name in repositories)]
    basic = base64.b64encode(f"{login}:{password}".encode()).decode()
    headers = (f"Authorization: Basic {basic}",) if login else ()
    return Ask(f"/token?{urlencode(query)}", (*headers, *more))


def of_person(number: int, *more: str) -> Ask:
    """One of the many asks for what one of their groups gives."""
    return ask([given(number)], many_people.login(number), many_people.password(number), *more)


def wrong(number: int, *more: str) -> Ask:
    """The same with a wrong password, always the same one."""
    return ask([given(number)], many_people.login(number), f"wrong-{number}", *more)


def of_known_people(bridge: BenchBridge, count: int) -> Path:
    """A file with a request of each of so many people, all of whom the bridge knows by then."""
    return known(bridge, [of_person(number) for number in people(count)], "known")


def known(bridge: BenchBridge, asks: list[Ask], name: str) -> Path:
    """A file of requests, each of which was answered once already."""
    ask_at_once(bridge.url, asks)
    return bridge.asks(name, asks)


def people(count: int, seed: int = 1) -> list[int]:
    """So many of the 10,000, picked at random, each once."""
    return random.Random(seed).sample(range(many_people.PEOPLE), count)  # noqa: S311 -- picks people, guards nothing
