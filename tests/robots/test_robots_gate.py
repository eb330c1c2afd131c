"""A robot's login: who gets in, who learns why not, and what it costs."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.robots import RobotGate, TooManyRobots, new_secret, parse_robots, robot_name
from ldap_token_bridge.robots.edit import add_robot, make_robot, revoke_robot, rotate_robot
from ldap_token_bridge.robots.hashes import proves

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = new_secret()


def gate_with(**options: object) -> RobotGate:
    """A gate that knows one robot, `ci`, with SECRET."""
    return gate_of(add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a", **options)))  # type: ignore[arg-type]


def gate_of(text: str, *, remember: float = 60, before: RobotGate | None = None) -> RobotGate:
    """A gate before the robots of a file's text."""
    robots = parse_robots(text, "robots.yaml")
    return RobotGate(robots, remember=remember, remember_refused=60, now=NOW.timestamp, before=before)


async def login(
    at: RobotGate, username: str = "robot+ci", secret: Secret = SECRET, address: str | None = "10.20.0.7"
) -> tuple[str, Refusal | None]:
    """The robot's name, and the refusal if there is one."""
    found = await at.login(Credentials(username, secret), ip_address(address) if address else None, Deadline.after(10))
    return found.name, found.refusal


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every hash that a secret is held against, as long as the test runs."""
    seen: list[str] = []

    def counting(secret: Secret, hashed: str) -> bool:
        seen.append(hashed)
        return proves(secret, hashed)

    monkeypatch.setattr("ldap_token_bridge.robots.hashes.proves", counting)
    return seen


@pytest.mark.parametrize(
    ("username", "name"),
    [("robot+ci", "ci"), ("robot+", ""), ("robot", None), ("ROBOT+ci", None), ("alice", None), ("robot ci", None)],
)
def test_a_plus_sign_tells_robots_from_people(username: str, name: str | None) -> None:
    """No account of Active Directory holds one, so that neither can be taken for the other."""
    assert robot_name(username) == name


async def test_the_right_secret_lets_a_robot_in() -> None:
    """And it is known by its name from then on."""
    assert await login(gate_with()) == ("ci", None)


@pytest.mark.parametrize(
    ("username", "secret"),
    [
        ("robot+ci", new_secret()),
        ("robot+nobody", SECRET),
        ("robot+", SECRET),
        ("robot+ci\0", SECRET),
        ("robot+CI", SECRET),
        ("robot+" + "a" * 65, SECRET),
        ("robot+ci", Secret(b"")),
        ("robot+ci", Secret(SECRET.reveal() + b"\0")),
        ("robot+ci", Secret(b"hunter2")),
    ],
)
async def test_all_else_is_refused_alike(username: str, secret: Secret) -> None:
    """A wrong secret and a name that nobody has read the same."""
    _, refusal = await login(gate_with(), username, secret)
    assert refusal is Refusal.WRONG_CREDENTIALS


async def test_only_who_knows_the_secret_learns_why_it_does_not_help() -> None:
    """Expired, revoked, from elsewhere: told for the right secret, and for no other."""
    expired = gate_with(until="2026-11-21")
    narrow = gate_with(networks=["10.20.0.0/16"])
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    revoked_text = revoke_robot(text, "robots.yaml", "ci", NOW.date())
    revoked = gate_of(revoked_text)
    assert await login(expired) == ("ci", Refusal.ROBOT_EXPIRED)
    assert await login(revoked) == ("ci", Refusal.ROBOT_REVOKED)
    assert await login(narrow, address="10.21.0.7") == ("ci", Refusal.WRONG_NETWORK)
    assert await login(narrow, address=None) == ("ci", Refusal.WRONG_NETWORK)
    assert await login(narrow) == ("ci", None)
    for at in (expired, revoked, narrow):
        assert await login(at, secret=new_secret()) == ("ci", Refusal.WRONG_CREDENTIALS)


async def test_a_robot_lives_through_its_last_day() -> None:
    """`until` is the last day, in UTC."""
    assert await login(gate_with(until="2026-11-22")) == ("ci", None)


async def test_a_hundred_logins_cost_one_hash(hashes: list[str]) -> None:
    """Whether they come at once or one after the other, and whether the secret is right or wrong."""
    at, wrong = gate_with(), new_secret()
    for secret in (SECRET, wrong):
        await asyncio.gather(*(login(at, secret=secret) for _ in range(50)))
        for _ in range(50):
            await login(at, secret=secret)
    assert len(hashes) == 2


async def test_a_name_that_is_nobodys_costs_a_hash_too(hashes: list[str]) -> None:
    """So that the time tells nobody which robots there are; what has not the form of a secret costs none."""
    at = gate_with()
    await login(at, "robot+nobody", new_secret())
    assert len(hashes) == 1
    await login(at, "robot+nobody", Secret(b"hunter2"))
    assert len(hashes) == 1


async def test_a_robot_whose_secret_is_being_changed_is_told_by_no_time(hashes: list[str]) -> None:
    """It has two hashes: a wrong secret is held against two for every name."""
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    text = add_robot(text, "robots.yaml", make_robot("nightly", new_secret(), owner="team-a"))
    at, cost = gate_of(rotate_robot(text, "robots.yaml", "ci", new_secret())), dict[str, int]()
    for name in ("ci", "nightly", "nobody"):
        await login(at, f"robot+{name}", new_secret())
        cost[name] = len(hashes)
        hashes.clear()
    assert cost == {"ci": 2, "nightly": 2, "nobody": 2}
    assert await login(at) == ("ci", None)
    assert len(hashes) <= 2


async def test_a_reload_costs_no_hash(hashes: list[str]) -> None:
    """What was proved or refused of a robot still counts if its hashes are the same, whatever else has changed."""
    text, wrong = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a")), new_secret()
    before = gate_of(text)
    assert await login(before) == ("ci", None)
    assert await login(before, secret=wrong) == ("ci", Refusal.WRONG_CREDENTIALS)
    after = gate_of(revoke_robot(text, "robots.yaml", "ci", NOW.date()), before=before)
    assert await login(after) == ("ci", Refusal.ROBOT_REVOKED)
    assert await login(after, secret=wrong) == ("ci", Refusal.WRONG_CREDENTIALS)
    assert len(hashes) == 2


async def test_nothing_of_other_hashes_is_taken_over(hashes: list[str]) -> None:
    """Neither that the old secret was right, nor that the new one was wrong, nor what is proved while it changes."""
    text, fresh = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a")), new_secret()
    before = gate_of(text)
    assert await login(before) == ("ci", None)
    assert await login(before, secret=fresh) == ("ci", Refusal.WRONG_CREDENTIALS)
    after = gate_of(add_robot("", "robots.yaml", make_robot("ci", fresh, owner="team-a")), before=before)
    assert await login(before) == ("ci", None)  # a request that began before the reload
    assert await login(after) == ("ci", Refusal.WRONG_CREDENTIALS)
    assert await login(after, secret=fresh) == ("ci", None)
    assert len(hashes) == 4


async def test_a_new_robot_is_not_refused_for_what_was_tried_on_its_name(hashes: list[str]) -> None:
    """Its secret cannot have been known before it was made; nor is what counts for longer or shorter taken over."""
    nobody = gate_of("version: 1\n")
    assert await login(nobody) == ("", Refusal.WRONG_CREDENTIALS)
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    made = gate_of(text, before=nobody)
    assert await login(made) == ("ci", None)
    assert await login(gate_of(text, remember=30, before=made)) == ("ci", None)
    assert len(hashes) == 3


@pytest.mark.parametrize("name", ["ci", None])
async def test_a_flush_forgets_what_was_proved_and_refused(hashes: list[str], name: str | None) -> None:
    """Of one robot or of all; until then memory answers, and each answer says so."""
    gate, wrong = gate_with(), new_secret()

    async def from_memory() -> list[bool]:
        here, soon = ip_address("10.20.0.7"), Deadline.after(10)
        logins = [await gate.login(Credentials("robot+ci", secret), here, soon) for secret in (SECRET, wrong)]
        assert [found.refusal for found in logins] == [None, Refusal.WRONG_CREDENTIALS]
        return [found.from_memory for found in logins]

    assert [await from_memory(), await from_memory()] == [[False, False], [True, True]]
    gate.forget("another")
    assert (len(gate), len(hashes)) == (2, 2)
    gate.forget(name)
    assert len(gate) == 0
    assert await from_memory() == [False, False]


async def test_a_flush_forgets_a_robot_of_before_the_reload(hashes: list[str]) -> None:
    """By its name, whatever it is remembered under."""
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    before = gate_of(text)
    await login(before)
    after = gate_of(text, before=before)
    after.forget("ci")
    assert len(after) == 0
    assert await login(after) == ("ci", None)
    assert len(hashes) == 2


async def test_too_many_at_once_are_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits already is served."""
    monkeypatch.setattr("ldap_token_bridge.robots.gate._MOST_WAITING", 2)
    at = gate_with()
    found = await asyncio.gather(*(login(at, secret=new_secret()) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [tuple, tuple, TooManyRobots]


@pytest.mark.parametrize("names", [["robot+ci"], ["robot+x1", "robot+x2", "robot+x3"]])
async def test_nobody_fills_the_line_for_all(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """Neither with one robot's name, nor with names that no robot has, however many addresses ask."""
    monkeypatch.setattr("ldap_token_bridge.robots.gate._LONG", 2)
    monkeypatch.setattr("ldap_token_bridge.robots.gate._FOR_ONE_ROBOT", 3)
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    other = new_secret()
    at = gate_of(add_robot(text, "robots.yaml", make_robot("honest", other, owner="team-b")))
    wrong = [login(at, names[n % len(names)], new_secret(), f"2001:db8:{n}::1") for n in range(6)]
    found = await asyncio.gather(*wrong, login(at, "robot+honest", other), return_exceptions=True)
    assert [type(each) for each in found[:6]] == [tuple] * 3 + [TooManyRobots] * 3
    assert found[6] == ("honest", None)
    assert not at._waiting


async def test_one_client_does_not_fill_the_line_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one prefix of IPv6, which is one client; not even for the robot whose secret it guesses."""
    monkeypatch.setattr("ldap_token_bridge.robots.gate._LONG", 3)
    monkeypatch.setattr("ldap_token_bridge.robots.gate._OF_ONE_CLIENT", 2)
    monkeypatch.setattr("ldap_token_bridge.robots.gate._FOR_ONE_ROBOT", 4)
    at = gate_with()
    wrong = [login(at, "robot+ci", new_secret(), f"2001:db8::{n}") for n in range(5)]
    found = await asyncio.gather(*wrong, login(at, address="10.20.0.7"), return_exceptions=True)
    assert [type(each) for each in found] == [tuple] * 3 + [TooManyRobots] * 2 + [tuple]
    assert found[5] == ("ci", None)


async def test_a_fleet_behind_one_address_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restart: as long as the line is short, shares are nobody's business."""
    monkeypatch.setattr("ldap_token_bridge.robots.gate._OF_ONE_CLIENT", 1)
    secrets, text = [new_secret() for _ in range(6)], ""
    for number, secret in enumerate(secrets):
        text = add_robot(text, "robots.yaml", make_robot(f"r{number}", secret, owner="team-a"))
    at = gate_of(text)
    found = await asyncio.gather(*(login(at, f"robot+r{number}", secret) for number, secret in enumerate(secrets)))
    assert found == [(f"r{number}", None) for number in range(6)]


async def test_both_secrets_work_while_one_is_changed() -> None:
    """No pipeline stops because another one has the new secret already."""
    text = add_robot("", "robots.yaml", make_robot("ci", SECRET, owner="team-a"))
    fresh = new_secret()
    at = gate_of(rotate_robot(text, "robots.yaml", "ci", fresh))
    assert await login(at, secret=SECRET) == ("ci", None)
    assert await login(at, secret=fresh) == ("ci", None)


async def test_a_name_longer_than_any_robots_is_not_remembered(hashes: list[str]) -> None:
    """Nor hashed: anybody can make up a secret of the right form, and names of kilobytes would fill the memory."""
    gate = gate_with()
    assert await login(gate, f"robot+{'a' * 65}") == ("", Refusal.WRONG_CREDENTIALS)
    assert not hashes
    assert len(gate) == 0


async def test_secrets_are_checked_while_all_other_threads_hang() -> None:
    """Names that do not resolve, or files on a machine that is gone, hold the threads that everything else shares."""
    goes_on, threads = threading.Event(), ThreadPoolExecutor(1)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(threads)
    hung = loop.run_in_executor(None, goes_on.wait, 10)
    try:
        assert await asyncio.wait_for(login(gate_with()), 8) == ("ci", None)
    finally:
        goes_on.set()
        await hung
