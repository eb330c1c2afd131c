"""What ends a refresh token, with real directories behind a running bridge: OpenLDAP and Active Directory."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import canaries, ldif
from tests.support.bridge import RunningBridge, active_directory, openldap
from tests.support.certificates import Authority
from tests.support.documents import document
from tests.support.http import Answer, request
from tests.support.process import ServerFailed
from tests.support.refresh import issue, refreshing, use
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd

_NUMBERS = itertools.count()
_TEAM = "Registry/reg-team-a-write"
SCOPE = "repository:team-a/app:push,pull"


@dataclass
class Newcomer:
    """Someone who exists for one test alone, in the team that writes team-a."""

    directory: Slapd | SambaDC
    login: str = field(default_factory=lambda: f"newcomer{next(_NUMBERS)}")

    @property
    def dn(self) -> str:
        """Where the person stands."""
        rdn = "uid" if isinstance(self.directory, Slapd) else "CN"
        return f"{rdn}={self.login},OU=People,{self.directory.base}"

    def come(self) -> None:
        """Into the directory, with the password of the canaries, and into the team."""
        if isinstance(self.directory, Slapd):
            attributes: list[tuple[str, str | bytes]] = [("objectClass", "inetOrgPerson"), ("uid", self.login)]
            attributes += [("cn", self.login), ("sn", self.login), ("userPassword", canaries.password(self.login))]
        else:
            attributes = [("objectClass", "user"), ("sAMAccountName", self.login), ("userAccountControl", "512")]
            attributes += [("unicodePwd", _quoted(canaries.password(self.login)))]
        self.directory.change(ldif.added(self.dn, attributes))
        self.directory.change(ldif.put_in(self.directory.group_dn(_TEAM), "member", [self.dn]))

    def leave_the_team(self) -> None:
        """But stay in the company."""
        self.directory.change(ldif.taken_out(self.directory.group_dn(_TEAM), "member", [self.dn]))

    def go(self) -> None:
        """Out of the directory."""
        if isinstance(self.directory, Slapd):  # its memberof overlay keeps the name of who is gone
            self.leave_the_team()
        self.directory.change(ldif.deleted(self.dn))

    def change_password(self) -> None:
        """To another one; OpenLDAP writes the date down in whole seconds."""
        time.sleep(1.1)
        new = canaries.password(f"{self.login}, the next one")
        if isinstance(self.directory, Slapd):
            # Without "relax", by which the sample says itself when a password was changed.
            self.directory.admin.change(ldif.replaced(self.dn, [("userPassword", new)]))
            # Set by somebody else, a password must be changed at the next login; here it was.
            self.directory.change(ldif.taken_out(self.dn, "pwdReset"))
        else:
            self.directory.change(ldif.replaced(self.dn, [("unicodePwd", _quoted(new))]))

    def be_disabled(self) -> None:
        """As each directory does it."""
        if isinstance(self.directory, Slapd):
            self.directory.change(ldif.replaced(self.dn, [("pwdAccountLockedTime", "000001010000Z")]))
        else:
            self.directory.change(ldif.replaced(self.dn, [("userAccountControl", "514")]))


def _quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")


@pytest.fixture(scope="module", params=["openldap", "active-directory"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[tuple[Slapd | SambaDC, RunningBridge]]:
    """A directory, and a bridge before it that gives refresh tokens."""
    folder = tmp_path_factory.mktemp("refresh")
    if request.param == "openldap":
        with Slapd(folder / "slapd", authority) as slapd:
            settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
            with refreshing(folder / "bridge", settings) as bridge:
                yield slapd, bridge
                _no_leaks(bridge)
    else:
        samba: SambaDC = request.getfixturevalue("samba_domain")
        samba.start()
        settings = active_directory(samba.ldaps_url, samba.base, samba.bind_dn, samba.ca_file)
        with refreshing(folder / "bridge", settings) as bridge:
            yield samba, bridge
            _no_leaks(bridge)


@pytest.fixture
def newcomer(company: tuple[Slapd | SambaDC, RunningBridge]) -> Iterator[Newcomer]:
    """Someone whom a test may do anything to."""
    person = Newcomer(company[0])
    person.come()
    yield person
    if not isinstance(company[0], Slapd):
        person.go()


@pytest.fixture
def bridge(company: tuple[Slapd | SambaDC, RunningBridge]) -> RunningBridge:
    """The bridge that all tests here share."""
    return company[1]


def _no_leaks(bridge: RunningBridge) -> None:
    """Neither passwords nor refresh tokens, after all that the tests did."""
    detail = request(f"http://127.0.0.1:{bridge.admin_port}/readyz?verbose").body
    for written in (bridge.log_text(), bridge.metrics(), detail, (bridge.folder / "revoked.json").read_text()):
        assert not canaries.leaks(written)


def _until_refused(bridge: RunningBridge, token: str, reason: str) -> None:
    """Waits for what is remembered to end, and holds the reason."""
    give_up = time.monotonic() + 20
    while (answer := use(bridge, token)).status == 200:
        if time.monotonic() > give_up:
            raise ServerFailed(f"the refresh token is still taken; {reason} was expected")
        time.sleep(0.2)
    assert (answer.status, answer.json["error"]) == (401, "invalid_grant")
    line = bridge.audit()[-1]
    assert (line["reason"], line["grant"], line["outcome"]) == (reason, "refresh_token", "refused")


def _access_after_a_while(bridge: RunningBridge, token: str) -> Answer:
    time.sleep(1.2)
    return use(bridge, token, SCOPE)


def test_it_works_as_long_as_nothing_changes(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """And the audit trail follows it from its issue on."""
    token = issue(bridge, newcomer.login)
    issued = bridge.audit()[-1]
    assert (issued["grant"], issued["account"]) == ("password", newcomer.login)
    for _ in range(2):
        assert _access_after_a_while(bridge, token).access == {"team-a/app": ["pull", "push"]}
    used = bridge.audit()[-1]
    assert (used["grant"], used["account"], used["bind_ms"]) == ("refresh_token", newcomer.login, 0)
    assert used["refresh_id"] == issued["refresh_id"] != ""
    assert 'ltb_refresh_tokens_total{event="used"}' in bridge.metrics()


def test_a_group_that_was_left(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """The token goes on, and gives what is left."""
    token = issue(bridge, newcomer.login)
    newcomer.leave_the_team()
    assert _access_after_a_while(bridge, token).access == {}


def test_a_changed_password(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """Ends it; the new password gives a new one."""
    token = issue(bridge, newcomer.login)
    newcomer.change_password()
    _until_refused(bridge, token, "refresh-password-changed")
    new = canaries.password(f"{newcomer.login}, the next one")
    changes = {"access_type": "offline"}
    answer = bridge.post(login=newcomer.login, password=new, changes=changes)
    canaries.watch("another refresh token", answer.json["refresh_token"])
    assert _access_after_a_while(bridge, answer.json["refresh_token"]).status == 200


def test_someone_is_shut_out_at_once(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """By the steps of docs/operations.md: no new token gives anything, and a login still succeeds."""
    token, login = issue(bridge, newcomer.login), newcomer.login
    (block,) = (block for block in document("docs/operations.md").blocks if "out-mallory" in block.text)
    before = bridge.policy.read_text()
    assert "deny:\n" in before
    try:
        bridge.policy.write_text(before.replace("deny:\n", block.text.replace("mallory", login)))
        bridge.command_line(["policy", "test", str(bridge.policy)])
        assert bridge.reload()
        assert use(bridge, token, SCOPE, "registry:catalog:*").access == {}
        assert bridge.get(SCOPE, login=login).access == {}
        bridge.command_line(["token", "revoke", "--account", login, "-c", str(bridge.settings)])
        _until_refused(bridge, token, "refresh-revoked")
        answer = bridge.get(login=login)
        assert (answer.status, answer.access) == (200, {})
    finally:
        bridge.policy.write_text(before)
        assert bridge.reload()


def test_a_disabled_account(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """Ends it."""
    token = issue(bridge, newcomer.login)
    newcomer.be_disabled()
    _until_refused(bridge, token, "account-disabled")


def test_an_account_that_was_deleted_and_made_again(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """The name is another person's now."""
    token = issue(bridge, newcomer.login)
    newcomer.go()
    _until_refused(bridge, token, "refresh-account-gone")
    newcomer.come()
    time.sleep(1.2)
    assert use(bridge, token).status == 401
    assert bridge.get(login=newcomer.login).status == 200


def test_each_way_of_revoking_holds_across_a_restart(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """By its id, by the account, all: a running bridge heeds the command, and so does the next one."""
    settings = ["-c", str(bridge.settings)]
    for how in ("--id", "--account", "--all"):
        token, other = issue(bridge, newcomer.login), issue(bridge, "bob")
        token_id = bridge.audit()[-2]["refresh_id"]
        value = {"--id": [token_id], "--account": [newcomer.login.upper()], "--all": []}[how]
        bridge.command_line(["token", "revoke", how, *value, *settings])
        _until_refused(bridge, token, "refresh-revoked")
        assert (use(bridge, other).status == 200) is (how != "--all")
        time.sleep(1)  # what is issued in the second of the command is revoked with the rest
    bridge.stop()
    bridge.start()
    assert use(bridge, token).status == 401
    assert _access_after_a_while(bridge, issue(bridge, newcomer.login)).status == 200


def test_a_lost_list(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """No refresh token is taken or refused for good; passwords go on; it cannot be lost by a restart."""
    token = issue(bridge, newcomer.login)
    file = bridge.folder / "revoked.json"
    text = file.read_text()
    file.unlink()
    try:
        give_up = time.monotonic() + 20
        while (answer := use(bridge, token)).status == 200 and time.monotonic() < give_up:
            time.sleep(0.2)
        assert (answer.status, bridge.audit()[-1]["reason"]) == (503, "revocations-unreadable")
        assert bridge.get(login=newcomer.login).status == 200
        assert "token revoke --all" in bridge.log_text()
        assert "a refresh token could not be checked" in bridge.log_text()
        assert bridge.reload()  # which brings neither an empty list nor the one of before
        assert "\nltb_refresh_files_broken 1.0" in bridge.metrics()
        assert "refresh tokens go by what was read of their files before" in bridge.log_text()
        assert use(bridge, token).status == 503
    finally:
        file.write_text(text)
    assert use(bridge, token).status == 200
    assert bridge.reload()
    assert "\nltb_refresh_files_broken 0.0" in bridge.metrics()


def test_a_key_that_cannot_be_read_stands_in_no_policys_way(bridge: RunningBridge, newcomer: Newcomer) -> None:
    """The policy comes into force, and tokens go on with the key that was read before; another place is a mistake."""
    token = issue(bridge, newcomer.login)
    key, policy = bridge.folder / "refresh-key", bridge.folder / "policy.yaml"
    good, before = key.read_bytes(), policy.read_text()
    key.write_text("half a key")
    policy.write_text(f"{before}\n# another one\n")
    try:
        assert bridge.reload()
        assert "is no key of 32 bytes" in bridge.log_text()
        assert "\nltb_refresh_files_broken 1.0" in bridge.metrics()
        assert use(bridge, token).status == 200
        bridge.sections["token"]["refresh"]["key_file"] = "elsewhere"
        bridge.write_settings()
        assert not bridge.reload()
        assert use(bridge, token).status == 200
    finally:
        bridge.sections["token"]["refresh"]["key_file"] = "refresh-key"
        bridge.write_settings()
        key.write_bytes(good)
        policy.write_text(before)
    assert bridge.reload()


def test_a_bridge_does_not_start_without_key_or_list(tmp_path: Path) -> None:
    """Exit code 2, with the command that makes each."""
    bridge = refreshing(tmp_path, openldap("ldap://127.0.0.1:9", "dc=x,dc=y", "cn=svc,dc=x,dc=y"))
    for name, remedy in (("refresh-key", "keys refresh-key"), ("revoked.json", "token revoke --all")):
        (tmp_path / name).rename(tmp_path / "away")
        code, output = bridge.fails_to_start()
        assert code == 2
        assert remedy in output
        (tmp_path / "away").rename(tmp_path / name)
