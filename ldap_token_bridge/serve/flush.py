"""Forgetting by hand what is remembered of an account, or of everyone."""

from collections.abc import Mapping

from ldap_token_bridge.cache import StoreDown
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import account_ids
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import SubjectKind, machine_of
from ldap_token_bridge.observe import Metrics, log
from ldap_token_bridge.robots import RobotGate

from .parts import DirectoryParts


async def flush(
    account: str, parts: DirectoryParts, robots: RobotGate, metrics: Metrics, deadline: Deadline
) -> Mapping[str, int]:
    """Forgets the account, by its name, or everyone if that is empty; gives how much of each kind was remembered.

    Raises Unavailable if nobody can tell whose account it is, or other bridges cannot be told.
    """
    before = _sizes(parts, robots)
    ids = await _forget(account, parts, robots, deadline) if account else _forget_all(parts, robots)
    after = _sizes(parts, robots)
    forgotten = {kind: max(0, before[kind] - after[kind]) for kind in before}
    metrics.cache_flushes.labels("account" if account else "all").inc()
    # Whose memory it was stands there by the directory's own id: what was typed could be anything.
    log().info("the memory was flushed", what="account" if account else "all", ids=sorted(ids), **forgotten)
    if parts.store:
        try:
            if account:
                for unique_id in ids:
                    await parts.store.forget(unique_id)
            else:
                await parts.store.forget_all()
        except StoreDown as error:
            what = "this bridge has forgotten; the shared store could not be told, so others may remember"
            raise Unavailable(what, detail=str(error)) from None
    return forgotten


async def _forget(account: str, parts: DirectoryParts, robots: RobotGate, deadline: Deadline) -> frozenset[str]:
    machine = machine_of(account)
    if machine is not None:
        if machine[0] is SubjectKind.ROBOT:
            robots.forget(machine[1])
        return frozenset()
    ids = await account_ids(parts.authenticator, parts.directory, account, deadline)
    for unique_id in ids:
        parts.authenticator.forget(unique_id)
        await parts.budgets.forget(unique_id)
    parts.groups.clear()  # which group is in which concerns this account, too
    return ids


def _forget_all(parts: DirectoryParts, robots: RobotGate) -> frozenset[str]:
    """Budgets go on: a flush is no leave to try more passwords on every account."""
    parts.authenticator.forget(None)
    parts.groups.clear()
    robots.forget(None)
    return frozenset()


def _sizes(parts: DirectoryParts, robots: RobotGate) -> dict[str, int]:
    return {**parts.authenticator.sizes(), "groups": len(parts.groups), "robots": len(robots)}
