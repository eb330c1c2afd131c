"""What requests are decided by, made of the settings, what was read, and the directory's parts."""

from collections.abc import Callable

from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.robots import RobotGate
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.token_service import Snapshot, TokenRules
from ldap_token_bridge.workloads import WorkloadGate

from .files import Files
from .parts import DirectoryParts


def snapshot_of(
    settings: Settings,
    files: Files,
    parts: DirectoryParts,
    metrics: Metrics,
    now: Callable[[], float],
    before: Snapshot | None = None,
) -> Snapshot:
    """What was remembered and fetched `before` is taken over as far as it still holds. `now` as for TokenService."""
    cache, budgets = settings.cache, parts.budgets
    token = settings.token
    return Snapshot(
        rules=TokenRules(token.issuer, token.services, token.lifetime, token.x5c, token.issued_at),
        policy=files.policy,
        keyring=files.keyring,
        authenticator=parts.authenticator,
        # Robots' secrets are remembered as long as people's passwords are.
        robots=RobotGate(
            files.robots,
            remember=cache.credentials,
            remember_refused=cache.rejected,
            budgets=budgets,
            before=before.robots if before else None,
        ),
        # What is refused counts for its address as robots' and people's wrong secrets do.
        workloads=WorkloadGate(
            files.issuers,
            now=now,
            budgets=budgets,
            remember_refused=cache.rejected,
            on_fetch=metrics.issuers.fetched,
            before=before.workloads if before else None,
        ),
        shadow=files.shadow,
        refresh=parts.sharing(files.refresh),
    )
