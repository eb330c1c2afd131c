"""Whether registry and realm can be reached, whether they are what they should be, and what their clocks say."""

from collections.abc import Iterator
from enum import Enum, auto
from http import HTTPStatus

from ldap_token_bridge.checkup.exchange import Answer, split
from ldap_token_bridge.checkup.item import Grade, Item
from ldap_token_bridge.checkup.token_client import token_in
from ldap_token_bridge.listen_address import is_loopback
from ldap_token_bridge.registry import registry_setting
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import BACKDATE_SECONDS, LEEWAY_SECONDS

from .evidence import Challenge, Evidence, Obstacle, Realm, Unreached

_NOTABLE_SECONDS = 30  # a difference between clocks that no time service leaves

_WHY = {
    Obstacle.NO_ADDRESS: "is no address of http or https",
    Obstacle.NO_NAME: "cannot be reached: this machine finds no address for its name",
    Obstacle.NOBODY_LISTENS: "cannot be reached: nothing listens there",
    Obstacle.SILENCE: "cannot be reached: no answer ({detail})",
    Obstacle.CERTIFICATE_NAME: "has a certificate for another name ({detail})",
    Obstacle.CERTIFICATE_ISSUER: "has a certificate that nobody trusted here has signed ({detail})",
    Obstacle.CERTIFICATE_TIME: "has a certificate that is out of its time ({detail})",
    Obstacle.NO_TLS: "speaks no TLS on this port; most likely it speaks plain HTTP",
    Obstacle.TLS: "fails in the TLS handshake ({detail})",
    Obstacle.NO_HTTP: "does not speak HTTP on this port; it may speak TLS",
}
_CURE = {
    Obstacle.NO_NAME: "Check the name, and DNS on this machine.",
    Obstacle.NOBODY_LISTENS: "Start it, or mend host and port.",
    Obstacle.SILENCE: "Look for a firewall between this machine and it, and whether it hangs.",
    Obstacle.CERTIFICATE_NAME: "Use a name that stands in its certificate, or give it a certificate for this name.",
    Obstacle.CERTIFICATE_ISSUER: "If a private authority signed it, name that: --ca FILE. Clients need it, too: docker"
    " in /etc/docker/certs.d/HOST:PORT/ca.crt or in the system's store.",
    Obstacle.CERTIFICATE_TIME: "Renew the certificate, or set this machine's clock.",
    Obstacle.TLS: "Look into its own log.",
    Obstacle.NO_HTTP: "Try https:// in place of http://.",
}


class Identity(Enum):
    """What answers at the realm."""

    OURS = auto()
    OUTDATED = auto()  # the bridge, and it has not taken up the key that signs
    FOREIGN = auto()  # a token server with other keys
    UNPROVEN = auto()
    NONE = auto()  # no token server at all, or none that can be asked


def registry_items(evidence: Evidence) -> Iterator[Item]:
    """The registry's own answer."""
    topic, reply, name = "registry", evidence.ping, evidence.registry
    if isinstance(reply, Unreached):
        cure = _CURE.get(reply.obstacle, "Try http:// in place of https://.")
        yield Item(topic, Grade.FINDING, f"{name} {_WHY[reply.obstacle].format(detail=reply.detail)}", remedy=cure)
        return
    challenge = evidence.challenge
    if challenge is None or challenge.scheme != "bearer":
        yield _no_token_auth(name, reply, challenge or Challenge(""))
        return
    what = f"{name} sends people to {challenge.realm or 'nowhere'} for the service {challenge.service or '(none)'}"
    yield Item(topic, Grade.FINE, what)


def _no_token_auth(name: str, answer: Answer, challenge: Challenge) -> Item:
    remedy = "Give it auth.token as below, in place of any other auth, and restart it."
    if challenge.scheme == "basic":
        what = "asks for Basic credentials (auth.htpasswd, or a proxy before it), not for a token"
    elif challenge.scheme:
        what, remedy = f"asks for {challenge.scheme}, which no bridge can give", "Look what answers there."
    elif answer.status == HTTPStatus.OK:
        what = "asks nobody for a token: whoever reaches it may do everything"
    elif b"HTTP request to an HTTPS server" in answer.body:
        what, remedy = "speaks TLS on this port", "Use https:// in place of http://."
    elif 300 <= answer.status < 400:  # noqa: PLR2004 -- redirects
        what = f"redirects /v2/ to {answer.headers.get('location', 'nowhere')}"
        remedy = "Give --registry the address where that ends, and let clients use it."
    else:
        what = f"is no registry, or not a healthy one: it answers {answer.status} to GET /v2/ and asks for nothing"
        remedy = "Check host and port; if they are right, look into its own log or that of the proxy before it."
    return Item("registry", Grade.FINDING, f"{name} {what}", remedy=remedy)


def realm_items(evidence: Evidence, settings: Settings, wanted: str) -> Iterator[Item]:
    """The token server that the registry names; `wanted` is the realm that it should name, if someone said it."""
    challenge, realm = evidence.challenge, evidence.realm
    if not challenge or not realm:
        return
    if wanted and wanted != challenge.realm:
        what = f"the registry names the realm {challenge.realm}, and it should be {wanted}"
        yield Item("realm", Grade.FINDING, what, remedy=f"Set {registry_setting('realm', wanted)}.")
    yield from _scheme(evidence, challenge)
    reply, name = realm.anonymous, challenge.realm or "the empty realm"
    correct = f"Is it where clients reach the bridge? If not: {registry_setting('realm', 'https://HOST/token')}."
    if isinstance(reply, Unreached):
        cure = f"{_CURE.get(reply.obstacle, '')} {correct}".strip()
        if reply.obstacle is Obstacle.NO_TLS:
            cure = f"Give the bridge server.tls, or end TLS in a proxy before it. {correct}"
        yield Item("realm", Grade.FINDING, f"{name} {_WHY[reply.obstacle].format(detail=reply.detail)}", remedy=cure)
    elif 300 <= reply.status < 400:  # noqa: PLR2004 -- redirects
        target = reply.headers.get("location", "nowhere")
        what = f"{name} redirects to {target}: clients drop their credentials on the way, and everyone is anonymous"
        yield Item("realm", Grade.FINDING, what, remedy=f"Name the last address: {registry_setting('realm', target)}.")
    else:
        yield _who_answers(evidence, settings, realm, reply, name, correct)


def _scheme(evidence: Evidence, challenge: Challenge) -> Iterator[Item]:
    parts = split(challenge.realm)
    if parts.scheme != "http":
        return
    local = is_loopback(parts.hostname or "")
    remedy = "Give the bridge server.tls or a proxy that ends TLS, and the registry the realm https://…"
    if evidence.secure:
        what = f"the registry speaks TLS and its realm {challenge.realm} does not: passwords travel in the clear"
        yield Item("realm", Grade.WARNING if local else Grade.FINDING, what, remedy=remedy)
    elif not local:
        yield Item("realm", Grade.WARNING, f"passwords travel to {challenge.realm} in the clear", remedy=remedy)


def _who_answers(evidence: Evidence, settings: Settings, realm: Realm, reply: Answer, name: str, correct: str) -> Item:
    where = settings.place("token", "keys_dir")
    ours = ", ".join(key.kid for key in evidence.keys) or "not known"
    match identity_of(evidence):
        case Identity.OURS if evidence.keys:
            return Item("realm", Grade.FINE, f"{name} is this bridge: it publishes the key that signs")
        case Identity.OURS:
            return Item("realm", Grade.FINE, f"{name} is a bridge; whether it is this one, its keys could not tell")
        case Identity.OUTDATED:
            what = f"{name} is this bridge, but it has not taken up the key that signs by {settings.token.keys_dir}"
            return Item(
                "realm", Grade.FINDING, what, where, "It takes up keys within seconds, or says in its log why not."
            )
        case Identity.FOREIGN:
            theirs = ", ".join(sorted(_foreign_kids(evidence, realm))) or "none"
            what = f"{name} is a token server with other keys: it has {theirs}; token.keys_dir has {ours}"
            return Item("realm", Grade.FINDING, what, where, f"{correct} If it is, it has another folder of keys.")
        case Identity.UNPROVEN:
            what = f"{name} answers as a token server does, but nothing shows whose: there is no /jwks.json beside it"
            return Item("realm", Grade.WARNING, what, remedy="Let the proxy before the bridge pass on /jwks.json, too.")
    kind = reply.headers.get("content-type", "no type").partition(";")[0]
    what = f"{name} is not the bridge: it answers {reply.status} ({kind}), and that is no token server's answer"
    return Item("realm", Grade.FINDING, what, remedy=f"{correct} {_autoredirect(name, evidence.registry)}".strip())


def _autoredirect(realm: str, registry: str) -> str:
    if split(realm).hostname != split(registry).hostname or not realm.endswith("/auth/token"):
        return ""
    return "With autoredirect: true the registry names its own host: route /auth/token of that host to the bridge."


def identity_of(evidence: Evidence) -> Identity:
    """By its published keys, else by the key of its token, else by the form of its answer."""
    realm = evidence.realm
    if realm is None or not isinstance(realm.anonymous, Answer) or 300 <= realm.anonymous.status < 400:  # noqa: PLR2004
        return Identity.NONE
    ours, theirs = {key.kid for key in evidence.keys}, _foreign_kids(evidence, realm)
    if theirs and not ours:
        return Identity.OURS
    if theirs:
        if not ours & theirs:
            return Identity.FOREIGN
        active = {key.kid for key in evidence.keys if key.active}
        return Identity.OURS if active <= theirs or realm.kids is None else Identity.OUTDATED
    is_token_server = any(token_in(realm.anonymous))
    return Identity.UNPROVEN if is_token_server else Identity.NONE


def _foreign_kids(evidence: Evidence, realm: Realm) -> frozenset[str]:
    """The ids of the keys that the realm is known to have."""
    if realm.kids is not None:
        return realm.kids
    kid = evidence.given.header.get("kid") if evidence.given else None
    return frozenset([kid]) if isinstance(kid, str) else frozenset()


def clock_items(evidence: Evidence, settings: Settings) -> Iterator[Item]:
    """The registry's clock against the bridge's, by what both say; a test token then proves it or not."""
    registry, bridge = evidence.registry_ahead, evidence.bridge_ahead
    if registry is None:
        return
    other = "this machine's" if bridge is None else "the bridge's"
    skew = registry - (bridge or 0.0)
    if abs(skew) < _NOTABLE_SECONDS:
        yield Item("clock", Grade.FINE, f"the registry's clock agrees with {other}")
        return
    changes = evidence.believed.changes(evidence.usual) if evidence.believed and evidence.usual else None
    too_early, too_late = BACKDATE_SECONDS + LEEWAY_SECONDS, settings.token.lifetime + LEEWAY_SECONDS
    what = f"the registry's clock is {_off(skew)} {other}, and {_off(registry)} this machine's"
    remedy = "Set the clocks by NTP."
    if (changes is None and not -too_early <= skew <= too_late) or (changes and "ahead" in changes):
        effect = "tokens have ended when they arrive" if skew > 0 else "tokens are not valid yet when they arrive"
        proof = ". A test token by the registry's own time is believed" if changes else ""
        yield Item("clock", Grade.FINDING, f"{what}: {effect}{proof}", remedy=remedy)
    else:
        effect = "tokens end early there" if skew > 0 else "registries before 2.6, and zot, refuse fresh tokens"
        yield Item("clock", Grade.WARNING, f"{what}: {effect}", remedy=remedy)


def _off(seconds: float) -> str:
    if abs(seconds) < 1:
        return "exactly with"
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"
