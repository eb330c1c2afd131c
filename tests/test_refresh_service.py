"""Refresh tokens from issue to use, with a directory that counts and the time in the test's hand."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ldap_token_bridge.cache import FileRevocations, revoke_all, revoke_token, revoke_tokens_of, start_revocations
from ldap_token_bridge.cache.revocations import RevocationsUnreadable
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated
from ldap_token_bridge.errors import Misconfigured, Unavailable
from ldap_token_bridge.identity import Account, Credentials, Group, Refusal, Secret
from ldap_token_bridge.refresh_service import NewRefreshToken, NotRenewed, RefreshRules, RefreshUse, Renewed, renew
from ldap_token_bridge.tokens import RefreshRefusal, new_refresh_key
from tests.support.counting_directory import ALICE, World

START = 1_800_000_000.0
SERVICE = "registry.test"


class Refresh:
    """A world with refresh tokens; `now` is what the clocks show, in seconds since 1970."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.list = folder / "revoked.json"
        start_revocations(self.list)
        keys = new_refresh_key(folder / "keys")
        self.rules = RefreshRules(keys, FileRevocations(self.list, self.world.clock), 3600, same_client=True)

    @property
    def now(self) -> float:
        return START + self.world.clock.now

    async def issue(self, password: bytes = b"right") -> NewRefreshToken:
        """As for a login that asks for one."""
        credentials = Credentials("ALICE", Secret(password))
        login = await self.world.authenticator.login(credentials, Deadline.after(5), anew=True)
        assert isinstance(login, Authenticated)
        made = self.rules.issue(login, SERVICE, "docker", self.now)
        assert made
        return made

    async def use(self, made: NewRefreshToken, service: str = SERVICE, client: str = "docker") -> Renewed | NotRenewed:
        """As a client does later."""
        use = RefreshUse(Secret(made.token.encode()), service, client, self.now)
        return await renew(self.rules, use, self.world.authenticator, Deadline.after(5))

    async def refusal(self, made: NewRefreshToken, **use: str) -> str:
        """Why it is refused."""
        found = await self.use(made, **use)
        assert isinstance(found, NotRenewed)
        assert (found.account, found.token_id) == ("alice", made.token_id)
        return found.reason


@pytest.fixture
def refresh(tmp_path: Path) -> Refresh:
    """With the default cache times, and tokens of an hour."""
    return Refresh(tmp_path)


async def test_a_use_asks_for_no_password(refresh: Refresh) -> None:
    """A search and the groups; then nothing for as long as a password would be remembered."""
    made = await refresh.issue()
    assert refresh.world.asked == {"find": 1, "bind": 1, "groups": 1}
    for asked in ({"find": 1, "groups": 1}, {}):
        renewed = await refresh.use(made)
        assert isinstance(renewed, Renewed)
        assert (renewed.login.account, renewed.token_id) == (ALICE, made.token_id)
        assert refresh.world.asked == asked
    refresh.world.clock.now += 61
    await refresh.use(made)
    assert refresh.world.asked == {"find": 1, "groups": 1}


async def test_groups_are_those_of_now(refresh: Refresh) -> None:
    """What someone lost after the issue, the token lost, too."""
    made = await refresh.issue()
    refresh.world.directory.group_list = (Group("CN=other,DC=x"),)
    renewed = await refresh.use(made)
    assert isinstance(renewed, Renewed)
    assert renewed.login.groups == (Group("CN=other,DC=x"),)


async def test_it_ends(refresh: Refresh) -> None:
    """At its hour, also if it was used all the time."""
    made = await refresh.issue()
    refresh.world.clock.now += 3599
    assert isinstance(await refresh.use(made), Renewed)
    refresh.world.clock.now += 1
    assert await refresh.refusal(made) == RefreshRefusal.EXPIRED


@pytest.mark.parametrize(
    ("use", "reason"),
    [({"service": "other"}, RefreshRefusal.OTHER_SERVICE), ({"client": "other"}, RefreshRefusal.OTHER_CLIENT)],
)
async def test_it_is_bound(refresh: Refresh, use: dict[str, str], reason: RefreshRefusal) -> None:
    """To the registry and to the client that it was issued to; the directory is not even asked."""
    made = await refresh.issue()
    assert refresh.world.asked
    assert await refresh.refusal(made, **use) == reason
    assert refresh.world.asked == {}


async def test_any_client_where_the_settings_say_so(refresh: Refresh) -> None:
    """`same_client: false`."""
    made = await refresh.issue()
    refresh.rules = replace(refresh.rules, same_client=False)
    assert isinstance(await refresh.use(made, client="buildkit-client"), Renewed)


@pytest.mark.parametrize("state", [each for each in Refusal if each is not Refusal.NO_CREDENTIALS])
async def test_a_state_that_stops_a_login_stops_it(refresh: Refresh, state: Refusal) -> None:
    """Disabled, locked, expired, to be changed: and when that is over the same token works again."""
    made = await refresh.issue()
    refresh.world.directory.state = state
    assert await refresh.refusal(made) == state
    refresh.world.directory.state = None
    refresh.world.clock.now += 61
    assert isinstance(await refresh.use(made), Renewed)


async def test_an_account_that_is_gone(refresh: Refresh) -> None:
    """Deleted; or made again under the same name, which is another account."""
    made = await refresh.issue()
    refresh.world.directory.there = False
    assert await refresh.refusal(made) == RefreshRefusal.ACCOUNT_GONE
    refresh.world.directory.there = True
    refresh.world.directory.account = Account("alice", ALICE.dn, "another-id")
    assert await refresh.refusal(made) == RefreshRefusal.ACCOUNT_GONE


async def test_another_account_of_the_same_name_gets_nothing_from_memory(refresh: Refresh) -> None:
    """Each token leads to its own account, in whatever order they are used."""
    first = await refresh.issue()
    assert isinstance(await refresh.use(first), Renewed)
    refresh.world.directory.account = Account("alice", ALICE.dn, "another-id")
    second = await refresh.issue()
    renewed = await refresh.use(second)
    assert isinstance(renewed, Renewed)
    assert renewed.login.account.unique_id == "another-id"
    refresh.world.clock.now += 61
    assert await refresh.refusal(first) == RefreshRefusal.ACCOUNT_GONE


@pytest.mark.parametrize("date", ["134", ""])
async def test_a_changed_password_ends_it(refresh: Refresh, date: str) -> None:
    """Also if the date cannot be read any more."""
    made = await refresh.issue()
    refresh.world.directory.password_date = date
    assert await refresh.refusal(made) == RefreshRefusal.PASSWORD_CHANGED


async def test_a_remembered_password_gives_no_new_token(refresh: Refresh) -> None:
    """Who knows the old password must not get a token with the date of the new one."""
    await refresh.world.login()
    refresh.world.directory.password, refresh.world.directory.password_date = b"new", "134"
    assert isinstance(await refresh.world.login(), Authenticated), "for a minute the old one is good for access"
    credentials = Credentials("alice", Secret(b"right"))
    login = await refresh.world.authenticator.login(credentials, Deadline.after(5), anew=True)
    assert not isinstance(login, Authenticated)


async def test_an_old_entry_in_memory_makes_no_stillborn_token(refresh: Refresh) -> None:
    """The date is read anew at the issue, though the person is remembered from before the change."""
    await refresh.world.login()
    refresh.world.directory.password, refresh.world.directory.password_date = b"new", "134"
    made = await refresh.issue(b"new")
    refresh.world.clock.now += 400
    assert isinstance(await refresh.use(made), Renewed)


async def test_a_wrong_password_is_still_asked_once(refresh: Refresh) -> None:
    """Clients that ask for a refresh token repeat a wrong password like others."""
    credentials = Credentials("alice", Secret(b"stale"))
    for _ in range(3):
        await refresh.world.authenticator.login(credentials, Deadline.after(5), anew=True)
    assert refresh.world.asked["bind"] == 1


async def test_an_outage_is_no_refusal(refresh: Refresh) -> None:
    """Clients throw a refused token away."""
    made = await refresh.issue()
    refresh.world.directory.down = True
    with pytest.raises(Unavailable):
        await refresh.use(made)
    refresh.world.directory.down = False
    assert isinstance(await refresh.use(made), Renewed)


async def test_each_way_of_revoking(refresh: Refresh) -> None:
    """One; those of an account, in any case of its letters; all. What is issued after that is good."""
    one, other = await refresh.issue(), await refresh.issue()
    revoke_token(refresh.list, one.token_id, int(refresh.now))
    refresh.world.clock.now += 2
    assert await refresh.refusal(one) == RefreshRefusal.REVOKED
    assert isinstance(await refresh.use(other), Renewed)
    revoke_tokens_of(refresh.list, "Alice", int(refresh.now))
    refresh.world.clock.now += 2
    assert await refresh.refusal(other) == RefreshRefusal.REVOKED
    third = await refresh.issue()
    assert isinstance(await refresh.use(third), Renewed)
    revoke_tokens_of(refresh.list, "bob", int(refresh.now))
    refresh.world.clock.now += 2
    assert isinstance(await refresh.use(third), Renewed)
    revoke_all(refresh.list, int(refresh.now))
    same_second = await refresh.issue()
    refresh.world.clock.now += 2
    assert await refresh.refusal(third) == RefreshRefusal.REVOKED
    assert await refresh.refusal(same_second) == RefreshRefusal.REVOKED
    assert isinstance(await refresh.use(await refresh.issue()), Renewed)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        b"",
        b"{}",
        b"[1]",
        b'{"version":2,"all_until":0,"accounts":{},"tokens":{}}',
        b"\xff" * 9,
        b'{"version":1,"all_until":9999999999,"accounts":{},"tokens":{},"all_until":0}',
    ],
)
async def test_a_list_that_cannot_be_read_lets_nobody_in(refresh: Refresh, broken: bytes | None) -> None:
    """Nor does it refuse for good: it is 503 until the list is there again. Passwords go on."""
    made, text = await refresh.issue(), refresh.list.read_bytes()
    assert isinstance(await refresh.use(made), Renewed)
    refresh.world.clock.now += 2
    refresh.list.unlink()
    if broken is not None:
        refresh.list.write_bytes(broken)
    for _ in range(2):
        with pytest.raises(RevocationsUnreadable):
            await refresh.use(made)
    assert isinstance(await refresh.world.login(), Authenticated)
    with pytest.raises(Misconfigured):
        FileRevocations(refresh.list)
    with pytest.raises(Misconfigured):
        revoke_token(refresh.list, made.token_id, 1)
    refresh.list.write_bytes(text)
    assert isinstance(await refresh.use(made), Renewed)


async def test_a_lost_list_is_begun_anew_by_revoking_all(refresh: Refresh) -> None:
    """Nobody can tell what stood in it."""
    made = await refresh.issue()
    refresh.list.unlink()
    revoke_all(refresh.list, int(refresh.now))
    refresh.world.clock.now += 2
    assert await refresh.refusal(made) == RefreshRefusal.REVOKED


async def test_a_file_system_that_hangs_takes_one_thread(refresh: Refresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients ask and give up: robots' secrets are checked by the same threads."""
    made, goes_on, looks = await refresh.issue(), threading.Event(), 0

    def hang(_path: Path) -> bytes:
        nonlocal looks
        looks += 1
        goes_on.wait(10)
        return text

    text = refresh.list.read_bytes()
    monkeypatch.setattr("ldap_token_bridge.cache.revocation_file._read", hang)
    refresh.world.clock.now += 2
    try:
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(refresh.use(made), 0.02)
        assert looks == 1
    finally:
        goes_on.set()
    assert isinstance(await refresh.use(made), Renewed)


async def test_a_hung_file_system_is_no_outage_of_the_directory(
    refresh: Refresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says what hangs."""
    made, goes_on = await refresh.issue(), threading.Event()
    monkeypatch.setattr("ldap_token_bridge.cache.revocation_file._read", lambda _path: goes_on.wait(10) and b"")
    monkeypatch.setattr("ldap_token_bridge.cache.revocation_file._PATIENCE", 0.05)
    refresh.world.clock.now += 2
    try:
        with pytest.raises(RevocationsUnreadable):
            await refresh.use(made)
    finally:
        goes_on.set()


async def test_what_was_called_back_stays_so_by_a_clock_that_is_behind(refresh: Refresh) -> None:
    """Two people revoke from two machines: the later one by a slower clock takes nothing back."""
    made = await refresh.issue()
    revoke_tokens_of(refresh.list, "alice", int(refresh.now) + 5)
    revoke_tokens_of(refresh.list, "alice", int(refresh.now) - 100)
    refresh.world.clock.now += 2
    assert await refresh.refusal(made) == RefreshRefusal.REVOKED


async def test_a_link_to_the_list_leads_to_the_same_list(refresh: Refresh) -> None:
    """Who revokes by a link is heard by bridges that read the file itself."""
    made, other = await refresh.issue(), await refresh.issue()
    link = refresh.list.with_name("link.json")
    link.symlink_to(refresh.list)
    revoke_token(link, made.token_id, int(refresh.now))
    refresh.world.clock.now += 2
    assert await refresh.refusal(made) == RefreshRefusal.REVOKED
    revoke_all(link, int(refresh.now))
    refresh.world.clock.now += 2
    assert await refresh.refusal(other) == RefreshRefusal.REVOKED
    assert link.is_symlink()


def test_a_link_to_something_else_does_no_harm(tmp_path: Path) -> None:
    """`--all` begins the list anew, and leaves alone what the link led to."""
    (tmp_path / "precious").write_text("of somebody else")
    (tmp_path / "list").symlink_to(tmp_path / "precious")
    revoke_all(tmp_path / "list", 1000)
    assert (tmp_path / "precious").read_text() == "of somebody else"
    assert FileRevocations(tmp_path / "list").list.all_until == 1000


async def test_a_pipe_in_the_place_of_the_list_lets_nobody_in(refresh: Refresh) -> None:
    """Nor does anybody wait for its other end."""
    made = await refresh.issue()
    refresh.list.unlink()
    os.mkfifo(refresh.list)
    refresh.world.clock.now += 2
    with pytest.raises(RevocationsUnreadable, match="cannot be taken"):
        await asyncio.wait_for(refresh.use(made), 1)


def test_what_is_no_id_or_account_is_not_written_down(refresh: Refresh) -> None:
    """Somebody may paste the token itself, or a name that would revoke nothing."""
    before = refresh.list.read_bytes()
    for wrong in ("", "AQID-secret-token", "00112233AABBCCDD", "x" * 16):
        with pytest.raises(Misconfigured) as raised:
            revoke_token(refresh.list, wrong, 1)
        assert not wrong or wrong not in str(raised.value)
    for wrong in ("", "CORP\\alice", "alice@corp.example.com", "ali\nce", "x" * 300, " alice", "alice "):
        with pytest.raises(Misconfigured, match="whoami"):
            revoke_tokens_of(refresh.list, wrong, 1)
    assert refresh.list.read_bytes() == before


def test_an_account_that_is_an_address_can_be_revoked(refresh: Refresh) -> None:
    """Where `users.account` is userPrincipalName, there is no other name."""
    revoke_tokens_of(refresh.list, "Alice@corp.example.com", 10, addresses=True)
    assert FileRevocations(refresh.list).list.is_revoked("1" * 16, "alice@corp.example.com", 10)


def test_old_entries_are_dropped(refresh: Refresh) -> None:
    """A year after, when no token can be left; what revoked all of them stays."""
    year = 366 * 86_400
    revoke_all(refresh.list, 5)
    revoke_token(refresh.list, "0" * 16, 10)
    revoke_tokens_of(refresh.list, "bob", 11)
    revoke_token(refresh.list, "1" * 16, year + 10)
    text = refresh.list.read_text()
    assert "0" * 16 not in text
    assert "bob" in text
    assert '"all_until": 5' in text
