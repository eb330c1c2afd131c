"""Workloads' refused tokens count for the address that they come from, as robots' and people's wrong secrets do."""

import asyncio
from ipaddress import IPv4Address

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.guard import Block, Budget, Budgets
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.tokens import TrustedKeys
from ldap_token_bridge.workloads import ClaimPattern, Entry, Issuer, WorkloadGate, WorkloadLogin, WorkloadRefusal
from tests.support.budgets import in_memory
from tests.support.counting_directory import Clock
from tests.support.platform import AUDIENCE, GITLAB, SigningPlatform, gitlab_claims

HERE, THERE = IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2")
NOW = 1_800_000_000.0
PLATFORM, STRANGER = SigningPlatform(), SigningPlatform()


def guarded(budgets: Budgets) -> WorkloadGate:
    """One issuer, called `gitlab`, with one workload."""
    entry = Entry("deploy", {"project_path": ClaimPattern("team-a/app")})
    issuer = Issuer(GITLAB, AUDIENCE, 86_400, (entry,), TrustedKeys.of_jwks(PLATFORM.jwks()))
    return WorkloadGate({"gitlab": issuer}, now=lambda: NOW, budgets=budgets, remember_refused=60)


def job(platform: SigningPlatform = PLATFORM, **changes: object) -> Secret:
    """The token of a job, unlike any other."""
    return platform.token(gitlab_claims(NOW, **changes))


async def login(
    gate: WorkloadGate, token: Secret, address: IPv4Address = HERE, user: str = "workload+gitlab"
) -> WorkloadLogin:
    """One try."""
    return await gate.login(Credentials(user, token), address, Deadline.after(20))


async def test_refused_tokens_use_up_the_address() -> None:
    """Forged, over, or under the name of no issuer; another address is not touched."""
    gate = guarded(in_memory(None, Budget(3, 60), 100, Clock()))
    assert (await login(gate, job(STRANGER))).refusal is WorkloadRefusal.BAD_SIGNATURE
    assert (await login(gate, job(aud="other"))).refusal is WorkloadRefusal.WRONG_AUDIENCE
    assert (await login(gate, job(), user="workload+other")).refusal is WorkloadRefusal.UNKNOWN_ISSUER
    blocked = await login(gate, job(STRANGER, jti="next"))
    assert (blocked.refusal, blocked.block) == (Refusal.TOO_MANY_ATTEMPTS, Block("address", 60))
    assert (await login(gate, job(STRANGER, jti="next"), THERE)).refusal is WorkloadRefusal.BAD_SIGNATURE


async def test_a_good_token_is_never_blocked() -> None:
    """Whatever failed from there: nothing is won by trying, and a job cannot prove its token ahead of others' failures.

    Robots are let in during a block in the same way, by the secret that was proved before.
    """
    budgets = in_memory(None, Budget(1, 60), 100, Clock())
    gate = guarded(budgets)
    await budgets.failed(HERE)
    assert (await login(gate, job())).name == "deploy"


async def test_one_stale_token_counts_once() -> None:
    """Clients repeat themselves, at once and one after the other: that must not shut out who shares the address."""
    budgets = in_memory(None, Budget(2, 60), 100, Clock())
    gate, stale = guarded(budgets), job(exp=int(NOW) - 100, iat=int(NOW) - 200)
    found = await asyncio.gather(*(login(gate, stale) for _ in range(20)))
    found += [await login(gate, stale) for _ in range(20)]
    assert {each.refusal for each in found} == {WorkloadRefusal.EXPIRED}
    assert await budgets.blocked(HERE) is None


async def test_a_token_that_counted_is_told_the_same_during_a_block() -> None:
    """It counts no more, so it has no time to wait either; one that never counted has."""
    gate = guarded(in_memory(None, Budget(1, 60), 100, Clock()))
    stale = job(exp=int(NOW) - 100, iat=int(NOW) - 200)
    for _ in range(2):
        assert (await login(gate, stale)).refusal is WorkloadRefusal.EXPIRED
    assert (await login(gate, job(aud="other"))).refusal is Refusal.TOO_MANY_ATTEMPTS


async def test_one_stale_token_counts_once_while_the_budget_is_asked() -> None:
    """That may be a store's: all have asked before the first one has counted."""

    class Slow(Budgets):
        failures = 0

        async def blocked(self, _address: object) -> Block | None:
            await asyncio.sleep(0)
            return None

        async def failed(self, _address: object) -> None:
            self.failures += 1

    budgets = Slow()
    gate, stale = guarded(budgets), job(exp=int(NOW) - 100, iat=int(NOW) - 200)
    await asyncio.gather(*(login(gate, stale) for _ in range(20)))
    assert budgets.failures == 1


async def test_what_is_no_token_does_not_count() -> None:
    """An empty variable, or a password: as with robots, whose secrets have a form, too."""
    budgets = in_memory(None, Budget(1, 60), 100, Clock())
    gate = guarded(budgets)
    for text in (b"", b"hunter2", b"a.b.c"):
        assert (await login(gate, Secret(text))).refusal is WorkloadRefusal.MALFORMED
    assert await budgets.blocked(HERE) is None
