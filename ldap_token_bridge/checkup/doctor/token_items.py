"""The service name, the token that the realm gave, and what it lets its bearer do."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus

from ldap_token_bridge.checkup.item import Grade, Item
from ldap_token_bridge.checkup.token_client import token_in
from ldap_token_bridge.registry import parse_scopes, registry_setting
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import check_access

from .evidence import Evidence, Given, Obstacle, Reply, Unreached, Verdict

_AUDIT = "The bridge's audit line for the request shows what was asked and granted, and by which rule."


def service_items(evidence: Evidence, settings: Settings) -> Iterator[Item]:
    """Whether the bridge serves the service that the registry is."""
    services, named = settings.token.services, evidence.challenge.service if evidence.challenge else ""
    where = settings.place("token", "services")
    if not named:
        remedy = f"Name one: {registry_setting('service', services[0])}."
        yield Item("service", Grade.FINDING, "the registry names no service", where, remedy)
    elif named not in services:
        what = f"the registry is the service {named!r}, and token.services has {', '.join(map(repr, services))}"
        remedy = f"Add it to token.services and send SIGHUP; or {registry_setting('service', services[0])}."
        yield Item("service", Grade.FINDING, what, where, remedy)
    else:
        yield Item("service", Grade.FINE, f"{named} is one of token.services")


def token_items(evidence: Evidence, settings: Settings) -> Iterator[Item]:
    """What the realm said to the token request, and what the registry said to the token."""
    reply = evidence.signed_in or (evidence.realm.anonymous if evidence.realm else None)
    who = evidence.user or "an anonymous client"
    if evidence.withheld:
        what = (
            f"the password of {who} was not sent: the realm must be https (or on this machine), must not redirect, and "
            "must publish this bridge's keys beside it"
        )
        yield Item("token", Grade.WARNING, what, remedy="First mend what stands above.")
    elif evidence.given is None:
        yield from _no_token(evidence, reply, who)
    else:
        yield from _differences(evidence, evidence.given, settings)
        yield from _as_presented(evidence.given, who)


def _no_token(evidence: Evidence, reply: Reply | None, who: str) -> Iterator[Item]:
    if reply is None:
        return
    if isinstance(reply, Unreached):
        if evidence.signed_in and reply.obstacle is not Obstacle.NO_ADDRESS:
            yield Item("token", Grade.FINDING, f"the realm did not answer to the login of {who} ({reply.detail})")
        return
    _, message = token_in(reply)
    if not message:
        return  # what is no token server's answer was told of the realm
    what = f"the realm gives {who} no token ({reply.status}): {message}"
    if reply.status == HTTPStatus.UNAUTHORIZED and not evidence.user:
        yield Item("token", Grade.FINE, f"{what} To see a real one: --user NAME")
    else:
        yield Item("token", Grade.FINDING, what)


def _differences(evidence: Evidence, given: Given, settings: Settings) -> Iterator[Item]:
    """Where the bridge that runs does not do what this bridge.yaml says."""
    asked = evidence.challenge.service if evidence.challenge else ""
    reload = "Is it the bridge.yaml of the bridge that runs? If so, send it SIGHUP, and look into its log."
    audience, issuer = given.claims.get("aud"), given.claims.get("iss")
    if audience != asked:
        what = f"the token is for {audience!r}, and the registry is {asked!r}"
        yield Item("service", Grade.FINDING, what, settings.place("token", "services"), reload)
    if issuer != settings.token.issuer:
        what = f"the bridge that runs signs as {issuer!r}, and token.issuer is {settings.token.issuer!r}"
        yield Item("issuer", Grade.FINDING, what, settings.place("token", "issuer"), reload)
    if bool(given.header.get("x5c")) is not settings.token.x5c:
        written, does = ("on", "without") if settings.token.x5c else ("off", "with")
        what = f"the bridge that runs makes tokens {does} the certificate, and token.x5c is {written}"
        yield Item("x5c", Grade.FINDING, what, settings.place("token", "x5c"), reload)
    kid, active = str(given.header.get("kid")), {key.kid for key in evidence.keys if key.active}
    if active and kid not in active:
        ours = {key.kid: key.name for key in evidence.keys}
        what = f"the bridge that runs signs with {ours.get(kid, kid)!r}, and token.keys_dir says another key"
        yield Item("key", Grade.FINDING, what, settings.place("token", "keys_dir"), reload)


def _as_presented(given: Given, who: str) -> Iterator[Item]:
    if not given.heard.believed:
        said = f"answers {given.heard.status} to" if given.heard.verdict is Verdict.ODD else "refuses"
        yield Item("token", Grade.FINDING, f"the registry {said} the token that the realm gave {who}")
        return
    yield Item("token", Grade.FINE, f"the registry believes the token that the realm gave {who}")


def access_items(evidence: Evidence, settings: Settings, scopes: Sequence[str]) -> Iterator[Item]:
    """Whether a token that is believed allows what was asked for."""
    given, where = evidence.given, settings.place("policy", "path")
    who = evidence.user or "an anonymous client"
    if scopes and given is None:
        what = f"{who} got no token, so nothing shows whether it would allow {', '.join(scopes)}"
        yield Item("access", Grade.FINDING, what, remedy="" if evidence.user else "Name someone who may: --user NAME.")
    if given is None or not given.heard.believed:
        return
    for wanted in parse_scopes(scopes):
        step, heard = check_access(given.claims, wanted), given.at_scopes.get(str(wanted))
        if not step.ok:
            what = f"the policy does not give {who} {wanted}: {step.detail}"
            yield Item("access", Grade.FINDING, what, where, _AUDIT)
        elif heard and heard.verdict is not Verdict.ACCEPTED:
            what = f"the token of {who} has {wanted}, and the registry does not let it in ({heard.status})"
            yield Item("access", Grade.FINDING, what, remedy="A proxy before it may decide, too.")
        else:
            yield Item("access", Grade.FINE, f"{who} has {wanted}" + (", and the registry agrees" if heard else ""))
