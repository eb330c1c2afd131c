"""Everything that can be found out by asking, in order, as values; what it means is `diagnose`'s.

A password goes to the realm alone, and only if that is encrypted or on this machine, does not redirect, and publishes
the bridge's keys (or any, where those cannot be read). No real token goes anywhere but to the registry itself.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ssl import SSLContext

from ldap_token_bridge.checkup.exchange import Answer, Clock, Endpoint, endpoint_at
from ldap_token_bridge.checkup.token_client import request_token, token_in
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.listen_address import is_loopback
from ldap_token_bridge.registry import Access, parse_scopes
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import Claims, Malformed, SigningKey, contents, mint, verify_token
from ldap_token_bridge.tokens.listing import list_keys
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.web import TOKEN_PATHS

from .evidence import Challenge, Evidence, Given, Heard, KeyFact, Obstacle, Realm, Reply, Tried, Unreached
from .probe import attempt, challenge_in, path_that_needs, ping, present, published_kids
from .trials import Trial, likely_issuers, trials

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be looked at. `bundle` is the registry's own rootcertbundle in PEM, None if it is not at hand."""

    registry: Endpoint
    tls: SSLContext
    who: Credentials | None = None
    scopes: Sequence[str] = ()
    bundle: str | None = None


def gather(
    question: Question, settings: Settings, progress: Progress = lambda _: None, clock: Clock = time.time
) -> Evidence:
    """The evidence; never raises for what it meets."""
    registry = question.registry
    progress(f"Asking {registry}")
    found = Evidence(registry=str(registry), secure=registry.tls is not None, ping=ping(registry, clock))
    if not isinstance(found.ping, Answer):
        return found
    challenge = challenge_in(found.ping)
    found = replace(found, challenge=challenge)
    if challenge.scheme != "bearer":
        return found
    signing, found = _read_keys(settings, found, clock)
    found, token = _ask_realm(question, challenge, found, progress, clock)
    found = replace(found, nonsense=present(registry, "nonsense"))
    if token:
        found = replace(found, given=_present(token, question))
    if signing and not (found.nonsense and found.nonsense.believed):
        progress("Trying test tokens at the registry")
        found = _Minting(question, settings, signing, challenge, clock).try_all(found)
    return found


def _read_keys(settings: Settings, found: Evidence, clock: Clock) -> tuple[tuple[SigningKey, ...], Evidence]:
    """The keys of the folder, the one that signs first, retired ones too."""
    try:
        listed = list_keys(settings.token.keys_dir, datetime.fromtimestamp(clock(), UTC)).keys
    except Misconfigured as error:
        return (), replace(found, keys_problem="; ".join(problem.what for problem in error.problems))
    facts = tuple(
        KeyFact(each.key.name, each.key.kid, each.state, each.active, each.key.not_before, each.key.not_after)
        for each in listed
    )
    return tuple(each.key for each in listed), replace(found, keys=facts)


def _ask_realm(
    question: Question, challenge: Challenge, found: Evidence, progress: Progress, clock: Clock
) -> tuple[Evidence, str]:
    """What the realm is and says, and the token that it gives, if it gives one."""
    try:
        endpoint = endpoint_at(challenge.realm, lambda: question.tls)
    except ValueError:
        return replace(found, realm=Realm(anonymous=Unreached(Obstacle.NO_ADDRESS))), ""
    progress(f"Asking {endpoint}")

    def ask(who: Credentials | None) -> Reply:
        return attempt(lambda: request_token(endpoint, who, challenge.service, question.scopes, clock))

    anonymous = ask(None)
    kids = published_kids(endpoint, _beside(endpoint.path)) if isinstance(anonymous, Answer) else None
    found = replace(found, realm=Realm(anonymous=anonymous, kids=kids))
    if question.who is None or not isinstance(anonymous, Answer):
        return found, token_in(anonymous)[0] if isinstance(anonymous, Answer) else ""
    found = replace(found, user=question.who.username)
    if not _may_have_passwords(endpoint, anonymous, kids, {key.kid for key in found.keys}):
        return replace(found, withheld=True), ""
    signed_in = ask(question.who)
    return replace(found, signed_in=signed_in), token_in(signed_in)[0] if isinstance(signed_in, Answer) else ""


def _may_have_passwords(endpoint: Endpoint, anonymous: Answer, kids: frozenset[str] | None, ours: set[str]) -> bool:
    if 300 <= anonymous.status < 400 or kids is None or (ours and not kids & ours):  # noqa: PLR2004 -- redirects
        return False
    return endpoint.tls is not None or is_loopback(endpoint.host)


def _beside(path: str) -> str:
    """The path of the JWK Set of a bridge whose token endpoint has this path, with whatever a proxy puts before."""
    path = path.rstrip("/")
    ending = max((each for each in TOKEN_PATHS if path.endswith(each)), key=len, default="")
    return f"{path.removesuffix(ending) if ending else path.rpartition('/')[0]}/jwks.json"


def _present(token: str, question: Question) -> Given | None:
    """A token of the realm's, held out to the registry; None if it is no token."""
    try:
        header, claims = contents(token)
    except Malformed:
        return None
    heard = present(question.registry, token)
    wanted = [(access, path_that_needs(access)) for access in parse_scopes(question.scopes)] if heard.believed else []
    at_scopes = {str(access): present(question.registry, token, path) for access, path in wanted if path}
    return Given(header=header, claims=claims, heard=heard, at_scopes=at_scopes)


@dataclass(frozen=True, slots=True)
class _Minting:
    """Makes test tokens and holds them out to the registry."""

    question: Question
    settings: Settings
    keys: tuple[SigningKey, ...]
    challenge: Challenge
    clock: Clock

    def try_all(self, found: Evidence) -> Evidence:
        token = self.settings.token
        usual = Trial(self.keys[0].name, token.x5c, token.issuer, found.bridge_ahead or 0.0)
        issuers = likely_issuers(token.issuer, token.services, self.challenge.realm, found.registry)
        names = [key.name for key in self.keys]
        tried = tuple(self._until_believed(trials(usual, names, issuers, found.registry_ahead)))
        believed = tried[-1] if tried and tried[-1].heard.believed else None
        several = self._try(believed.trial, audience_list=True) if believed else None
        trusts = self._bundle_trusts(usual)
        return replace(found, usual=usual, tried=tried, several_audiences=several, bundle_trusts=trusts)

    def _until_believed(self, candidates: Iterator[Trial]) -> Iterator[Tried]:
        for trial in candidates:
            heard = self._try(trial)
            yield Tried(trial, heard)
            if heard.believed or not heard.status:
                return

    def _try(self, trial: Trial, *, audience_list: bool = False) -> Heard:
        return present(self.question.registry, self._mint(trial, audience_list=audience_list))

    def _mint(self, trial: Trial, *, audience_list: bool = False) -> str:
        key = next(key for key in self.keys if key.name == trial.key)
        access: tuple[Access, ...] = ()
        claims = Claims(trial.issuer, self.challenge.service, "", access, self.settings.token.lifetime)
        return mint(
            key,
            claims,
            now=self.clock() + trial.ahead,
            token_id=secrets.token_urlsafe(16),
            x5c=trial.x5c,
            audience_list=audience_list,
        )

    def _bundle_trusts(self, usual: Trial) -> bool | None:
        if self.question.bundle is None:
            return None
        verification = verify_token(
            self._mint(usual),
            self.question.bundle,
            issuer=usual.issuer,
            service=self.challenge.service,
            now=self.clock() + usual.ahead,
            generation="2.x",
        )
        return verification.accepted
