"""Refresh tokens at work: issued to who has just shown a password, and held against the directory at each use."""

import secrets
from dataclasses import field

from ldap_token_bridge.values import dataclass

from .cache import Revocations
from .deadline import Deadline
from .directory import Authenticated, Authenticator, Login, Refused
from .identity import Refusal, Secret
from .tokens import RefreshGrant, RefreshKeys, RefreshRefusal, fingerprint, seal, unseal

_NONCE = 12


@dataclass(frozen=True, slots=True)
class RefreshRules:
    """`bridge.yaml`'s `token.refresh`, where that is on. `lifetime` in seconds."""

    keys: RefreshKeys
    revocations: Revocations
    lifetime: int
    same_client: bool

    def issue(self, login: Authenticated, service: str, client_id: str, now: float) -> "NewRefreshToken | None":
        """A token for who has just shown a password; None if it would be longer than is ever read."""
        start, account = int(now), login.account
        grant = RefreshGrant(
            token_id=secrets.token_hex(8),
            account=account.name,
            unique_id=account.unique_id,
            service=service,
            client=fingerprint(client_id),
            issued_at=start,
            expires_at=start + self.lifetime,
            password_date=fingerprint(login.password_date),
        )
        token = seal(grant, self.keys, secrets.token_bytes(_NONCE))
        return NewRefreshToken(grant.token_id, token) if token else None


@dataclass(frozen=True, slots=True)
class NewRefreshToken:
    """The token, and the id by which it is revoked."""

    token_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Renewed:
    """Who it was issued to is still let in."""

    login: Authenticated
    token_id: str


@dataclass(frozen=True, slots=True)
class NotRenewed:
    """Why not. `account` and `token_id` are empty for what is no token of ours; `login` is None if nobody was asked."""

    reason: Refusal | RefreshRefusal
    account: str = ""
    token_id: str = ""
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class RefreshUse:
    """A refresh token as a client presents it; `now` is Unix time."""

    token: Secret
    service: str
    client_id: str
    now: float


async def renew(
    rules: RefreshRules, use: RefreshUse, authenticator: Authenticator, deadline: Deadline
) -> Renewed | NotRenewed:
    """Whether the token is good here and now, and its account too. Raises Unavailable if that cannot be told."""
    grant = unseal(use.token, rules.keys)
    if grant is None:
        return NotRenewed(RefreshRefusal.UNKNOWN)
    client_id = use.client_id if rules.same_client else None
    complaint = grant.complaint(use.service, client_id, use.now, rules.lifetime)
    if complaint is None and await rules.revocations.is_revoked(grant.token_id, grant.account, grant.issued_at):
        complaint = RefreshRefusal.REVOKED
    if complaint is not None:
        return NotRenewed(complaint, grant.account, grant.token_id)
    login = await authenticator.recall(grant.account, grant.unique_id, deadline)
    if login is None:
        return NotRenewed(RefreshRefusal.ACCOUNT_GONE, grant.account, grant.token_id)
    if isinstance(login, Refused):
        return NotRenewed(login.reason, grant.account, grant.token_id, login)
    if not grant.has_password_of(login.password_date):
        return NotRenewed(RefreshRefusal.PASSWORD_CHANGED, grant.account, grant.token_id, login)
    return Renewed(login, grant.token_id)
