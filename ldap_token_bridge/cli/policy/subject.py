"""Whom a question is about, and which policy it is put to: from a policy file, or as the directory has it now."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, TypeVar

import click

from ldap_token_bridge.checkup.person import Whoami
from ldap_token_bridge.cli.common import ANY_PATH, config_option, find_config, show_warnings
from ldap_token_bridge.cli.whoami import ask, read_files
from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Group, Refusal, Subject, SubjectKind
from ldap_token_bridge.policy import Policy, load_policy
from ldap_token_bridge.registry import is_path_component
from ldap_token_bridge.robots import load_robots
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import suggest

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """The policy with the subject, None for the anonymous client. `state` is why the account cannot log in now."""

    policy: Policy
    subject: Subject | None
    service: str = ""
    state: Refusal | None = None


class NotFound(Exception):
    """The directory does not know the person whole; `person` says why."""

    def __init__(self, person: Whoami) -> None:
        super().__init__(person.typed)
        self.person = person


def policy_options(function: Decorated) -> Decorated:
    """`--policy FILE` and `-c/--config FILE`, passed on as `policy_path` and `config`."""
    named = click.option(
        "--policy",
        "policy_path",
        type=ANY_PATH,
        metavar="FILE",
        help="The policy file or folder. Else the one that bridge.yaml names.",
    )
    return config_option(named(function))


def read_policy(policy_path: Path | None, config: Path | None) -> Policy:
    """The policy in a file, or else the one of bridge.yaml; raises Misconfigured."""
    if policy_path is None:
        try:
            settings_path = find_config(config)
        except Misconfigured as error:
            what = "; ".join(problem.what for problem in error.problems)
            remedy = "Name it: --policy policy.yaml, or the settings: -c bridge.yaml"
            raise Misconfigured.one(f"no policy is named: {what}", remedy=remedy) from None
        return in_force(load_policy(load_settings(settings_path, os.environ).policy.path))
    return load_policy(policy_path)


def in_force(policy: Policy) -> Policy:
    """The same, which bridge.yaml names; says on stderr if its own tests keep it out of force."""
    if not all(result.passed for result in policy.run_tests(datetime.now(UTC))):
        show_warnings((f"{', '.join(policy.files)}: this file is not in force: its tests fail. See: policy test",))
    return policy


def from_files(policy: Policy, kind: SubjectKind, name: str, groups: Sequence[str]) -> Asked:
    """Someone who is in these groups and in no other; raises Misconfigured for a group that the policy does not know.

    A group is a name of the policy, a DN, a SID, or FAMILY:WORD.
    """
    return Asked(policy, Subject(kind, name, tuple(_group(policy, text) for text in groups)))


def from_directory(policy_path: Path | None, config: Path | None, user: str) -> Asked:
    """The person as `whoami` finds them; raises NotFound, or Misconfigured if settings or policy cannot be used."""
    settings, policy = read_files(config)
    if policy_path is not None:
        policy = load_policy(policy_path)
    else:
        policy = in_force(policy or load_policy(settings.policy.path))
    person = asyncio.run(ask(settings, policy, user, None))
    if person.account is None or person.groups is None:
        raise NotFound(person)
    subject = Subject(SubjectKind.USER, person.account.name, person.groups)
    services = settings.token.services
    return Asked(policy, subject, services[0] if len(services) == 1 else "", person.state)


def robot_from_files(policy_path: Path | None, config: Path | None, name: str, today: date) -> Asked:
    """A robot, with its state where settings say who the robots are; raises Misconfigured.

    A file of robots that cannot be read is a warning: whoever writes the policy need not be let see it.
    """
    asked = from_files(read_policy(policy_path, config), SubjectKind.ROBOT, name, ())
    if policy_path is not None and config is None:
        return asked
    path = load_settings(find_config(config), os.environ).robots
    try:
        robot = load_robots(path).by_name.get(name) if path else None
    except Misconfigured as error:
        show_warnings(tuple(f"whether the robot can log in is not known: {problem}" for problem in error.problems))
        return asked
    if robot is None:  # what a login is told
        return replace(asked, state=Refusal.WRONG_CREDENTIALS)
    ended = Refusal.ROBOT_EXPIRED if robot.has_ended(today) else None
    return replace(asked, state=Refusal.ROBOT_REVOKED if robot.revoked else ended)


def parse_day(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime:
    """Noon of a day such as 2026-12-24, UTC; now, if none is given."""
    del context, parameter
    if value is None:
        return datetime.now(UTC)
    try:
        return datetime.combine(datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC), time(12), UTC)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day. Write it as 2026-12-24.") from None


def parse_address(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> IPv4Address | IPv6Address | None:
    """An address; None if none is given."""
    del context, parameter
    try:
        return ip_address(value) if value is not None else None
    except ValueError:
        raise click.BadParameter(f"{value!r} is no address. Write one such as 10.20.0.7.") from None


def find_group(policy: Policy, text: str) -> Group | None:
    """The group that is named by its name in the policy, its DN, its SID, or as FAMILY:WORD; None if nothing is."""
    name, colon, word = text.partition(":")
    family = next((each for each in policy.families if fold(each.name) == fold(name)), None) if colon else None
    if family and is_path_component(word.lower()):
        text = family.template.fill(word)
    return policy.group(text)


def _group(policy: Policy, text: str) -> Group:
    group = find_group(policy, text)
    if group is None:
        known = {named.name for named in policy.groups} | {f"{named.name}:WORD" for named in policy.families}
        remedy = f"{suggest(text, known)} Else write a whole DN or a SID.".strip()
        raise Misconfigured.one(f"--group: {text!r} is no group of the policy", remedy=remedy)
    return group
