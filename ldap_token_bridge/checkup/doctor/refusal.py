"""Why the registry does not believe the bridge's tokens, told from the test tokens that it does believe."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ldap_token_bridge.checkup.item import Grade, Item
from ldap_token_bridge.registry import registry_setting
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import Generation
from ldap_token_bridge.tokens.listing import KeyState

from .evidence import Evidence, Heard, KeyFact, Verdict
from .probe import USER_AGENT
from .trials import Trial

_ANYTHING = (
    "the registry believes anything that is called a token, as auth.silly does, or a proxy in its place: whoever "
    "reaches it may do everything"
)
_RESTART = "A registry reads the file at its start only: restart it."
_NEW_BUNDLE = f"Give it the file of `ldap-token-bridge keys bundle` as auth.token.rootcertbundle. {_RESTART}"
_NEW_JWKS = f"Give it the file of `ldap-token-bridge keys jwks` as auth.token.jwks. {_RESTART}"
_LOG = (
    "The registry's log says which, right before its lines with {agent}: `token from untrusted issuer: {issuer}` is the"
    " issuer; `unable to verify certificate chain`, `untrusted key` or `failed to verify token` is the key."
)


def refusal_items(evidence: Evidence, settings: Settings, now: float) -> Iterator[Item]:
    """What became of the test tokens; `now` is Unix time."""
    if evidence.nonsense and evidence.nonsense.believed:
        remedy = "Give it auth.token as below, in place of any other auth, and restart it."
        yield Item("tokens", Grade.FINDING, _ANYTHING, remedy=remedy)
        return
    if evidence.keys_problem:
        where = settings.place("token", "keys_dir")
        what = f"no test tokens could be made: {evidence.keys_problem}"
        yield Item("tokens", Grade.WARNING, what, where, "Run this as the user that the bridge runs as.")
        yield from _without_keys(evidence, settings)
        return
    believed, usual = evidence.believed, evidence.usual
    if usual is None:
        return
    if believed is None:
        yield from _nothing_believed(evidence, settings)
        return
    changes = believed.changes(usual)
    if not changes:
        what = "the registry believes tokens as this bridge.yaml has them made; it behaves as "
        yield Item("tokens", Grade.FINE, f"{what}{generation_in_words(evidence)}")
    if "issuer" in changes:
        yield _issuer(believed.issuer, settings)
    if "key" in changes:
        yield _other_key(evidence, settings, believed)
    if "x5c" in changes:
        yield _x5c(evidence, settings, usual, now)


def generation_of(evidence: Evidence) -> Generation | None:
    """By whether it believes a token for several audiences; None if nothing was believed."""
    if evidence.several_audiences is None:
        return None
    return "3.x" if evidence.several_audiences.believed else "2.x"


def generation_in_words(evidence: Evidence) -> str:
    """For people."""
    generation = generation_of(evidence)
    return f"distribution {generation} does" if generation else "nobody could tell"


def _issuer(theirs: str, settings: Settings) -> Item:
    ours = settings.token.issuer
    what = (
        f"the registry wants the issuer {theirs!r}, and token.issuer is {ours!r}. A test token with its own is believed"
    )
    remedy = f"Make them equal, letter for letter: {registry_setting('issuer', ours)}; or change token.issuer here."
    return Item("issuer", Grade.FINDING, what, settings.place("token", "issuer"), remedy)


def _other_key(evidence: Evidence, settings: Settings, believed: Trial) -> Item:
    """Its bundle is of another time: it knows one of our keys, and not the one that signs."""
    active = _fact(evidence, None)
    known = _fact(evidence, believed.key)
    when = {KeyState.RETIRED: "retired", KeyState.PUBLISHED: "only published"}.get(known.state, str(known.state))
    what = (
        f"the registry does not know the key that signs, {active.name} ({active.kid}), but it believes the key "
        f"{known.name}, which is {when}: its bundle is {_age(active, known)}, or the registry was not restarted since"
    )
    if evidence.bundle_trusts:
        what += ". The bundle file given holds the key that signs, so it was not restarted"
    elif evidence.bundle_trusts is False:
        what += ". The bundle file given does not hold the key that signs"
    until = f"Until then `ldap-token-bridge keys activate {known.name}` lets people log in."
    return _key(what, evidence, settings, until if known.state is KeyState.PUBLISHED else "")


def _age(active: KeyFact, known: KeyFact) -> str:
    return "older than the key" if known.not_before <= active.not_before else "without the key"


def _restart_or_replace(evidence: Evidence, settings: Settings) -> str:
    if evidence.bundle_trusts:
        return "Restart the registry: it reads the file at its start only."
    generation = generation_of(evidence)
    if settings.token.x5c or generation == "2.x":
        return _NEW_BUNDLE + ("" if settings.token.x5c else " It is a 2.x, which reads no jwks.")
    if generation == "3.x":
        return _NEW_JWKS
    return f"{_NEW_BUNDLE} A registry 3.x needs auth.token.jwks beside it, since token.x5c is off."


def _x5c(evidence: Evidence, settings: Settings, usual: Trial, now: float) -> Item:
    """The same key by another road: certificate in the token, or its id alone."""
    where, key = settings.place("token", "x5c"), _fact(evidence, usual.key)
    generation = generation_of(evidence)
    if not usual.x5c:
        what = (
            "the registry believes tokens with the certificate alone, as a 3.x without jwks does, and token.x5c is off"
        )
        return Item("x5c", Grade.FINDING, what, where, f"Set token.x5c: true here and send SIGHUP. Or: {_NEW_JWKS}")
    there = datetime.fromtimestamp(now, UTC) + timedelta(seconds=evidence.registry_ahead or 0.0)
    if not key.not_before <= there <= key.not_after:
        what = (
            f"the certificate of the key {key.name} is out of its time by the registry's clock: valid from "
            f"{key.not_before:%Y-%m-%d %H:%M} to {key.not_after:%Y-%m-%d %H:%M}, there it is {there:%Y-%m-%d %H:%M} UTC"
        )
        remedy = f"Set the registry's clock, or make a new key: `ldap-token-bridge keys new`, then: {_NEW_BUNDLE}"
        return Item("key", Grade.FINDING, what, settings.place("token", "keys_dir"), remedy)
    if generation == "3.x":
        what = (
            "the registry believes tokens without the certificate alone, and token.x5c is on: it is a 3.x that knows "
            "the keys by auth.token.jwks and looks at nothing else once a certificate is there"
        )
        remedy = f"Set token.x5c: false here and send SIGHUP. Or, for registries of all kinds: {_NEW_BUNDLE}"
        return Item("x5c", Grade.FINDING, what, where, remedy)
    what = (
        f"the registry believes the key {key.name} by its id and not by its certificate: its bundle holds another "
        "certificate of the same key, most likely an older one"
    )
    return _key(what, evidence, settings)


def _nothing_believed(evidence: Evidence, settings: Settings) -> Iterator[Item]:
    """No test token was believed: what is left, and how sure that is."""
    heard = [tried.heard for tried in evidence.tried]
    odd = next((each for each in heard if each.verdict is Verdict.ODD), None)
    if odd:
        yield _odd(odd)
        return
    if all(each.verdict is Verdict.UNSEEN for each in heard):
        what = (
            "the registry answers every token as if there were none. Most likely a proxy before it takes the header "
            "Authorization away"
        )
        yield Item("tokens", Grade.FINDING, what, remedy="Let the proxy pass it on, or ask the registry directly.")
        return
    trials = [each.trial for each in evidence.tried]
    keys, issuers = len({trial.key for trial in trials}), len({trial.issuer for trial in trials})
    what = (
        f"the registry refuses every test token ({len(heard)}: {keys} key(s) of token.keys_dir, {issuers} issuers, "
        "with and without certificate, dated by its clock if that differs)"
    )
    if evidence.bundle_trusts is False:
        what += ". The bundle file given does not hold the key that signs: that is the cause, or one of two"
        yield _key(what, evidence, settings)
        return
    yield Item("tokens", Grade.FINDING, f"{what}: one of the two below is the cause, or both", remedy=_log(settings))
    yield _suspect_issuer(evidence, settings)
    yield _suspect_key(evidence, settings)


def _odd(heard: Heard) -> Item:
    said = f"{heard.status}" if heard.status else "nothing"
    what = f"the registry answers {said} to a request with a token: a proxy before it may not take the header"
    remedy = "Let the proxy pass headers of 16 kB, and look into its log."
    return Item("tokens", Grade.FINDING, what, remedy=remedy)


def _suspect_issuer(evidence: Evidence, settings: Settings) -> Item:
    tried = list(dict.fromkeys(each.trial.issuer for each in evidence.tried))
    what = f"possibly its auth.token.issuer is not {settings.token.issuer!r}"
    what += f", and none of {len(tried) - 1} other likely ones" if len(tried) > 1 else ""
    remedy = f"Compare, letter for letter: {registry_setting('issuer', settings.token.issuer)}."
    return Item("issuer", Grade.WARNING, what, settings.place("token", "issuer"), remedy)


def _suspect_key(evidence: Evidence, settings: Settings) -> Item:
    if evidence.bundle_trusts:
        what = "possibly it was not restarted since the bundle changed: the file given holds the key that signs"
    else:
        what = f"possibly its bundle holds no key of {settings.token.keys_dir}"
        what += f" ({', '.join(key.name for key in evidence.keys)})" if evidence.keys else ""
    return replace(_key(what, evidence, settings), grade=Grade.WARNING)


def _key(what: str, evidence: Evidence, settings: Settings, more: str = "") -> Item:
    """The registry does not have what it needs to believe the key that signs."""
    remedy = f"{_restart_or_replace(evidence, settings)} {more}".strip()
    return Item("key", Grade.FINDING, what, settings.place("token", "keys_dir"), remedy)


def _without_keys(evidence: Evidence, settings: Settings) -> Iterator[Item]:
    """With the realm's token alone."""
    if evidence.given is None or evidence.given.heard.believed:
        return
    what = "the registry refuses the token: its issuer, its bundle or a clock is the cause"
    yield Item("tokens", Grade.FINDING, what, remedy=_log(settings))


def _log(settings: Settings) -> str:
    return _LOG.format(agent=USER_AGENT, issuer=json.dumps(settings.token.issuer, ensure_ascii=False))


def _fact(evidence: Evidence, name: str | None) -> KeyFact:
    """The key of that name; the one that signs for None."""
    return next(key for key in evidence.keys if (key.active if name is None else key.name == name))
