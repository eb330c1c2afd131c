"""A robot's login: the name it types, the secret that proves it, from where and until when.

A name that is no robot's goes through the same steps as a wrong secret, hash included. Secrets that were proved or
refused a moment ago are remembered as keyed hashes, so that a pipeline's hundred requests cost one argon2 hash, with a
reload among them, too. They are remembered of a robot with just these hashes: once they change, nothing of it counts.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from ldap_token_bridge.cache import PasswordMarks, PasswordProofs, RejectedPasswords, SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Block, Budgets, client_key
from ldap_token_bridge.identity import Credentials, Refusal, Secret, SubjectKind, is_robot_name, machine_of
from ldap_token_bridge.values import dataclass

from .load import Robots
from .model import MAX_NAME, Robot
from .secret import is_secret

_Address = IPv4Address | IPv6Address | None
# One at a time keeps the event loop's core free, and a thread of their own lets nothing else that hangs stop robots.
_HASHING = ThreadPoolExecutor(1, "robots")
_MOST_WAITING = 64  # more would not be served within their deadline
# Once the line is long nobody makes it longer: neither one client, nor many for one robot's name or for names that
# no robot has. A client's share is the smaller one: it uses up no robot's.
_LONG = 40
_OF_ONE_CLIENT = 24
_FOR_ONE_ROBOT = 48
_MAX_REMEMBERED = 10_000


class TooManyRobots(Unavailable):
    """More secrets wait to be checked than can be in time. Answered with 503."""


@dataclass(frozen=True, slots=True)
class RobotLogin:
    """What came of it: the robot's name, and why it was refused, None if it was let in.

    `block` goes with too-many-attempts.
    """

    name: str
    refusal: Refusal | None
    from_memory: bool = False
    block: Block | None = None


def robot_name(username: str) -> str | None:
    """The robot that a user name means; None if it means a person."""
    machine = machine_of(username)
    return machine[1] if machine and machine[0] is SubjectKind.ROBOT else None


class _Memory:
    """What is remembered of secrets that were proved and refused; in seconds."""

    def __init__(self, proved: float, refused: float) -> None:
        self.times = proved, refused
        self.marks = PasswordMarks()
        self.proofs = PasswordProofs(_MAX_REMEMBERED, proved)
        self.rejected = RejectedPasswords[Refusal](_MAX_REMEMBERED, refused)


class RobotGate:
    """Checks robots' secrets against one state of robots.yaml. Times in seconds; `now` since 1970.

    What `before` remembers is taken over where it is remembered for the same times.
    """

    def __init__(
        self,
        robots: Robots,
        *,
        remember: float,
        remember_refused: float,
        now: Callable[[], float] = time.time,
        budgets: Budgets | None = None,
        before: "RobotGate | None" = None,
    ) -> None:
        self._robots = robots
        # While one robot's secret is being changed it has two hashes; a wrong secret costs as many for every name.
        self._hashes = max((len(robot.hashes) for robot in robots), default=1)
        self._budgets = budgets or Budgets()
        self._now = now
        self._memory = _Memory(remember, remember_refused)
        if before and before._memory.times == self._memory.times:  # noqa: SLF001 -- its own kind
            self._memory = before._memory  # noqa: SLF001 -- as above
        self._proofs, self._rejected = self._memory.proofs, self._memory.rejected
        self._checking = SingleFlight[bytes, bool | Block]()
        self._waiting: dict[bytes, tuple[str, str]] = {}  # by mark: for which robot, and from which client

    async def login(self, credentials: Credentials, address: _Address, deadline: Deadline) -> RobotLogin:
        """Whether the robot may log in. Raises TooManyRobots."""
        name = robot_name(credentials.username) or ""
        secret = credentials.password
        # What has not the form of a secret costs no hash and is not remembered.
        if len(name) > MAX_NAME or not is_robot_name(name) or not is_secret(secret):
            return RobotLogin("", Refusal.WRONG_CREDENTIALS)
        robot = self._robots.by_name.get(name)
        told, key = name if robot else "", _key(name, robot)
        mark = self._memory.marks(key, secret)
        if self._rejected.get(key, mark) is not None:
            return RobotLogin(told, Refusal.WRONG_CREDENTIALS, from_memory=True)
        remembered = self._proofs.holds(key, mark)
        if not remembered:
            proved = await self._check(key, mark, robot, secret, address, deadline)
            if isinstance(proved, Block):
                return RobotLogin(told, Refusal.TOO_MANY_ATTEMPTS, block=proved)
            if not proved:
                return RobotLogin(told, Refusal.WRONG_CREDENTIALS)
        # Only who knows the secret learns why it does not help.
        return RobotLogin(told, self._refusal_of(robot, address), from_memory=remembered)

    def forget(self, name: str | None) -> None:
        """Remember nothing more of a robot's secrets, or of any."""
        for memory in (self._proofs, self._rejected):
            memory.clear() if name is None else memory.forget(_key(name, self._robots.by_name.get(name)))

    def __len__(self) -> int:
        return len(self._proofs) + len(self._rejected)

    async def close(self) -> None:
        """Give up what is under way."""
        await self._checking.close()

    async def _check(
        self, key: str, mark: bytes, robot: Robot | None, secret: Secret, address: _Address, deadline: Deadline
    ) -> bool | Block:
        is_first = mark not in self._waiting
        if is_first:
            self._line_up(mark, (robot.name if robot else "", client_key(address)))
        try:
            proved = await self._budgets.joined(
                address,
                lambda: self._checking.run(mark, lambda: self._compare(robot, secret, address, deadline), deadline),
            )
        finally:
            if is_first:
                del self._waiting[mark]
        if isinstance(proved, Block):
            return proved
        if proved:
            self._proofs.remember(key, mark)
        else:
            self._rejected.put(key, mark, Refusal.WRONG_CREDENTIALS)
        return proved

    def _line_up(self, mark: bytes, who: tuple[str, str]) -> None:
        """Raises TooManyRobots."""
        line = len(self._checking)
        for_robot, from_client = ([each[side] for each in self._waiting.values()].count(who[side]) for side in (0, 1))
        is_share_used = line >= _LONG and (for_robot >= _FOR_ONE_ROBOT or from_client >= _OF_ONE_CLIENT)
        if line >= _MOST_WAITING or is_share_used:
            raise TooManyRobots("too many robots log in at once")
        self._waiting[mark] = who

    async def _compare(
        self, robot: Robot | None, secret: Secret, address: _Address, deadline: Deadline
    ) -> bool | Block:
        async with self._budgets.turn(address, deadline) as block:
            if block:
                return block
            proved = await asyncio.get_running_loop().run_in_executor(_HASHING, _compare, robot, secret, self._hashes)
            if not proved:
                await self._budgets.failed(address)
            return proved

    def _refusal_of(self, robot: Robot | None, address: _Address) -> Refusal | None:
        if robot is None:
            return Refusal.WRONG_CREDENTIALS
        if robot.revoked:
            return Refusal.ROBOT_REVOKED
        if robot.has_ended(datetime.fromtimestamp(self._now(), UTC).date()):
            return Refusal.ROBOT_EXPIRED
        return None if robot.may_come_from(address) else Refusal.WRONG_NETWORK


def _key(name: str, robot: Robot | None) -> str:
    """Under what a robot's secrets are remembered: no name holds a colon."""
    return ":".join((name, *robot.hashes)) if robot else name


def _compare(robot: Robot | None, secret: Secret, hashes: int) -> bool:
    """A secret that is wrong takes the time of so many hashes, for a robot that does not exist, too."""
    from .hashes import proves_one  # noqa: PLC0415 -- brings argon2

    return proves_one(secret, robot.hashes if robot else (), hashes)
