"""A workload's login: the issuer that its user name tells, and the issuer's token in the place of a password.

Whose token it is stands in the token alone; the user name only says who is to have signed it. Verifying takes a part
of a millisecond, so no token is remembered as good, and one that ends or a key that goes counts at once. A refused one
counts for its address, once in a while however often it comes; a good one is let in whatever else failed from there.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import partial
from ipaddress import IPv4Address, IPv6Address

from ldap_token_bridge.cache import PasswordMarks, RejectedPasswords
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.guard import Block, Budgets
from ldap_token_bridge.identity import Credentials, Refusal, Secret, SubjectKind, machine_of
from ldap_token_bridge.tokens import NotProved, read_signed
from ldap_token_bridge.values import dataclass

from .claims import judge, safe_claims
from .fetch import fetch_keys
from .keys import FetchedKeys, FixedKeys, KeySource, OnFetch
from .model import Issuer, KeysAddress, WorkloadRefusal

_Address = IPv4Address | IPv6Address | None
_AHEAD = 30.0  # seconds; nobody waits
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class WorkloadLogin:
    """What came of it: issuer and workload by their names, empty if not known; `refusal` is None if it was let in.

    `claims` are what the token says of itself, proved, for the audit line. `block` goes with too-many-attempts.
    """

    issuer: str
    name: str
    refusal: WorkloadRefusal | Refusal | None
    claims: Mapping[str, str] = field(default_factory=dict)
    block: Block | None = None

    @property
    def told(self) -> dict[str, str]:
        """What the audit line says beside the workload itself."""
        return {"issuer": self.issuer, **self.claims}


def issuer_name(username: str) -> str | None:
    """The issuer that a user name means; None if it means no workload."""
    machine = machine_of(username)
    return machine[1] if machine and machine[0] is SubjectKind.WORKLOAD else None


class WorkloadGate:
    """Checks tokens of the issuers by their names. `now` gives seconds since 1970.

    `budgets` count what is refused, for its address; the same token not again for `remember_refused` seconds.

    Keys that `before` has fetched are taken over where they come from the same address: a reload while an issuer is
    down shuts nobody out.
    """

    def __init__(
        self,
        issuers: Mapping[str, Issuer],
        *,
        now: Callable[[], float] = time.time,
        budgets: Budgets | None = None,
        remember_refused: float = 0.0,
        on_fetch: OnFetch = lambda _issuer, _outcome: None,
        before: "WorkloadGate | None" = None,
    ) -> None:
        self._issuers = dict(issuers)
        self._now = now
        self._budgets = budgets or Budgets()
        self._on_fetch = on_fetch
        self._marks = PasswordMarks()
        self._counted = RejectedPasswords[bool](_MAX_REMEMBERED, remember_refused)
        self._sources = {name: self._source(name, issuer, before) for name, issuer in issuers.items()}

    async def login(self, credentials: Credentials, address: _Address, deadline: Deadline) -> WorkloadLogin:
        """Whether the workload may log in. Raises IssuerUnavailable if the issuer's keys cannot be had."""
        login = await self._verify(credentials, deadline)
        # What has not the form of a token is none that anybody could try.
        if login.refusal in (None, WorkloadRefusal.MALFORMED):
            return login
        block = await self._count(login.issuer, credentials.password, address)
        return replace(login, refusal=Refusal.TOO_MANY_ATTEMPTS, block=block) if block else login

    async def _count(self, issuer: str, token: Secret, address: _Address) -> Block | None:
        """One failure more for the address; a block if it has none left. Neither for a token that counted lately."""
        mark = self._marks(issuer, token)
        if self._counted.get(issuer, mark):
            return None
        block = await self._budgets.blocked(address)
        if block or self._counted.get(issuer, mark):
            return block
        self._counted.put(issuer, mark, answer=True)
        await self._budgets.failed(address)
        return None

    async def _verify(self, credentials: Credentials, deadline: Deadline) -> WorkloadLogin:
        name = issuer_name(credentials.username) or ""
        issuer = self._issuers.get(name)
        if issuer is None:
            return WorkloadLogin("", "", WorkloadRefusal.UNKNOWN_ISSUER)
        token = read_signed(credentials.password)
        if isinstance(token, NotProved):
            return _not_proved(name, token)
        source = self._sources[name]
        keys = await source.current(deadline)
        claims = token.claims(keys)
        if claims is NotProved.UNKNOWN_KEY:
            claims = token.claims(await source.newer(keys, deadline))
        if isinstance(claims, NotProved):
            return _not_proved(name, claims)
        found, told = judge(claims, issuer, self._now()), safe_claims(claims)
        if isinstance(found, WorkloadRefusal):
            return WorkloadLogin(name, "", found, told)
        return WorkloadLogin(name, found, None, told)

    async def learn_keys(self) -> None:
        """Fetch ahead of the first logins what is not there yet; who needs a key that is not, asks."""
        deadline = Deadline.after(_AHEAD)
        sources = self._sources.values()
        await asyncio.gather(*(source.current(deadline) for source in sources), return_exceptions=True)

    def key_ages(self) -> dict[str, float]:
        """By the issuers' names, where keys are fetched: seconds since they were, infinite if they never were."""
        ages = {name: source.age() for name, source in self._sources.items()}
        return {name: age for name, age in ages.items() if age is not None}

    async def close(self) -> None:
        """Give up what is under way."""
        await asyncio.gather(*(source.close() for source in self._sources.values()))

    def _source(self, name: str, issuer: Issuer, before: "WorkloadGate | None") -> KeySource:
        address = issuer.keys
        if not isinstance(address, KeysAddress):
            return FixedKeys(address)
        if before and name in before._issuers and before._issuers[name].keys == address:  # noqa: SLF001 -- its own kind
            return before._sources[name]  # noqa: SLF001 -- as above
        return FetchedKeys(name, address.seconds, partial(fetch_keys, address), on_fetch=self._on_fetch)


def _not_proved(issuer: str, why: NotProved) -> WorkloadLogin:
    return WorkloadLogin(issuer, "", WorkloadRefusal(f"workload-{why}"))
