"""What was seen of a registry and of the token server that it names: values, without a verdict on them."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

from ldap_token_bridge.checkup.exchange import Answer
from ldap_token_bridge.tokens.listing import KeyState
from ldap_token_bridge.values import dataclass

from .trials import Trial


class Obstacle(Enum):
    """Why no answer came."""

    NO_ADDRESS = auto()
    NO_NAME = auto()
    NOBODY_LISTENS = auto()
    SILENCE = auto()
    CERTIFICATE_NAME = auto()
    CERTIFICATE_ISSUER = auto()
    CERTIFICATE_TIME = auto()
    NO_TLS = auto()
    TLS = auto()
    NO_HTTP = auto()


@dataclass(frozen=True, slots=True)
class Unreached:
    """No answer, and what is known about the reason."""

    obstacle: Obstacle
    detail: str = ""


Reply = Answer | Unreached


class Verdict(StrEnum):
    """What a registry makes of a request with a token."""

    ACCEPTED = auto()
    REFUSED = auto()  # error="invalid_token"
    LACKING = auto()  # error="insufficient_scope": the token is believed, and does not allow this
    UNSEEN = auto()  # 401 as if no token had come along
    ODD = auto()  # something else answers


@dataclass(frozen=True, slots=True)
class Heard:
    """A verdict with the status that came with it; 0 if none did."""

    verdict: Verdict
    status: int

    @property
    def believed(self) -> bool:
        """Whether the token passed every check of the registry."""
        return self.verdict in (Verdict.ACCEPTED, Verdict.LACKING)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the registry asks for; `scheme` in lower case, empty if it asks for nothing."""

    scheme: str
    realm: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A key of token.keys_dir."""

    name: str
    kid: str
    state: KeyState
    active: bool
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """The token server that the registry names. `kids` are those of its /jwks.json, None if it has none."""

    anonymous: Reply
    kids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A token that the realm gave, decoded, and what the registry makes of it; `at_scopes` by scope asked for."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    heard: Heard
    at_scopes: Mapping[str, Heard] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """A test token, and what the registry made of it."""

    trial: Trial
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything, up to where it became impossible to go on; what was not reached is None or empty.

    `user` is empty for the anonymous. `signed_in` is None if nobody was to sign in; `withheld` if the password was not
    sent to that realm. `nonsense` is what came of a token that is none. `usual` is the test token that is as the bridge
    makes them; `tried` ends with the first that was believed. `several_audiences` tells registries 3.x (believed) from
    2.x. `bundle_trusts` is whether the file given as the registry's bundle holds the key that signs.
    """

    registry: str
    secure: bool
    ping: Reply
    challenge: Challenge | None = None
    realm: Realm | None = None
    user: str = ""
    signed_in: Reply | None = None
    withheld: bool = False
    given: Given | None = None
    keys: tuple[KeyFact, ...] = ()
    keys_problem: str = ""
    nonsense: Heard | None = None
    usual: Trial | None = None
    tried: tuple[Tried, ...] = ()
    several_audiences: Heard | None = None
    bundle_trusts: bool | None = None

    @property
    def registry_ahead(self) -> float | None:
        """How far the registry's clock is ahead of ours in seconds; None if it does not say the time."""
        return self.ping.ahead if isinstance(self.ping, Answer) else None

    @property
    def bridge_ahead(self) -> float | None:
        """The same of what answers at the realm."""
        answer = self.realm.anonymous if self.realm else None
        return answer.ahead if isinstance(answer, Answer) else None

    @property
    def believed(self) -> Trial | None:
        """The test token that the registry believed: of all that it would, the most usual."""
        return next((tried.trial for tried in self.tried if tried.heard.believed), None)
