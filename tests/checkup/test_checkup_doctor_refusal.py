"""From evidence to findings: why the registry refuses tokens, one row a cause."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade
from ldap_token_bridge.checkup.doctor.evidence import Heard, Tried
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.tokens.listing import KeyState
from tests.support.doctor_evidence import (
    GOOD,
    ISSUER,
    NEW,
    NO,
    NOW,
    TOO_LARGE,
    UNSEEN,
    USUAL,
    YES,
    bad,
    found,
    key,
    refused,
    refused_until,
)
from tests.support.settings_file import write_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The shortest good bridge.yaml."""
    return load_settings(write_settings(tmp_path), {})


@pytest.mark.parametrize(
    ("changes", "topic", "line", "words", "cure"),
    [
        (
            refused_until(issuer="Acme auth server"),
            "issuer",
            "issuer",
            "wants the issuer 'Acme auth server'",
            "REGISTRY_AUTH_TOKEN_ISSUER",
        ),
        (refused_until(key="old"), "key", "keys_dir", "its bundle is older than the key, or", "keys activate old"),
        (
            {**refused_until(key="old"), "bundle_trusts": True},
            "key",
            "keys_dir",
            "so it was not restarted",
            "Restart the registry",
        ),
        (
            {**refused_until(key="old"), "bundle_trusts": False},
            "key",
            "keys_dir",
            "does not hold the key that signs",
            "keys bundle",
        ),
        (
            {**refused_until(key="gone"), "keys": (NEW, key("gone", state=KeyState.RETIRED))},
            "key",
            "keys_dir",
            "gone, which is retired",
            "keys bundle",
        ),
        (
            refused_until(x5c=False, several=YES),
            "x5c",
            "token",
            "knows the keys by auth.token.jwks",
            "token.x5c: false",
        ),
        (refused_until(x5c=False), "key", "keys_dir", "another certificate of the same key", "keys bundle"),
        (
            {**refused_until(x5c=False), "keys": (replace(NEW, not_after=NOW - timedelta(hours=1)),)},
            "key",
            "keys_dir",
            "out of its time by the registry's clock",
            "keys new",
        ),
        (
            {**refused_until(x5c=False), "keys": (replace(NEW, not_before=NOW + timedelta(hours=1)),)},
            "key",
            "keys_dir",
            "out of its time",
            "Set the registry's clock",
        ),
        (refused(UNSEEN), "tokens", None, "as if there were none", "proxy"),
        (refused(TOO_LARGE), "tokens", None, "answers 400 to a request with a token", "headers"),
        (refused(bundle_trusts=False), "key", "keys_dir", "The bundle file given does not hold", "keys bundle"),
        ({**refused(), "keys_problem": "no", "keys": ()}, "tokens", None, "refuses the token", "untrusted issuer"),
    ],
)
def test_why_tokens_are_refused(
    settings: Settings, changes: Mapping[str, Any], topic: str, line: str | None, words: str, cure: str
) -> None:
    """Beside the fact that the realm's own token is refused: one cause, at its line of bridge.yaml."""
    told = [item for item in found(settings, replace(GOOD, **changes)) if item.grade is Grade.FINDING]
    fact, cause = told
    assert fact.topic == "token"
    assert (cause.topic, cause.where) == (topic, settings.place("token", line) if line else None)
    assert words in cause.what
    assert cure in cause.remedy


def test_two_causes_at_once(settings: Settings) -> None:
    """Each with its own finding."""
    items = bad(found(settings, replace(GOOD, **refused_until(key="old", issuer="x"))))
    assert [item.topic for item in items] == ["token", "issuer", "key"]


def test_what_is_left_is_called_possible(settings: Settings) -> None:
    """When nothing was believed: two suspects with their lines, and how the registry's log tells them apart."""
    items = bad(found(settings, replace(GOOD, **refused())))
    assert [(item.topic, item.grade) for item in items] == [
        ("token", Grade.FINDING),
        ("tokens", Grade.FINDING),
        ("issuer", Grade.WARNING),
        ("key", Grade.WARNING),
    ]
    assert f'untrusted issuer: "{ISSUER}"' in items[1].remedy
    assert all("possibly" in item.what for item in items[2:])
    restarted = bad(found(settings, replace(GOOD, **refused(bundle_trusts=True))))[-1]
    assert "not restarted" in restarted.what and restarted.remedy.startswith("Restart")


@pytest.mark.parametrize(
    ("x5c", "several", "words"),
    [
        (False, NO, "2.x, which reads no jwks"),
        (False, YES, "auth.token.jwks"),
        (True, YES, "auth.token.rootcertbundle"),
    ],
)
def test_which_file_the_registry_needs(tmp_path: Path, *, x5c: bool, several: Heard, words: str) -> None:
    """By its generation, and by whether tokens carry the certificate."""
    settings = load_settings(write_settings(tmp_path, token__x5c=x5c), {})
    evidence = replace(GOOD, **refused_until(key="old", several=several), usual=replace(USUAL, x5c=x5c))
    evidence = replace(evidence, tried=(Tried(replace(USUAL, x5c=x5c, key="old"), YES),), given=None)
    (item,) = [item for item in bad(found(settings, evidence)) if item.topic == "key"]
    assert words in item.remedy


def test_a_registry_3x_that_needs_the_certificate(tmp_path: Path) -> None:
    """x5c is off, and it has a bundle alone."""
    settings = load_settings(write_settings(tmp_path, token__x5c=False), {})
    usual = replace(USUAL, x5c=False)
    evidence = replace(GOOD, usual=usual, tried=(Tried(USUAL, YES),), several_audiences=YES, given=None)
    (item,) = bad(found(settings, evidence))
    assert (item.topic, item.where) == ("x5c", settings.place("token", "x5c"))
    assert "token.x5c: true" in item.remedy and "auth.token.jwks" in item.remedy
