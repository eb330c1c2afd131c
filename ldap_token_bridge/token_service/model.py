"""What a token request is made of, what it is decided with, and what comes of it."""

from collections.abc import Mapping
from dataclasses import field
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from ldap_token_bridge.directory import Authenticator, Spent
from ldap_token_bridge.guard import Block
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.policy import Decision, DecisionMemory, Policy, Shadowed
from ldap_token_bridge.refresh_service import RefreshRules
from ldap_token_bridge.registry import Access
from ldap_token_bridge.robots import RobotGate
from ldap_token_bridge.tokens import Keyring, RefreshRefusal
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.workloads import WorkloadGate, WorkloadRefusal


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
