"""Evidence for the doctor, as healthy as can be, and with one thing wrong; told from what real registries answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ldap_token_bridge.checkup import Grade, Item
from ldap_token_bridge.checkup.doctor import Evidence, Wanted, diagnose
from ldap_token_bridge.checkup.doctor.evidence import Challenge, Given, Heard, KeyFact, Realm, Tried, Unreached, Verdict
from ldap_token_bridge.checkup.doctor.trials import Trial
from ldap_token_bridge.checkup.exchange import Answer
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens.listing import KeyState

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ISSUER, SERVICE = "bridge.corp.example.com", "registry.corp.example.com"
REALM = "https://bridge.corp.example.com/token"
YES, NO = Heard(Verdict.ACCEPTED, 200), Heard(Verdict.REFUSED, 401)
UNSEEN, LACKING, TOO_LARGE = Heard(Verdict.UNSEEN, 401), Heard(Verdict.LACKING, 401), Heard(Verdict.ODD, 400)
USUAL = Trial("new", x5c=True, issuer=ISSUER, ahead=0.0)
PULL = "repository:team-a/app:pull"


def key(name: str, *, active: bool = False, state: KeyState = KeyState.PUBLISHED, age: int = 1) -> KeyFact:
    """A key of the folder that is in its time."""
    return KeyFact(name, f"KID:{name}", state, active, NOW - timedelta(days=age), NOW + timedelta(days=100))


NEW, OLD = key("new", active=True, state=KeyState.SIGNS), key("old", age=100)
GIVEN = Given(header={"kid": NEW.kid, "x5c": ["…"]}, claims={"iss": ISSUER, "aud": SERVICE, "access": []}, heard=YES)


def answer(status: int, body: bytes = b"", *, ahead: float | None = 0.0, **headers: str) -> Answer:
    """What a server says; an underscore in a header's name is a dash."""
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, ahead)


TOKEN_ANSWER = answer(200, b'{"token": "t"}')
REFUSAL = answer(401, b'{"details": "Sign in first."}')
GOOD = Evidence(
    registry="https://registry.corp.example.com:443",
    secure=True,
    ping=answer(401),
    challenge=Challenge("bearer", REALM, SERVICE),
    realm=Realm(anonymous=TOKEN_ANSWER, kids=frozenset([NEW.kid, OLD.kid])),
    given=GIVEN,
    keys=(NEW, OLD),
    nonsense=NO,
    usual=USUAL,
    tried=(Tried(USUAL, YES),),
    several_audiences=NO,
)
NO_TOKEN_ASKED: dict[str, Any] = {"realm": None, "given": None, "usual": None, "tried": (), "nonsense": None}


def refused_until(*, several: Heard = NO, **change: Any) -> dict[str, Any]:
    """Only a test token with this change is believed, and the realm's is not."""
    tried = (Tried(USUAL, NO), Tried(replace(USUAL, **change), YES))
    return {"tried": tried, "several_audiences": several, "given": replace(GIVEN, heard=NO)}


def refused(heard: Heard = NO, **more: Any) -> dict[str, Any]:
    """Two test tokens were tried, and neither they nor the realm's are believed."""
    other = replace(USUAL, issuer="other")
    tried = (Tried(USUAL, heard), Tried(other, heard))
    return {"tried": tried, "several_audiences": None, "given": replace(GIVEN, heard=heard), **more}


def at_realm(reply: Answer | Unreached, *kids: str, url: str = REALM) -> dict[str, Any]:
    """What a realm answers to the anonymous, and the keys beside it."""
    realm = Realm(anonymous=reply, kids=frozenset(kids) if kids else None)
    return {"realm": realm, "challenge": Challenge("bearer", url, SERVICE), "given": None}


def found(settings: Settings, evidence: Evidence, scopes: Sequence[str] = (), realm: str = "") -> tuple[Item, ...]:
    """What the doctor says."""
    return diagnose(evidence, settings, Wanted(realm, scopes), NOW.timestamp())


def bad(items: Sequence[Item]) -> list[Item]:
    """Warnings and findings."""
    return [item for item in items if item.grade is not Grade.FINE]
