"""The journey of a token request: authenticate, resolve groups, hold the scopes against the policy, sign.

Who asks is proved by a person's password, by a refresh token that was issued for one, by a robot's secret, or by the
token of a workload's own platform; from there on the way is the same.

Everything it decides with comes from one `Snapshot`, taken once a request, so that a reload never mixes two policies.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from .deadline import Deadline
from .directory import Authenticated, Authenticator, Login, Refused, Spent
from .errors import BadRequest, Unavailable
from .guard import Block
from .identity import Account, Credentials, Refusal, Secret, Subject, SubjectKind, machine_of
from .observe import spans
from .policy import Decision, DecisionMemory, Policy, Question, Shadowed, ask_shadow
from .refresh_service import NewRefreshToken, NotRenewed, RefreshRules, RefreshUse, renew
from .registry import Access, parse_scopes
from .robots import RobotGate, robot_name
from .tokens import Claims, Keyring, RefreshRefusal, mint
from .workloads import WorkloadGate, WorkloadRefusal, issuer_name

# More than any client asks for at once, and more than fits into the header that carries a token.
MAX_ACCESS = 200


@dataclass(frozen=True, slots=True)
class TokenRules:
    """`bridge.yaml`'s `token`: who issues tokens, for which registries, for how many seconds, and what is told."""

    issuer: str
    services: tuple[str, ...]
    lifetime: int
    x5c: bool
    issued_at: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a request is decided with; replaced whole by a reload. `shadow` is compared with and decides nothing."""

    rules: TokenRules
    policy: Policy
    keyring: Keyring
    authenticator: Authenticator
    robots: RobotGate
    workloads: WorkloadGate
    shadow: Policy | None = None
    refresh: RefreshRules | None = None
    decisions: DecisionMemory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decisions", DecisionMemory(self.policy))


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client asks for, with a password, a refresh token, or neither.

    `service` may be empty; `scopes` are as sent; `account` is a hint and never believed; `offline` asks for a refresh
    token.
    """

    credentials: Credentials | None
    service: str
    scopes: tuple[str, ...]
    address: IPv4Address | IPv6Address | None
    account: str = ""
    client_id: str = ""
    offline: bool = False
    refresh_token: Secret | None = None

    @property
    def grant(self) -> str:
        """By what it is proved who asks: `password`, `refresh_token` or `none`."""
        if self.refresh_token is not None:
            return "refresh_token"
        return "none" if self.credentials is None else "password"


@dataclass(frozen=True, slots=True)
class Way:
    """How it was found out who asks: whether memory answered for the directory, and the milliseconds in each stage.

    `refresh_id` names the refresh token that was issued or used, empty if there was none. `workload` is what the audit
    line tells of the token of a workload, empty for others. `stale_seconds` as of a login.
    """

    cache: Literal["hit", "miss", "none"] = "none"
    spent: Spent = field(default_factory=Spent)
    refresh_id: str = ""
    workload: Mapping[str, str] = field(default_factory=dict)
    stale_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, and why it says what it says. `issued_at` is Unix time, None if clients are not told."""

    token: str = field(repr=False)
    expires_in: int
    issued_at: int | None
    service: str
    subject: str
    asked: tuple[Access, ...]
    decision: Decision
    policy_hash: str
    key_id: str
    way: Way
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotIssued:
    """No token, and why. `subject` is the canonical account, empty if none was found; `block` is a budget used up."""

    reason: Refusal | RefreshRefusal | WorkloadRefusal
    service: str
    subject: str
    asked: tuple[Access, ...]
    policy_hash: str
    way: Way
    shadow: Shadowed | None = None
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """A request with all that it is decided by, from its beginning to its end."""

    request: TokenRequest
    snapshot: Snapshot
    service: str
    asked: tuple[Access, ...]
    deadline: Deadline

    def refuse(
        self,
        reason: Refusal | RefreshRefusal | WorkloadRefusal,
        account: str = "",
        way: Way | None = None,
        shadow: Shadowed | None = None,
        block: Block | None = None,
    ) -> NotIssued:
        """The answer without a token."""
        policy_hash = self.snapshot.policy.hash
        return NotIssued(reason, self.service, account, self.asked, policy_hash, way or Way(), shadow, block)


class TokenService:
    """Answers token requests. `now` gives seconds since 1970."""

    def __init__(self, snapshot: Snapshot, now: Callable[[], float] = time.time) -> None:
        self.snapshot = snapshot
        self._now = now

    def issue_at_once(self, request: TokenRequest, deadline: Deadline) -> Issued | NotIssued | None:
        """What `issue` answers without asking anybody: the most common requests need no wait, and no watch over one.

        None if somebody has to be asked. Raises as `issue` does.
        """
        if request.refresh_token is not None or (request.offline and self.snapshot.refresh is not None):
            return None
        if request.credentials is None:
            return self._anonymous(self._case(request, deadline))
        if machine_of(request.credentials.username):
            return None
        login = self.snapshot.authenticator.recollect(request.credentials)
        return None if login is None else self._answer(self._case(request, deadline), login)

    async def issue(self, request: TokenRequest, deadline: Deadline) -> Issued | NotIssued:
        """A token or a refusal. Raises BadRequest for an unknown service, Unavailable if no directory answers."""
        case = self._case(request, deadline)
        if request.refresh_token is not None:
            return await self._renew(case, request.refresh_token)
        if request.credentials is None:
            return self._anonymous(case)
        if robot_name(request.credentials.username) is not None:
            return await self._robot(case, request.credentials)
        if issuer_name(request.credentials.username) is not None:
            return await self._workload(case, request.credentials)
        return await self._person(case, request.credentials)

    async def _person(self, case: _Case, credentials: Credentials) -> Issued | NotIssued:
        """A person's password, checked by the directory."""
        refresh = case.snapshot.refresh if case.request.offline else None
        # The date that a refresh token holds must be that of the password just checked: nothing comes from memory.
        login = await case.snapshot.authenticator.login(
            credentials, case.deadline, case.request.address, anew=refresh is not None
        )
        # A hit: no password may be checked at the moment.
        if refresh is None or isinstance(login, Refused) or login.cache == "hit":
            return self._answer(case, login)
        made = refresh.issue(login, case.service, case.request.client_id, self._now())
        return self._issue_to_person(case, login, made)

    def _answer(self, case: _Case, login: Login) -> Issued | NotIssued:
        """What a login comes to that brings no refresh token."""
        if isinstance(login, Authenticated):
            return self._issue_to_person(case, login, None)
        return case.refuse(login.reason, _name(login.account), Way(login.cache, login.spent), block=login.block)

    async def _renew(self, case: _Case, token: Secret) -> Issued | NotIssued:
        """A token for a refresh token: with what its account may do by now, and nothing besides."""
        refresh = case.snapshot.refresh
        if refresh is None:
            return case.refuse(RefreshRefusal.DISABLED)
        use = RefreshUse(token, case.service, case.request.client_id, self._now())
        found = await renew(refresh, use, case.snapshot.authenticator, case.deadline)
        if isinstance(found, NotRenewed):
            login = found.login
            way = Way(login.cache, login.spent, found.token_id) if login else Way(refresh_id=found.token_id)
            return case.refuse(found.reason, found.account, way)
        # The same one again to who asks for one: replaced by another, it would shut out clients that keep the first.
        same = NewRefreshToken(found.token_id, token.reveal().decode() if case.request.offline else "")
        return self._issue_to_person(case, found.login, same)

    def _issue_to_person(self, case: _Case, login: Authenticated, refresh: NewRefreshToken | None) -> Issued:
        if login.stale_seconds and not all(map(_is_pull, case.asked)):
            detail = "no directory answers; from memory people pull and nothing else (cache.stale_if_down)"
            raise Unavailable("the directory does not answer", detail=detail)
        subject = Subject(SubjectKind.USER, login.account.name, login.groups)
        way = Way(login.cache, login.spent, refresh.token_id if refresh else "", stale_seconds=login.stale_seconds)
        issued = self._sign(case, subject.account, self._decide(case, subject), way)
        return replace(issued, refresh_token=refresh.token) if refresh else issued

    async def _robot(self, case: _Case, credentials: Credentials) -> Issued | NotIssued:
        """A robot's secret, which the directory never hears of. A robot gets no refresh token: it has its secret."""
        login = await case.snapshot.robots.login(credentials, case.request.address, case.deadline)
        robot = Subject(SubjectKind.ROBOT, login.name)
        way = Way("hit" if login.from_memory else "miss")
        if login.refusal is not None:
            return case.refuse(login.refusal, robot.account if login.name else "", way, block=login.block)
        return self._sign(case, robot.account, self._decide(case, robot), way)

    async def _workload(self, case: _Case, credentials: Credentials) -> Issued | NotIssued:
        """A token of a workload's own platform; nor does it get a refresh token: its own ends soon for a reason."""
        login = await case.snapshot.workloads.login(credentials, case.request.address, case.deadline)
        workload = Subject(SubjectKind.WORKLOAD, login.name)
        way = Way(workload=login.told)
        if login.refusal is not None:
            return case.refuse(login.refusal, way=way, block=login.block)
        return self._sign(case, workload.account, self._decide(case, workload), way)

    def _case(self, request: TokenRequest, deadline: Deadline) -> _Case:
        snapshot = self.snapshot
        service = _service_of(request.service, snapshot.rules.services)
        asked = parse_scopes(request.scopes)
        if len(asked) > MAX_ACCESS:
            raise BadRequest(f"the request asks for more than {MAX_ACCESS} repositories; ask for fewer at once")
        return _Case(request, snapshot, service, asked, deadline)

    def _anonymous(self, case: _Case) -> Issued | NotIssued:
        """A token for nobody, where the policy gives something of what is asked to anyone; else a challenge."""
        snapshot, shadow = case.snapshot, None
        if (snapshot.policy.allows_anonymous or snapshot.shadow) and not case.request.account:
            decision = self._decide(case, None)
            if snapshot.policy.allows_anonymous and (decision.granted or not case.asked):
                return self._sign(case, "", decision, Way())
            shadow = decision.shadow
        return case.refuse(Refusal.NO_CREDENTIALS, shadow=shadow)

    def _decide(self, case: _Case, subject: Subject | None) -> Decision:
        now = datetime.fromtimestamp(self._now(), UTC)
        question = Question(subject, case.asked, case.service, case.request.address, now)
        with spans().step("policy"):
            decision = case.snapshot.decisions.decide(question)
        if case.snapshot.shadow is None:
            return decision
        return replace(decision, shadow=ask_shadow(case.snapshot.shadow, question, decision))

    def _sign(self, case: _Case, name: str, decision: Decision, way: Way) -> Issued:
        now = self._now()
        rules, key = case.snapshot.rules, case.snapshot.keyring.active
        if rules.x5c and now > key.not_after.timestamp():
            # Registries would refuse the token, and nobody would see why.
            detail = f"the certificate of {key.name} has expired"
            raise Unavailable("the bridge cannot sign now", detail=detail)
        claims = Claims(rules.issuer, case.service, name, decision.granted, rules.lifetime)
        with way.spent.waiting("sign"):
            token = mint(key, claims, now=now, token_id=secrets.token_hex(16), x5c=rules.x5c)
        return Issued(
            token=token,
            expires_in=rules.lifetime,
            # `iat` is dated back for the registry's clock; clients add `expires_in` to this, and must come to `exp`.
            issued_at=int(now) if rules.issued_at else None,
            service=case.service,
            subject=name,
            asked=case.asked,
            decision=decision,
            policy_hash=case.snapshot.policy.hash,
            key_id=key.kid,
            way=way,
        )


def _is_pull(access: Access) -> bool:
    return access.type == "repository" and set(access.actions) <= {"pull"}


def _name(account: Account | None) -> str:
    return account.name if account else ""


def _service_of(asked: str, services: tuple[str, ...]) -> str:
    """The registry that a token is for; clients that leave it out mean the only one there is."""
    if asked in services:
        return asked
    if not asked and len(services) == 1:
        return services[0]
    if not asked:
        raise BadRequest("the request names no service, and this bridge serves several registries")
    raise BadRequest("the request names a service that this bridge does not serve; see token.services in bridge.yaml")
