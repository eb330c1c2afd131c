"""Every state of an account through the whole bridge: its own reason, message and metric, and never a login."""

import re
from collections.abc import Iterator

import pytest

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.web import DEFAULT_MESSAGES
from tests.support import canaries, ldif
from tests.support.bridge import RunningBridge, active_directory, openldap
from tests.support.certificates import Authority
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd

_NEVER = b"\0" * 21  # logonHours: a bit for each hour of the week

NO_MEMORY = {"cache": {"credentials": "off", "groups": "off", "rejected": "off"}}


def counted(bridge: RunningBridge, reason: str) -> float:
    """How many requests were refused for that reason."""
    pattern = rf'^ltb_token_requests_total{{outcome="refused",reason="{reason}"}} (\S+)$'
    return sum(map(float, re.findall(pattern, bridge.metrics(), re.MULTILINE)))


def expect(bridge: RunningBridge, login: str, reason: Refusal, password: str | None = None) -> None:
    """A refusal for exactly this reason, in message, metric and audit line."""
    before = counted(bridge, reason)
    answer = bridge.get("repository:users/x/y:pull", login=login, password=password)
    assert answer.status == 401
    assert answer.message == DEFAULT_MESSAGES[reason]
    assert b"token" not in answer.body
    assert counted(bridge, reason) == before + 1
    line = bridge.audit()[-1]
    assert (line["outcome"], line["reason"], line["account"]) == ("refused", reason, login)


@pytest.fixture(scope="module")
def domain_bridge(tmp_path_factory: pytest.TempPathFactory, samba_domain: SambaDC) -> Iterator[RunningBridge]:
    """Before Active Directory, with nothing remembered."""
    samba_domain.start()
    settings = active_directory(samba_domain.ldaps_url, samba_domain.base, samba_domain.bind_dn, samba_domain.ca_file)
    with RunningBridge(tmp_path_factory.mktemp("bridge"), settings, sections=NO_MEMORY) as bridge:
        yield bridge
        assert not canaries.leaks(bridge.log_text())


STATES = [
    ("dave", Refusal.ACCOUNT_DISABLED),
    ("erin", Refusal.ACCOUNT_EXPIRED),
    ("frank", Refusal.MUST_CHANGE_PASSWORD),
    ("gina", Refusal.PASSWORD_EXPIRED),
    ("henry", Refusal.ACCOUNT_LOCKED),
]


@pytest.mark.parametrize(("login", "reason"), STATES)
def test_active_directory(domain_bridge: RunningBridge, login: str, reason: Refusal) -> None:
    """Disabled, expired, must change, password expired, locked: each told to who knows the password."""
    expect(domain_bridge, login, reason)


@pytest.mark.parametrize("login", ["dave", "erin", "frank", "gina"])
def test_active_directory_with_a_wrong_password(domain_bridge: RunningBridge, samba: SambaDC, login: str) -> None:
    """Who does not know the password learns nothing of the account."""
    expect(domain_bridge, login, Refusal.WRONG_CREDENTIALS, "not the password")
    samba.unlock(login)


def test_outside_hours(domain_bridge: RunningBridge, samba: SambaDC) -> None:
    """No hour of the week is allowed; a moment later all are."""
    dn = samba.person_dn("bob")
    samba.change(ldif.replaced(dn, [("logonHours", _NEVER)]))
    try:
        expect(domain_bridge, "bob", Refusal.OUTSIDE_HOURS)
    finally:
        samba.change(ldif.taken_out(dn, "logonHours"))
    assert domain_bridge.get(login="bob").status == 200


def test_wrong_workstation(domain_bridge: RunningBridge, samba: SambaDC) -> None:
    """The account is bound to a machine that the bridge is not."""
    dn = samba.person_dn("bob")
    samba.change(ldif.replaced(dn, [("userWorkstations", "SOMEWHERE-ELSE")]))
    try:
        expect(domain_bridge, "bob", Refusal.WRONG_WORKSTATION)
    finally:
        samba.change(ldif.taken_out(dn, "userWorkstations"))
    assert domain_bridge.get(login="bob").status == 200


def test_five_wrong_passwords(domain_bridge: RunningBridge, samba: SambaDC) -> None:
    """The domain locks the account, which is then told whatever the password is, and unlocked it is in again."""
    for _ in range(5):
        expect(domain_bridge, "carol", Refusal.WRONG_CREDENTIALS, "not the password")
    expect(domain_bridge, "carol", Refusal.ACCOUNT_LOCKED)
    expect(domain_bridge, "carol", Refusal.ACCOUNT_LOCKED, "not the password")
    samba.unlock("carol")
    assert domain_bridge.get(login="carol").status == 200


@pytest.fixture(scope="module", params=[True, False], ids=["with lockout told", "without"])
def policied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[tuple[RunningBridge, Slapd, bool]]:
    """Before OpenLDAP with a password policy, which tells of locks or does not; nothing is remembered."""
    folder = tmp_path_factory.mktemp("policied")
    with Slapd(folder / "slapd", authority, use_lockout=request.param) as slapd:
        settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        with RunningBridge(folder / "bridge", settings, sections=NO_MEMORY) as bridge:
            yield bridge, slapd, request.param
            assert not canaries.leaks(bridge.log_text())


@pytest.mark.parametrize(("login", "reason"), STATES)
def test_openldap(policied: tuple[RunningBridge, Slapd, bool], login: str, reason: Refusal) -> None:
    """What the policy tells; without `ppolicy_use_lockout` a lock of any kind looks like a wrong password."""
    bridge, _, told = policied
    hidden = not told and login in ("dave", "erin", "henry")
    expect(bridge, login, Refusal.WRONG_CREDENTIALS if hidden else reason)


def test_openldap_locks_after_five(policied: tuple[RunningBridge, Slapd, bool]) -> None:
    """The right password is then refused, too, with the reason where it is told."""
    bridge, slapd, told = policied
    for _ in range(5):
        expect(bridge, "carol", Refusal.WRONG_CREDENTIALS, "not the password")
    expect(bridge, "carol", Refusal.ACCOUNT_LOCKED if told else Refusal.WRONG_CREDENTIALS)
    slapd.change(ldif.taken_out(slapd.person_dn("carol"), "pwdAccountLockedTime"))
    assert bridge.get(login="carol").status == 200


def test_openldap_with_a_good_account(policied: tuple[RunningBridge, Slapd, bool]) -> None:
    """The policy stands in nobody's way."""
    assert policied[0].get(login="bob").status == 200
