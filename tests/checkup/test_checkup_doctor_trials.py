"""Which test tokens are tried, and in what order."""

from itertools import pairwise

import pytest

from ldap_token_bridge.checkup.doctor.trials import Trial, likely_issuers, trials

USUAL = Trial("new", x5c=True, issuer="bridge", ahead=0.5)


def test_fewest_changes_first() -> None:
    """So the first one believed differs in as little as possible; the usual one is the very first."""
    tried = list(trials(USUAL, ["new", "old"], ["other", "bridge"], 90.0))
    counts = [len(trial.changes(USUAL)) for trial in tried]
    assert tried[0] == USUAL
    assert all(one <= next_one for one, next_one in pairwise(counts))
    assert len(set(tried)) == len(tried) == 2 * 2 * 2 * 2
    assert {frozenset(trial.changes(USUAL)) for trial in tried[1:5]} == {
        frozenset([name]) for name in ("key", "x5c", "issuer", "ahead")
    }


@pytest.mark.parametrize("registry", [None, 0.5, 4.0, -4.0])
def test_the_same_time_is_no_change(registry: float | None) -> None:
    """A Date header is told in whole seconds, and some servers send none."""
    assert {trial.ahead for trial in trials(USUAL, ["new"], [], registry)} == {0.5}


def test_there_is_an_end() -> None:
    """However many keys and services there are, the registry is not asked without end."""
    assert len(list(trials(USUAL, [f"key-{n}" for n in range(50)], [f"issuer-{n}" for n in range(50)], 90.0))) == 120


def test_likely_issuers() -> None:
    """With and without a scheme, in other letters, the services, the addresses, and what other token servers say."""
    likely = likely_issuers("Bridge.corp", ["registry.corp"], "https://auth.corp:5001/token", "http://r.corp:5000")
    for issuer in (
        "https://Bridge.corp",
        "bridge.corp",
        "Bridge.corp/",
        "registry.corp",
        "auth.corp",
        "auth.corp:5001",
        "https://auth.corp:5001/token",
        "http://r.corp:5000",
        "Acme auth server",
    ):
        assert issuer in likely
    assert "Bridge.corp" not in likely
    assert "" not in likely_issuers("x", [], "", "")
    assert len(set(likely)) == len(likely)
    assert "x" in likely_issuers("https://x", [], "", "")
