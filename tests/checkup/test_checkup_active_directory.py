"""`check --connect` against a domain controller: the reasons that only Active Directory gives, and groups by SID."""

from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, exit_code
from tests.checkup.conftest import POLICY, MakeFolder, connect
from tests.support import canaries
from tests.support.samba import SambaDC


def of_samba(samba: SambaDC, **changes: Any) -> dict[str, Any]:
    """The `directory` section for Samba."""
    return {
        "kind": "active-directory",
        "servers": [samba.ldaps_url],
        "bind_dn": samba.bind_dn,
        "tls": {"ca_file": str(samba.ca_file)},
        **changes,
    }


def sid_of(samba: SambaDC, group: str) -> str:
    """A group's security identifier as text ([MS-DTYP] section 2.4.2)."""
    (entry,) = samba.admin.search(samba.group_dn(group), "base", "(objectClass=*)", "objectSid")
    raw = entry["objectsid"][0]
    parts = [int.from_bytes(raw[at : at + 4], "little") for at in range(8, len(raw), 4)]
    return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])


async def test_groups_are_found_by_dn_and_by_sid(make_folder: MakeFolder, samba: SambaDC) -> None:
    """A SID that nobody has is told with its place in the policy."""
    sid = sid_of(samba, "Groups/Staff")
    more = f"  staff: {sid}\n  nobody: {sid}0\nallow:"
    path = make_folder(of_samba(samba), policy=POLICY.replace("allow:", more))
    items = await connect(path)
    assert [(item.topic, item.grade) for item in items] == [
        ("server", Grade.FINE),
        ("base", Grade.FINE),
        ("people", Grade.FINE),
        ("lockout", Grade.FINE),
        ("group", Grade.FINE),
        ("group", Grade.FINE),
        ("group", Grade.FINDING),
    ]
    assert items[-1].what.startswith(f"group nobody: there is no {sid}0")
    assert str(items[-1].where) == f"{path.parent / 'policy.yaml'}:5:11"


async def test_a_base_of_another_domain(make_folder: MakeFolder, samba: SambaDC) -> None:
    """Active Directory answers with a referral, which is never followed."""
    items = await connect(make_folder(of_samba(samba, base="DC=other,DC=example,DC=com")))
    base = next(item for item in items if item.topic == "base")
    assert base.what.startswith("directory.base: there is no DC=other,DC=example,DC=com")
    assert exit_code(items) == 2


@pytest.mark.parametrize(
    ("login", "meaning", "key"),
    [
        ("dave", "the account is disabled", "bind_dn"),
        ("erin", "the account has expired", "bind_dn"),
        ("frank", "its password must be changed first", "bind_dn"),
        ("gina", "its password has expired", "bind_dn"),
        ("henry", "the account is locked", "bind_dn"),
        ("nobody", "the password is wrong, or there is no such account", "bind_password_file"),
    ],
)
async def test_why_the_service_account_is_refused(
    make_folder: MakeFolder, samba: SambaDC, login: str, meaning: str, key: str
) -> None:
    """The code in the diagnostic message is told in words, and the key of bridge.yaml fits it."""
    dn = samba.bind_dn.replace("svc-registry", "nobody") if login == "nobody" else samba.person_dn(login)
    path = make_folder(of_samba(samba, bind_dn=dn))
    (path.parent / "password").write_text(canaries.password(login))
    (item,) = await connect(path)
    assert item.what.endswith(f"; {meaning}")
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if text.startswith(f"  {key}:"))
    assert str(item.where).startswith(f"{path}:{line}:")
    assert item.grade is Grade.UNUSABLE
    assert item.remedy


async def test_a_user_principal_name_binds(make_folder: MakeFolder, samba: SambaDC) -> None:
    """Active Directory takes user@domain as the service account's name."""
    items = await connect(make_folder(of_samba(samba, bind_dn="svc-registry@corp.example.com")))
    assert exit_code(items) == 0, items


@pytest.mark.parametrize(
    ("budget", "grade", "what"),
    [
        ("3 per 15m", Grade.FINE, "locks an account after 5 wrong passwords within 30m of each other"),
        ("4 per 15m", Grade.WARNING, "guard.account_failures passes on 5 in a row"),
        ("3 per 14m", Grade.WARNING, "guard forgets them after 28m"),
    ],
)
async def test_the_budget_is_held_against_the_domain(
    make_folder: MakeFolder, samba: SambaDC, budget: str, grade: Grade, what: str
) -> None:
    """By what the domain says of itself, with the place of the setting and a budget that would do."""
    path = make_folder(of_samba(samba), guard={"account_failures": budget})
    (item,) = [item for item in await connect(path) if item.topic == "lockout"]
    assert item.grade is grade
    assert what in item.what
    assert (item.remedy == "Write at most 3 per 15m.") is (budget == "4 per 15m")
    assert (item.remedy == "Write 3 per 15m, or a longer time.") is (budget == "3 per 14m")
    assert str(item.where).startswith(f"{path}:") is (grade is Grade.WARNING)


async def test_no_budget_is_held_against_nothing(make_folder: MakeFolder, samba: SambaDC) -> None:
    """`off` is warned of with the other settings; the domain is not asked."""
    items = await connect(make_folder(of_samba(samba), guard={"account_failures": "off"}))
    assert [item for item in items if item.topic == "lockout"] == []
