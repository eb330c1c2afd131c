"""`check --connect` holds the budget of an account against the directory's own lockout, as far as it is shown."""

from collections.abc import Iterable
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, Item, exit_code
from tests.checkup.conftest import MakeFolder, connect, of_slapd
from tests.conftest import MakeSlapd
from tests.support import ldif, slapd_tree
from tests.support.ds389 import DirectoryServer389
from tests.support.slapd import Slapd

DEFAULT = slapd_tree.DEFAULT_POLICY


def of_389ds(ds389: DirectoryServer389) -> dict[str, Any]:
    """The `directory` section for 389 Directory Server, which has no TLS here."""
    return {
        "kind": "389ds",
        "servers": [ds389.url],
        "bind_dn": ds389.bind_dn,
        "base": ds389.base,
        "tls": {"allow_plaintext": True},
    }


def lockout(items: Iterable[Item], whose: str = "") -> Item:
    """The one item on the lockout, of a policy if it is named."""
    (item,) = [item for item in items if item.topic == "lockout" and whose in item.what]
    return item


@pytest.mark.parametrize(
    ("budget", "grade", "what", "remedy"),
    [
        ("3 per 15m", Grade.FINE, "5 wrong passwords within 30m of each other; guard.account_failures passes on 4", ""),
        ("4 per 15m", Grade.WARNING, "guard.account_failures passes on 5 in a row", "Write at most 3 per 15m."),
        ("3 per 14m", Grade.WARNING, "guard forgets them after 28m", "Write 3 per 15m, or a longer time."),
    ],
)
async def test_the_budget_is_held_against_every_policy(
    make_folder: MakeFolder, slapd: Slapd, budget: str, grade: Grade, what: str, remedy: str
) -> None:
    """OpenLDAP's ppolicy: each policy below the base has a line, with the place of the setting and what would do."""
    path = make_folder(of_slapd(slapd), guard={"account_failures": budget})
    items = await connect(path)
    assert len([item for item in items if item.topic == "lockout"]) == 2
    item = lockout(items, DEFAULT)
    assert (item.grade, item.remedy) == (grade, remedy)
    assert what in item.what
    assert str(item.where).startswith(f"{path}:") is (grade is Grade.WARNING)
    assert exit_code(items) == 0


async def test_a_policy_without_a_window_never_forgets(make_folder: MakeFolder, make_slapd: MakeSlapd) -> None:
    """The default of ppolicy itself: no time is long enough. One that locks nobody is no trouble."""
    slapd = make_slapd()
    slapd.change(ldif.replaced(DEFAULT, [("pwdFailureCountInterval", "0")]))
    item = lockout(await connect(make_folder(of_slapd(slapd))), DEFAULT)
    assert item.grade is Grade.WARNING
    assert "5 wrong passwords without a success between them; guard forgets them after 30m" in item.what
    for change in (("pwdLockout", "FALSE"), ("pwdMaxFailure", "0")):
        slapd.change(ldif.replaced(DEFAULT, [("pwdLockout", "TRUE"), change][change[0] == "pwdLockout" :]))
        item = lockout(await connect(make_folder(of_slapd(slapd))), DEFAULT)
        assert (item.grade, item.what) == (Grade.FINE, f"the policy {DEFAULT} locks no account over wrong passwords")


async def test_what_cannot_be_read_is_a_note(make_folder: MakeFolder, make_slapd: MakeSlapd) -> None:
    """No policy, or none that the service account may see: neither is an error."""
    items = await connect(make_folder(of_slapd(make_slapd(ppolicy=False))))
    assert lockout(items).grade is Grade.FINE
    assert "does not show at how many wrong passwords it locks an account" in lockout(items).what
    assert exit_code(items) == 0


async def test_389_directory_server_tells_whom_it_lets(make_folder: MakeFolder, ds389: DirectoryServer389) -> None:
    """cn=config is for administrators; where the service account may read it, its lockout is compared."""
    path = make_folder(of_389ds(ds389), guard={"account_failures": "4 per 15m"})
    assert "does not show" in lockout(await connect(path)).what
    names = "passwordLockout || passwordMaxFailure || passwordResetFailureCount || objectClass"
    aci = f'(targetattr="{names}")(version 3.0; acl "lockout"; allow (read,search) userdn="ldap:///{ds389.bind_dn}";)'
    ds389.change(ldif.replaced("cn=config", [("aci", aci)]))
    try:
        item = lockout(await connect(path))
    finally:
        ds389.change(ldif.taken_out("cn=config", "aci"))
    assert item.grade is Grade.WARNING
    assert "the server locks an account after" in item.what
