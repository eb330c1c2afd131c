"""The journey of a token request: authenticate, resolve groups, hold the scopes against the policy, sign.

Who asks is proved by a person's password, by a refresh token that was issued for one, by a robot's secret, or by the
token of a workload's own platform; from there on the way is the same.

Everything it decides with comes from one `Snapshot`, taken once a request, so that a reload never mixes two policies.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Login, Refused
from ldap_token_bridge.errors import BadRequest, Unavailable
from ldap_token_bridge.guard import Block
from ldap_token_bridge.identity import Account, Credentials, Refusal, Secret, Subject, SubjectKind, machine_of
from ldap_token_bridge.observe import spans
from ldap_token_bridge.policy import Decision, Question, Shadowed, ask_shadow
from ldap_token_bridge.refresh_service import NewRefreshToken, NotRenewed, RefreshUse, renew
from ldap_token_bridge.registry import Access, parse_scopes
from ldap_token_bridge.robots import robot_name
from ldap_token_bridge.tokens import Claims, RefreshRefusal, mint
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.workloads import WorkloadRefusal, issuer_name

from .model import Issued, NotIssued, Snapshot, TokenRequest, Way

# More than any client asks for at once, and more than fits into the header that carries a token.
MAX_ACCESS = 200


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
        if rules.x5c and now > key.ends:
            # Registries would refuse the token, and nobody would see why.
            detail = f"the certificate of {key.name} has expired"
            raise Unavailable("the bridge cannot sign now", detail=detail)
        claims = Claims(rules.issuer, case.service, name, decision.granted, rules.lifetime)
        with way.spent.waiting("sign"):
            token = mint(key, claims, now=now, token_id=os.urandom(16).hex(), x5c=rules.x5c)
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
