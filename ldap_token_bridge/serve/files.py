"""What is read anew by every reload: keys, policy, and the shadow policy, which never stands in their way."""

from collections.abc import Mapping
from datetime import datetime

from ldap_token_bridge.checkup import read_keys, read_policy, read_refresh, read_robots, read_shadow, read_workloads
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.refresh_service import RefreshRules
from ldap_token_bridge.robots import Robots
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.workloads import Issuer

from .unnoticed import unnoticed


@dataclass(frozen=True, slots=True)
class Files:
    """`refresh` is None if refresh tokens are off; `refresh_problems` say which of their files are as they were before.

    `shadow` is None if there is none, or none that can be used; `shadow_problems` then say why.
    """

    policy: Policy
    keyring: Keyring
    refresh: RefreshRules | None
    refresh_problems: tuple[Problem, ...]
    robots: Robots
    issuers: Mapping[str, Issuer]
    shadow: Policy | None
    shadow_problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def read_files(settings: Settings, now: datetime, before: Files | None = None) -> Files:
    """Raises Misconfigured with every problem of keys and policy; a policy whose own tests fail is not taken up.

    What refresh tokens need is written by commands while the bridge runs: where it cannot be read, what was `before`
    stays, and stands in nobody's way.
    """
    with unnoticed():
        keys, policy, shadow = read_keys(settings, now), read_policy(settings, now), read_shadow(settings, now)
    refresh = read_refresh(settings, before.refresh if before else None)
    refresh_obstacles = () if refresh.value else refresh.obstacles
    robots, workloads = read_robots(settings, policy.value, now), read_workloads(settings, policy.value)
    obstacles = (*keys.obstacles, *refresh_obstacles, *policy.obstacles, *robots.obstacles, *workloads.obstacles)
    if obstacles or not keys.value or not policy.value or robots.value is None or workloads.value is None:
        raise Misconfigured(obstacles)
    usable = None if shadow.obstacles else shadow.value
    readings = (keys, refresh, policy, shadow, robots, workloads)
    warnings = tuple(warning for reading in readings for warning in reading.warnings)
    return Files(
        policy=policy.value,
        keyring=keys.value,
        refresh=refresh.value,
        refresh_problems=refresh.obstacles,
        robots=robots.value,
        issuers=workloads.value,
        shadow=usable,
        shadow_problems=shadow.obstacles,
        warnings=warnings,
    )
