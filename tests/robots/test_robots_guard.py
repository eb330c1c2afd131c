"""Robots' failed logins count for the address that they come from, and for nothing else."""

import asyncio
from datetime import UTC, datetime
from ipaddress import IPv4Address

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.guard import Block, Budget, Budgets
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.robots import RobotGate, new_secret, parse_robots
from ldap_token_bridge.robots.edit import add_robot, make_robot
from ldap_token_bridge.robots.gate import RobotLogin
from tests.support.budgets import in_memory
from tests.support.counting_directory import Clock

HERE, THERE = IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2")
SECRET = new_secret()


def guarded(budgets: Budgets) -> RobotGate:
    """A gate that knows one robot, `ci`, with SECRET."""
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    now = datetime(2026, 11, 22, tzinfo=UTC).timestamp
    return RobotGate(parse_robots(text, "robots.yaml"), remember=60, remember_refused=60, now=now, budgets=budgets)


async def login(gate: RobotGate, secret: Secret, address: IPv4Address = HERE, name: str = "ci") -> RobotLogin:
    """One try."""
    return await gate.login(Credentials(f"robot+{name}", secret), address, Deadline.after(20))


async def test_wrong_secrets_use_up_the_address() -> None:
    """Also of a robot that does not exist; elsewhere, and with a secret that memory knows, a robot is let in."""
    gate = guarded(in_memory(Budget(1, 900), Budget(2, 60), 100, Clock()))
    assert (await login(gate, SECRET)).refusal is None
    wrong = new_secret()
    for _ in range(5):
        assert (await login(gate, wrong)).refusal is Refusal.WRONG_CREDENTIALS
    assert (await login(gate, new_secret(), name="nobody")).refusal is Refusal.WRONG_CREDENTIALS
    blocked = await login(gate, new_secret())
    assert (blocked.refusal, blocked.block) == (Refusal.TOO_MANY_ATTEMPTS, Block("address", 60))
    assert (await login(gate, SECRET)).refusal is None
    assert (await login(gate, new_secret(), THERE)).refusal is Refusal.WRONG_CREDENTIALS


async def test_the_block_of_another_address_is_none_of_this_one() -> None:
    """Though both send the same secret at the same moment, and share one look at it."""
    budgets = in_memory(None, Budget(1, 60), 100, Clock())
    gate = guarded(budgets)
    await budgets.failed(HERE)
    here, there = await asyncio.gather(login(gate, SECRET, HERE), login(gate, SECRET, THERE))
    assert here.refusal is Refusal.TOO_MANY_ATTEMPTS
    assert there.refusal is None
