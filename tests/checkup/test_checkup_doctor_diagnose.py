"""From evidence to findings: one row a cause that shows before any token is refused."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade
from ldap_token_bridge.checkup.doctor.evidence import Challenge, Heard, Obstacle, Tried, Unreached
from ldap_token_bridge.checkup.exchange import Answer
from ldap_token_bridge.settings import Settings, load_settings
from tests.support.doctor_evidence import (
    GIVEN,
    GOOD,
    LACKING,
    NEW,
    NO,
    NO_TOKEN_ASKED,
    OLD,
    PULL,
    REALM,
    REFUSAL,
    SERVICE,
    USUAL,
    YES,
    answer,
    at_realm,
    bad,
    found,
)
from tests.support.settings_file import write_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The shortest good bridge.yaml."""
    return load_settings(write_settings(tmp_path), {})


def test_all_is_well(settings: Settings) -> None:
    """One fine item a step, and the registry's generation."""
    items = found(settings, GOOD)
    assert [item.topic for item in items] == ["registry", "realm", "service", "clock", "token", "tokens"]
    assert not bad(items)
    assert "as distribution 2.x does" in items[-1].what
    assert "as distribution 3.x does" in found(settings, replace(GOOD, several_audiences=YES))[-1].what


@pytest.mark.parametrize(
    ("obstacle", "words", "cure"),
    [
        (Obstacle.NO_NAME, "finds no address for its name", "DNS"),
        (Obstacle.NOBODY_LISTENS, "nothing listens there", "Start it"),
        (Obstacle.SILENCE, "no answer (why)", "firewall"),
        (Obstacle.CERTIFICATE_NAME, "for another name (why)", "a name that stands in its certificate"),
        (Obstacle.CERTIFICATE_ISSUER, "nobody trusted here has signed (why)", "--ca FILE"),
        (Obstacle.CERTIFICATE_TIME, "out of its time (why)", "Renew"),
        (Obstacle.NO_TLS, "speaks no TLS", "http"),
        (Obstacle.TLS, "TLS handshake (why)", "log"),
        (Obstacle.NO_HTTP, "does not speak HTTP", "https://"),
        (Obstacle.NO_ADDRESS, "is no address", ""),
    ],
)
def test_what_cannot_be_reached(settings: Settings, obstacle: Obstacle, words: str, cure: str) -> None:
    """Registry or realm: the reason, the address, and where to look."""
    gone = Unreached(obstacle, "why")
    (item,) = found(settings, replace(GOOD, ping=gone, challenge=None, **NO_TOKEN_ASKED))
    assert (item.topic, item.grade) == ("registry", Grade.FINDING)
    assert words in item.what and GOOD.registry in item.what and (cure in item.remedy)
    (item,) = bad(found(settings, replace(GOOD, **at_realm(gone))))
    assert (item.topic, item.grade) == ("realm", Grade.FINDING)
    assert words in item.what and REALM in item.what and cure in item.remedy
    assert "REGISTRY_AUTH_TOKEN_REALM" in item.remedy


@pytest.mark.parametrize(
    ("ping", "challenge", "words"),
    [
        (answer(200), Challenge(""), "whoever reaches it may do everything"),
        (answer(401), Challenge("basic", "x"), "asks for Basic credentials (auth.htpasswd"),
        (answer(401), Challenge("negotiate"), "asks for negotiate"),
        (answer(401), Challenge(""), "is no registry, or not a healthy one: it answers 401"),
        (answer(404), Challenge(""), "it answers 404"),
        (answer(301, location="https://x/v2/"), Challenge(""), "redirects /v2/ to https://x/v2/"),
        (answer(400, b"Client sent an HTTP request to an HTTPS server.\n"), Challenge(""), "speaks TLS on this port"),
    ],
)
def test_a_registry_that_asks_for_no_token(settings: Settings, ping: Answer, challenge: Challenge, words: str) -> None:
    """Nothing more can be found out; what answers is named."""
    (item,) = found(settings, replace(GOOD, ping=ping, challenge=challenge, **NO_TOKEN_ASKED))
    assert item.grade is Grade.FINDING and words in item.what and item.remedy


OTHER_REALM = "https://registry.corp.example.com/auth/token"


@pytest.mark.parametrize(
    ("changes", "topic", "grade", "words", "cure"),
    [
        (
            at_realm(answer(307, location="https://b/token")),
            "realm",
            Grade.FINDING,
            "redirects to https://b/token: clients drop their credentials",
            "auth.token.realm: https://b/token",
        ),
        (at_realm(answer(404, content_type="text/html")), "realm", Grade.FINDING, "(text/html)", "auth.token.realm"),
        (at_realm(answer(404), url=OTHER_REALM), "realm", Grade.FINDING, "not the bridge", "autoredirect: true"),
        (at_realm(REFUSAL, "KID:foreign"), "realm", Grade.FINDING, "other keys: it has KID:foreign", "folder of keys"),
        (at_realm(REFUSAL, OLD.kid), "realm", Grade.FINDING, "has not taken up the key that signs", "log"),
        (at_realm(REFUSAL), "realm", Grade.WARNING, "nothing shows whose", "/jwks.json"),
        (
            {**at_realm(answer(503, b'{"details": "No directory answers."}'), NEW.kid)},
            "token",
            Grade.FINDING,
            "gives an anonymous client no token (503): No directory answers.",
            "",
        ),
        (
            {"challenge": Challenge("bearer", "http://bridge.corp.example.com/token", SERVICE)},
            "realm",
            Grade.FINDING,
            "passwords travel in the clear",
            "server.tls",
        ),
        (
            {"challenge": Challenge("bearer", "http://localhost:5001/token", SERVICE)},
            "realm",
            Grade.WARNING,
            "passwords travel in the clear",
            "server.tls",
        ),
        (
            {"secure": False, "challenge": Challenge("bearer", "http://bridge/token", SERVICE)},
            "realm",
            Grade.WARNING,
            "in the clear",
            "server.tls",
        ),
        (
            {"challenge": Challenge("bearer", REALM, "other"), "given": None},
            "service",
            Grade.FINDING,
            f"'other', and token.services has '{SERVICE}'",
            "REGISTRY_AUTH_TOKEN_SERVICE",
        ),
        (
            {"challenge": Challenge("bearer", REALM, ""), "given": None},
            "service",
            Grade.FINDING,
            "names no service",
            f"auth.token.service: {SERVICE}",
        ),
        (
            {"given": replace(GIVEN, claims={**GIVEN.claims, "aud": "other"})},
            "service",
            Grade.FINDING,
            "the token is for 'other'",
            "SIGHUP",
        ),
        (
            {"given": replace(GIVEN, claims={**GIVEN.claims, "iss": "other"})},
            "issuer",
            Grade.FINDING,
            "the bridge that runs signs as 'other'",
            "SIGHUP",
        ),
        (
            {"given": replace(GIVEN, header={"kid": NEW.kid})},
            "x5c",
            Grade.FINDING,
            "without the certificate, and token.x5c is on",
            "SIGHUP",
        ),
        (
            {"given": replace(GIVEN, header={**GIVEN.header, "kid": OLD.kid})},
            "key",
            Grade.FINDING,
            "signs with 'old'",
            "SIGHUP",
        ),
        (
            {"user": "alice", "withheld": True, "given": None},
            "token",
            Grade.WARNING,
            "the password of alice was not sent",
            "First mend",
        ),
        (
            {"user": "alice", "signed_in": REFUSAL, "given": None},
            "token",
            Grade.FINDING,
            "gives alice no token (401): Sign in first.",
            "",
        ),
        (
            {"nonsense": YES, "usual": None, "tried": ()},
            "tokens",
            Grade.FINDING,
            "anything that is called",
            "auth.token",
        ),
        (
            {"keys": (), "usual": None, "tried": (), "keys_problem": "cannot be read"},
            "tokens",
            Grade.WARNING,
            "no test tokens could be made: cannot be read",
            "as the user",
        ),
    ],
)
def test_one_cause(
    settings: Settings, changes: Mapping[str, Any], topic: str, grade: Grade, words: str, cure: str
) -> None:
    """That finding and no other, with its words and its cure."""
    (item,) = bad(found(settings, replace(GOOD, **changes)))
    assert (item.topic, item.grade) == (topic, grade)
    assert words in item.what
    assert cure in item.remedy


@pytest.mark.parametrize(
    ("ahead", "tried", "grade", "words"),
    [
        (29.0, YES, Grade.FINE, "agrees with the bridge's"),
        (90.0, YES, Grade.WARNING, "90 s ahead of the bridge's, and 90 s ahead of this machine's: tokens end early"),
        (-90.0, YES, Grade.WARNING, "90 s behind the bridge's, and 90 s behind this machine's: registries before 2.6"),
        (-200.0, YES, Grade.WARNING, "200 s behind"),  # what says the time is not what verifies
        (2000.0, None, Grade.FINDING, "tokens have ended when they arrive"),
        (-200.0, None, Grade.FINDING, "tokens are not valid yet"),
        (-200.0, NO, Grade.FINDING, "A test token by the registry's own time is believed"),
    ],
)
def test_clocks(settings: Settings, ahead: float, tried: Heard | None, grade: Grade, words: str) -> None:
    """Told by the difference; proved by a test token; harmless if the usual one is believed all the same."""
    trials = () if tried is None else (Tried(USUAL, tried), Tried(replace(USUAL, ahead=ahead), YES))
    evidence = replace(GOOD, ping=answer(401, ahead=ahead), tried=trials, given=None)
    (item,) = [item for item in found(settings, evidence) if item.topic == "clock"]
    assert item.grade is grade
    assert words in item.what


def test_clocks_that_nobody_tells(settings: Settings) -> None:
    """No Date from the registry: nothing is said. None from the realm: this machine's is held against it."""
    assert "clock" not in {item.topic for item in found(settings, replace(GOOD, ping=answer(401, ahead=None)))}
    alone = replace(GOOD, **at_realm(Unreached(Obstacle.SILENCE)))
    assert "agrees with this machine's" in next(i for i in found(settings, alone) if i.topic == "clock").what


@pytest.mark.parametrize(
    ("access", "at", "grade", "words"),
    [
        (["pull"], YES, Grade.FINE, "and the registry agrees"),
        (["pull"], None, Grade.FINE, "an anonymous client has repository:team-a/app:pull"),
        ([], LACKING, Grade.FINDING, "the policy does not give an anonymous client repository:team-a/app:pull"),
        (["pull"], LACKING, Grade.FINDING, "does not let it in (401)"),
    ],
)
def test_what_the_policy_gives(
    settings: Settings, access: list[str], at: Heard | None, grade: Grade, words: str
) -> None:
    """A token that is believed and does not allow what is wanted is the policy's matter."""
    entries = [{"type": "repository", "name": "team-a/app", "actions": access}]
    given = replace(GIVEN, claims={**GIVEN.claims, "access": entries}, at_scopes={PULL: at} if at else {})
    item = found(settings, replace(GOOD, given=given), [PULL])[-1]
    assert (item.topic, item.grade) == ("access", grade)
    assert words in item.what


def test_another_realm_than_the_one_wanted(settings: Settings) -> None:
    """Named with both."""
    (item,) = bad(found(settings, GOOD, realm="https://auth.corp.example.com/token"))
    assert f"names the realm {REALM}, and it should be https://auth.corp" in item.what


def test_the_anonymous_are_refused_as_they_may_be(settings: Settings) -> None:
    """No finding, and a hint how to go on."""
    items = found(settings, replace(GOOD, **at_realm(REFUSAL, NEW.kid)))
    assert not bad(items)
    assert "--user NAME" in next(item.what for item in items if item.topic == "token")


def test_a_realm_whose_keys_cannot_be_compared(settings: Settings) -> None:
    """Without keys to compare it is a bridge, and perhaps not this one."""
    evidence = replace(GOOD, keys=(), keys_problem="no", usual=None, tried=())
    assert "whether it is this one" in next(i for i in found(settings, evidence) if i.topic == "realm").what
