"""The check-up that needs nothing but files: settings, keys, certificates, policy and its tests."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.policy import Policy, load_policy
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.yamlfile import suggest

from .certificates import check_directory_tls, check_server_tls
from .item import Grade, Item, items_of


@dataclass(frozen=True, slots=True)
class Offline:
    """What was found in the files, and the parts that could be read, for whoever goes on."""

    items: tuple[Item, ...]
    settings: Settings | None = None
    directory_tls: ssl.SSLContext | None = None
    policy: Policy | None = None


def check_files(config: Path, environment: Mapping[str, str], now: datetime) -> Offline:
    """Reads everything that `serve` reads at its start; `now` is aware. Never raises for what it finds."""
    try:
        settings = load_settings(config, environment)
    except Misconfigured as error:
        return Offline(tuple(items_of("settings", Grade.UNUSABLE, error.problems)))
    items = [Item("settings", Grade.FINE, str(config)), *items_of("settings", Grade.WARNING, settings.warnings)]
    items += _check_keys(settings, now)
    items += check_server_tls(settings, now)
    context, about_tls = check_directory_tls(settings, now)
    items += about_tls
    policy, about_policy = _check_policy(settings, now)
    items += about_policy
    return Offline(tuple(items), settings, context, policy)


def _check_keys(settings: Settings, now: datetime) -> list[Item]:
    try:
        keyring = Keyring.load(settings.token.keys_dir, now)
    except Misconfigured as error:
        return items_of("keys", Grade.UNUSABLE, error.problems)
    signs = keyring.active
    what = f"{signs.name} signs with {signs.alg}; its certificate is valid until {signs.not_after:%Y-%m-%d}"
    where = settings.place("token", "keys_dir")
    return [
        Item("keys", Grade.FINE, what),
        *(Item("keys", Grade.WARNING, warning, where) for warning in keyring.warnings),
    ]


def _check_policy(settings: Settings, now: datetime) -> tuple[Policy | None, list[Item]]:
    path = settings.policy.path
    try:
        policy = load_policy(path)
    except Misconfigured as error:
        return None, items_of("policy", Grade.UNUSABLE, (_with_key(problem, settings) for problem in error.problems))
    results = policy.run_tests(now)
    failed = [
        Item("policy", Grade.FINDING, f"test failed: {result.text}", result.place, "Mend the rule, or the test.")
        for result in results
        if not result.passed
    ]
    counts = f"rules: {len(policy.rules)}, tests passed: {len(results)}, hash: {policy.hash}"
    fine = Item("policy", Grade.FINE, f"{path}: {counts}")
    return policy, [*(failed or [fine]), *_check_sids(settings, policy), *_check_rules(settings, policy, now)]


def _check_rules(settings: Settings, policy: Policy, now: datetime) -> Iterator[Item]:
    """Rules that hold nowhere or no more; a deny rule among them would be missed without a word."""
    for rule in policy.rules:
        name, place = rule.reference.id, rule.reference.place
        services = sorted(rule.services or ())
        if services and not set(services).intersection(settings.token.services):
            what = f"the rule {name!r} holds for no service of this bridge: {', '.join(services)}"
            yield Item("policy", Grade.WARNING, what, place, suggest(services[0], settings.token.services))
        if rule.until is not None and rule.until < now.date():
            yield Item("policy", Grade.WARNING, f"the rule {name!r} has ended: until {rule.until}", place, "Remove it.")


def _check_sids(settings: Settings, policy: Policy) -> list[Item]:
    """Only token-groups tells SIDs: by any other strategy a rule for one cannot be decided, so it never allows."""
    strategy = settings.directory.options.strategy
    if strategy == "token-groups":
        return []
    what = "is named by its SID, and the strategy {} tells no SIDs: its allow rules match nobody, its deny rules anyone"
    return [
        Item("policy", Grade.FINDING, f"group {each.name} {what.format(strategy)}", each.place, "Name it by its DN.")
        for each in policy.group_references()
        if each.sid
    ]


def _with_key(problem: Problem, settings: Settings) -> Problem:
    """A policy that is not there is a mistake in the settings, so the key is named too."""
    if problem.where is None or problem.where.line or Path(problem.where.file) != settings.policy.path:
        return problem
    what = f"{problem.where}: {problem.what}"
    return Problem(what, settings.place("policy", "path"), problem.remedy)
