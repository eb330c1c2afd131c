"""Keys and policy read and judged: once for `check`, which shows all of it, and for `serve`, which may refuse them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.policy import Policy, load_policy
from ldap_token_bridge.policy.lint import ending_rules
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import suggest

from .item import Grade, Item, items_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What was read, None if it cannot be; everything there is to say; and what keeps it from coming into force."""

    value: T | None
    items: tuple[Item, ...]
    obstacles: tuple[Problem, ...] = ()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What should be known though it comes into force."""
        return tuple(
            item.problem for item in self.items if item.grade is not Grade.FINE and item.problem not in self.obstacles
        )


def read_keys(settings: Settings, now: datetime) -> Reading[Keyring]:
    """The signing keys; `now` is aware. Never raises for what it finds."""
    try:
        keyring = Keyring.load(settings.token.keys_dir, now, ed25519=settings.token.ed25519)
    except Misconfigured as error:
        return Reading(None, tuple(items_of("keys", Grade.UNUSABLE, error.problems)), error.problems)
    signs = keyring.active
    what = f"{signs.name} signs with {signs.alg}; its certificate is valid until {signs.not_after:%Y-%m-%d}"
    where = settings.place("token", "keys_dir")
    warnings = (Item("keys", Grade.WARNING, warning, where) for warning in keyring.warnings)
    return Reading(keyring, (Item("keys", Grade.FINE, what), *warnings))


def read_policy(settings: Settings, now: datetime) -> Reading[Policy]:
    """The policy and its tests; `now` is aware. Never raises for what it finds."""
    return _read_policy(settings, settings.policy.path, "path", now)


def read_shadow(settings: Settings, now: datetime) -> Reading[Policy]:
    """The shadow policy in the same way: what could not come into force is not worth comparing with."""
    shadow = settings.policy.shadow
    if shadow is None:
        return Reading(None, ())
    read = _read_policy(settings, shadow, "shadow", now)
    # It decides nothing, so whatever is wrong with it makes nothing unusable.
    items = (Item("shadow", min(each.grade, Grade.FINDING), each.what, each.where, each.remedy) for each in read.items)
    return Reading(read.value, tuple(items), read.obstacles)


def _read_policy(settings: Settings, path: Path, key: str, now: datetime) -> Reading[Policy]:
    try:
        policy = load_policy(path)
    except Misconfigured as error:
        problems = tuple(_with_key(problem, settings, path, key) for problem in error.problems)
        return Reading(None, tuple(items_of("policy", Grade.UNUSABLE, problems)), problems)
    results = policy.run_tests(now)
    failed = tuple(
        Problem(f"test failed: {result.text}", result.place, "Mend the rule, or the test.")
        for result in results
        if not result.passed
    )
    counts = f"rules: {len(policy.rules)}, tests passed: {len(results)}, hash: {policy.hash}"
    items = items_of("policy", Grade.FINDING, failed) or [Item("policy", Grade.FINE, f"{path}: {counts}")]
    items += [*_check_sids(settings, policy), *_check_rules(settings, policy, now)]
    return Reading(policy, tuple(items), failed)


def _check_rules(settings: Settings, policy: Policy, now: datetime) -> Iterator[Item]:
    """Rules that hold nowhere, no more or not for long; a deny rule among them would be missed without a word."""
    for rule in policy.rules:
        name, place = rule.reference.id, rule.reference.place
        services = sorted(rule.services or ())
        if services and not set(services).intersection(settings.token.services):
            what = f"the rule {name!r} holds for no service of this bridge: {', '.join(services)}"
            yield Item("policy", Grade.WARNING, what, place, suggest(services[0], settings.token.services))
    for found in ending_rules(policy.rules, now.date()):
        yield Item("policy", Grade.WARNING, found.what, found.place, found.remedy)


def _check_sids(settings: Settings, policy: Policy) -> Iterator[Item]:
    """Only token-groups tells SIDs: by any other strategy a rule for one cannot be decided, so it never allows."""
    strategy = settings.directory.options.strategy
    if strategy == "token-groups":
        return
    what = "is named by its SID, and the strategy {} tells no SIDs: its allow rules match nobody, its deny rules anyone"
    for each in policy.group_references():
        if each.sid:
            text = f"group {each.name} {what.format(strategy)}"
            yield Item("policy", Grade.FINDING, text, each.place, "Name it by its DN.")


def _with_key(problem: Problem, settings: Settings, path: Path, key: str) -> Problem:
    """A policy that is not there is a mistake in the settings, so the key is named too."""
    if problem.where is None or problem.where.line or Path(problem.where.file) != path:
        return problem
    what = f"{problem.where}: {problem.what}"
    return Problem(what, settings.place("policy", key), problem.remedy)
