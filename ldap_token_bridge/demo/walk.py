"""The walk: a few logins by different people, each held against what should come out."""

import time
from collections.abc import AsyncIterator

import aiohttp

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.tokens import verify_token
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.web import DEFAULT_MESSAGES

from .client import Client, TokenAnswer
from .home import ISSUER, SERVICE
from .people import NETBIOS_NAME, PEOPLE, Condition, person
from .world import World

PUSH_A = "repository:team-a/app:pull,push"
PUSH_B = "repository:team-b/app:pull,push"
PUBLIC = "repository:public/hello:pull"

REFUSALS = {
    Condition.DISABLED: Refusal.ACCOUNT_DISABLED,
    Condition.EXPIRED_PASSWORD: Refusal.PASSWORD_EXPIRED,
    Condition.MUST_CHANGE_PASSWORD: Refusal.MUST_CHANGE_PASSWORD,
    Condition.LOCKED: Refusal.ACCOUNT_LOCKED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step: what was done, what came out, whether that is right. `answer` is there where a token was asked for."""

    title: str
    came: str
    right: bool
    should: str
    answer: TokenAnswer | None = None
    shown: bool = False  # whether its token is worth printing


async def walk(world: World) -> AsyncIterator[Outcome]:
    """Every login in turn, then the registry if there is one."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        client = Client(session, world.token_url)
        async for outcome in _logins(client):
            yield outcome
        writer = await client.ask("alice", person("alice").password, PUSH_A)
        yield _verified(world, writer)
        if world.registry:
            async for outcome in _at_the_registry(client, world.registry.url, writer):
                yield outcome


async def _logins(client: Client) -> AsyncIterator[Outcome]:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    for name in ("alice", f"{NETBIOS_NAME}\\alice", "alice@corp.example.com"):
        yield _signed_in(f"{name} logs in", await client.ask(name, alice.password), "alice", ())
    wrong = await client.ask("alice", "not-her-password")
    yield _refused("alice with a wrong password", wrong, Refusal.WRONG_CREDENTIALS)
    nobody = await client.ask("nobody", "some-password")
    yield _refused("somebody who does not exist", nobody, Refusal.WRONG_CREDENTIALS)
    for who in PEOPLE:
        if who.condition:
            answer = await client.ask(who.account, who.password)
            yield _refused(f"{who.account} with the right password", answer, REFUSALS[who.condition])
    answer = await client.ask(alice.account, alice.password, PUSH_A)
    title = "alice asks to push to team-a/app (her right comes over three nested groups)"
    yield _signed_in(title, answer, "alice", (PUSH_A,), shown=True)
    answer = await client.ask(alice.account, alice.password, PUSH_B)
    yield _signed_in("alice asks to push to team-b/app", answer, "alice", ())
    answer = await client.ask(bob.account, bob.password, PUSH_A)
    yield _signed_in("bob asks to push to team-a/app", answer, "bob", ("repository:team-a/app:pull",))
    answer = await client.ask(carol.account, carol.password, PUSH_B)
    title = "carol asks to push to team-b/app (Platform is her primary group)"
    yield _signed_in(title, answer, "carol", (PUSH_B,), shown=True)
    answer = await client.ask(scope=PUBLIC)
    yield _signed_in("nobody signed in asks to pull public/hello", answer, "", (PUBLIC,), shown=True)
    answer = await client.ask(scope=PUSH_A)
    yield _refused("nobody signed in asks to push to team-a/app", answer, Refusal.NO_CREDENTIALS)


async def _at_the_registry(client: Client, url: str, writer: TokenAnswer) -> AsyncIterator[Outcome]:
    bare = await client.ask("alice", person("alice").password)
    upload_a, upload_b = (f"{url}/v2/{name}/blobs/uploads/" for name in ("team-a/app", "team-b/app"))
    yield _status("the registry without a token", await client.present("GET", f"{url}/v2/"), 401)
    yield _status("the registry with alice's token", await client.present("GET", f"{url}/v2/", bare.token), 200)
    yield _status("her upload to team-a/app", await client.present("POST", upload_a, writer.token), 202)
    # What docker does when the registry names the scope that it wants.
    other = await client.ask("alice", person("alice").password, PUSH_B)
    yield _status("her upload to team-b/app", await client.present("POST", upload_b, other.token), 401)


def _signed_in(
    title: str, answer: TokenAnswer, account: str, granted: tuple[str, ...], *, shown: bool = False
) -> Outcome:
    right = answer.status == 200 and answer.claims.get("sub") == account and answer.granted == granted  # noqa: PLR2004
    if not answer.token:
        came = f"{answer.status}, {answer.message}"
    else:
        came = _described(str(answer.claims.get("sub")), answer.granted)
    return Outcome(title, came, right, _described(account, granted), answer, shown)


def _described(account: str, granted: tuple[str, ...]) -> str:
    return f"a token for {account or 'anyone'}, {' '.join(granted) or 'with access to no repository'}"


def _refused(title: str, answer: TokenAnswer, reason: Refusal) -> Outcome:
    message = DEFAULT_MESSAGES[reason]
    right = answer.status == 401 and answer.message == message  # noqa: PLR2004
    came = f"{answer.status}, {answer.message}" if not answer.token else "a token"
    return Outcome(title, came, right, f"401, {message}", answer)


def _verified(world: World, answer: TokenAnswer) -> Outcome:
    """The token, held against the rules of both generations of registries."""
    bundle = world.home.bundle.read_text(encoding="ascii")
    failures = [
        f"{generation}: {failure.detail}"
        for generation in ("2.x", "3.x")
        if (
            failure := verify_token(
                answer.token, bundle, issuer=ISSUER, service=SERVICE, now=time.time(), generation=generation
            ).failure
        )
    ]
    should = "accepted by the rules of registry 2.x and 3.x"
    return Outcome("alice's token as registries verify it", "; ".join(failures) or should, not failures, should)


def _status(title: str, status: int, should: int) -> Outcome:
    return Outcome(title, str(status), status == should, str(should))
