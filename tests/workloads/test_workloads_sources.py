"""A gate and the keys that it fetches: of which issuer, when anew, and what a reload takes over."""

import asyncio
import math
import ssl
from dataclasses import replace

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.tokens import TrustedKeys
from ldap_token_bridge.workloads import (
    CannotFetch,
    ClaimPattern,
    Entry,
    Issuer,
    IssuerUnavailable,
    KeysAddress,
    WorkloadGate,
    WorkloadRefusal,
)
from tests.support.platform import AUDIENCE, GITLAB, SigningPlatform, gitlab_claims

NOW = 1_800_000_000.0
FIRST, SECOND = SigningPlatform("ES256", "1"), SigningPlatform("ES256", "2")
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ADDRESS = KeysAddress(GITLAB, "https://gitlab.corp.example.com/jwks", b"", 3600, TLS)


class Web:
    """What the issuers publish by their addresses: nothing is an issuer that is down."""

    def __init__(self) -> None:
        self.published = {ADDRESS.jwks_url: FIRST}
        self.asked: list[KeysAddress] = []
        self.told: list[tuple[str, str]] = []
        self.given_up = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def fetch(self, address: KeysAddress) -> TrustedKeys:
        """As `fetch_keys`."""
        self.asked.append(address)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if address.jwks_url not in self.published:
            raise CannotFetch("no answer", "timeout")
        return TrustedKeys.of_jwks(self.published[address.jwks_url].jwks())

    def gate(
        self, name: str = "gitlab", keys: TrustedKeys | KeysAddress = ADDRESS, before: WorkloadGate | None = None
    ) -> WorkloadGate:
        """One issuer with one workload."""
        issuer = Issuer(GITLAB, AUDIENCE, 86_400, (Entry("deploy", {"ref": ClaimPattern("main")}),), keys)
        return WorkloadGate(
            {name: issuer}, now=lambda: NOW, before=before, on_fetch=lambda *heard: self.told.append(heard)
        )


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    """In the place of HTTPS."""
    found = Web()
    monkeypatch.setattr("ldap_token_bridge.workloads.gate.fetch_keys", found.fetch)
    return found


async def came_of(gate: WorkloadGate, platform: SigningPlatform = FIRST, issuer: str = "gitlab") -> str:
    """The workload's name, or why not."""
    token = platform.token(gitlab_claims(NOW))
    found = await gate.login(Credentials(f"workload+{issuer}", token), None, Deadline.after(5))
    return found.refusal or found.name


async def test_keys_are_fetched_from_the_issuers_address(web: Web) -> None:
    """At the first login; who looks after the bridge hears of it by the issuer's name."""
    gate = web.gate()
    assert gate.key_ages() == {"gitlab": math.inf}
    assert await came_of(gate) == "deploy"
    assert (web.asked, web.told) == ([ADDRESS], [("gitlab", "ok")])
    assert gate.key_ages()["gitlab"] < math.inf


async def test_a_key_that_is_not_known_is_asked_for(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer has another key since: its token is let in at once, and a made-up one is refused as ever."""
    monkeypatch.setattr("ldap_token_bridge.workloads.keys._PAUSE", 0.0)
    gate = web.gate()
    assert await came_of(gate) == "deploy"
    assert await came_of(gate, SECOND) == WorkloadRefusal.UNKNOWN_KEY
    web.published[ADDRESS.jwks_url] = SECOND
    assert await came_of(gate, SECOND) == "deploy"
    assert await came_of(gate, FIRST) == WorkloadRefusal.UNKNOWN_KEY, "a key that was withdrawn is good for nothing"


async def test_a_known_key_is_not_asked_for_again(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for a good token nor for one that is forged under its id."""
    monkeypatch.setattr("ldap_token_bridge.workloads.keys._PAUSE", 0.0)
    gate = web.gate()
    assert await came_of(gate) == "deploy"
    assert await came_of(gate, SigningPlatform("ES256", "1")) == WorkloadRefusal.BAD_SIGNATURE
    assert len(web.asked) == 1


async def test_a_reload_while_the_issuer_is_down_shuts_nobody_out(web: Web) -> None:
    """Keys that are there are taken over, of the same issuer at the same address."""
    before = web.gate()
    assert await came_of(before) == "deploy"
    web.published.clear()
    assert await came_of(web.gate(before=before)) == "deploy"
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "keys", [replace(ADDRESS, jwks_url="https://other.example.com/jwks"), replace(ADDRESS, ca=b"another")]
)
async def test_keys_of_another_address_are_not_taken_over(web: Web, keys: KeysAddress) -> None:
    """Nor those that another authority vouched for: whoever corrects either means that the old ones end."""
    before = web.gate()
    assert await came_of(before) == "deploy"
    web.published[keys.jwks_url] = SECOND
    after = web.gate(keys=keys, before=before)
    assert await came_of(after) == WorkloadRefusal.UNKNOWN_KEY
    assert await came_of(after, SECOND) == "deploy"


async def test_a_new_issuer_has_nothing_to_take_over(web: Web) -> None:
    """Nor one whose keys stood in a file before."""
    assert await came_of(web.gate("new", before=web.gate()), issuer="new") == "deploy"
    of_file = web.gate(keys=TrustedKeys.of_jwks(SECOND.jwks()))
    assert of_file.key_ages() == {}
    assert await came_of(web.gate(before=of_file)) == "deploy"


async def test_learning_ahead_fails_for_nobody(web: Web) -> None:
    """What is there needs not be fetched by a login; an issuer that is down is found out by who needs it."""
    gate = web.gate()
    await gate.learn_keys()
    assert len(web.asked) == 1
    assert await came_of(gate) == "deploy"
    assert len(web.asked) == 1
    web.published.clear()
    gate = web.gate()
    await gate.learn_keys()
    with pytest.raises(IssuerUnavailable):
        await came_of(gate)


async def test_closing_ends_what_is_fetched(web: Web) -> None:
    """Nobody waits for an issuer at the end."""
    web.may_answer.clear()
    gate = web.gate()
    waiting = asyncio.create_task(came_of(gate))
    while not web.asked:  # noqa: ASYNC110 -- it is the gate's doing
        await asyncio.sleep(0)
    await gate.close()
    assert web.given_up == 1
    with pytest.raises(IssuerUnavailable):
        await waiting
