"""The journey of a token request: authenticate, resolve groups, hold the scopes against the policy, sign.

Everything it decides with comes from one `Snapshot`, taken once a request, so that a reload never mixes two policies.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from .deadline import Deadline
from .directory import Authenticator, Refused
from .errors import BadRequest, Unavailable
from .identity import Account, Credentials, Refusal, Subject, SubjectKind
from .policy import Decision, Policy, Question
from .registry import Access, parse_scopes
from .tokens import Claims, Keyring, mint

# More than any client asks for at once, and more than fits into the header that carries a token.
MAX_ACCESS = 200


@dataclass(frozen=True, slots=True)
class TokenRules:
    """`bridge.yaml`'s `token`: who issues tokens, for which registries, and for how many seconds."""

    issuer: str
    services: tuple[str, ...]
    lifetime: int
    x5c: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a request is decided with; replaced whole by a reload."""

    rules: TokenRules
    policy: Policy
    keyring: Keyring
    authenticator: Authenticator


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client asks for. `service` may be empty; `scopes` are as sent; `account` is a hint and never believed."""

    credentials: Credentials | None
    service: str
    scopes: tuple[str, ...]
    address: IPv4Address | IPv6Address | None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Stages:
    """Milliseconds in each stage, and whether memory answered for the directory."""

    search: float = 0.0
    bind: float = 0.0
    groups: float = 0.0
    sign: float = 0.0
    cache: str = "none"


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, and why it says what it says."""

    token: str = field(repr=False)
    expires_in: int
    service: str
    subject: str
    asked: tuple[Access, ...]
    decision: Decision
    policy_hash: str
    key_id: str
    stages: Stages


@dataclass(frozen=True, slots=True)
class NotIssued:
    """No token, and why. `subject` is the canonical account, empty if none was found."""

    reason: Refusal
    service: str
    subject: str
    asked: tuple[Access, ...]
    policy_hash: str
    stages: Stages


class TokenService:
    """Answers token requests. `now` gives seconds since 1970."""

    def __init__(self, snapshot: Snapshot, now: Callable[[], float] = time.time) -> None:
        self.snapshot = snapshot
        self._now = now

    async def issue(self, request: TokenRequest, deadline: Deadline) -> Issued | NotIssued:
        """A token or a refusal. Raises BadRequest for an unknown service, Unavailable if no directory answers."""
        snapshot = self.snapshot
        service = _service_of(request.service, snapshot.rules.services)
        asked = parse_scopes(request.scopes)
        if len(asked) > MAX_ACCESS:
            raise BadRequest(f"the request asks for more than {MAX_ACCESS} repositories; ask for fewer at once")
        if request.credentials is None:
            return self._anonymous(request, snapshot, service, asked)
        login = await snapshot.authenticator.login(request.credentials, deadline)
        spent = login.spent
        stages = Stages(spent.search, spent.bind, spent.groups, cache=login.cache)
        if isinstance(login, Refused):
            name = _name(login.account)
            return NotIssued(login.reason, service, name, asked, snapshot.policy.hash, stages)
        subject = Subject(SubjectKind.USER, login.account.name, login.groups)
        decision = self._decide(request, snapshot, service, asked, subject)
        return self._sign(snapshot, service, subject.name, asked, decision, stages)

    def _anonymous(
        self, request: TokenRequest, snapshot: Snapshot, service: str, asked: tuple[Access, ...]
    ) -> Issued | NotIssued:
        """A token for nobody, where the policy gives something of what is asked to anyone; else a challenge."""
        policy_hash = snapshot.policy.hash
        if snapshot.policy.allows_anonymous and not request.account:
            decision = self._decide(request, snapshot, service, asked, None)
            if decision.granted or not asked:
                return self._sign(snapshot, service, "", asked, decision, Stages())
        return NotIssued(Refusal.NO_CREDENTIALS, service, "", asked, policy_hash, Stages())

    def _decide(
        self,
        request: TokenRequest,
        snapshot: Snapshot,
        service: str,
        asked: tuple[Access, ...],
        subject: Subject | None,
    ) -> Decision:
        now = datetime.fromtimestamp(self._now(), UTC)
        return snapshot.policy.decide(Question(subject, asked, service, request.address, now))

    def _sign(
        self,
        snapshot: Snapshot,
        service: str,
        name: str,
        asked: tuple[Access, ...],
        decision: Decision,
        stages: Stages,
    ) -> Issued:
        now = self._now()
        rules, key = snapshot.rules, snapshot.keyring.active
        if rules.x5c and now > key.not_after.timestamp():
            # Registries would refuse the token, and nobody would see why.
            detail = f"the certificate of {key.name} has expired"
            raise Unavailable("the bridge cannot sign now", detail=detail)
        claims = Claims(rules.issuer, service, name, decision.granted, rules.lifetime)
        start = time.perf_counter()
        token = mint(key, claims, now=now, token_id=secrets.token_hex(16), x5c=rules.x5c)
        stages = replace(stages, sign=(time.perf_counter() - start) * 1000)
        return Issued(token, rules.lifetime, service, name, asked, decision, snapshot.policy.hash, key.kid, stages)


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
