"""An entry's attributes, read as whose account it is and whether it may be used."""

import pytest

from ldap_token_bridge.directory import DirectoryOptions, Kind, defaults_for
from ldap_token_bridge.directory.person import read_person
from ldap_token_bridge.directory.sid import sid_bytes
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.ldap import Entry

NOW = 1_800_000_000.0
DOMAIN = "S-1-5-21-1-2-3"


def options(kind: Kind) -> DirectoryOptions:
    """The defaults of a kind."""
    known = defaults_for(kind)
    return DirectoryOptions(
        kind, "DC=x", "DC=x", "DC=x", known.login, known.account, known.user_filter, known.strategy, True, 32, 5000
    )


def ad_state(**attributes: bytes) -> Refusal | None:
    """The state of an Active Directory account with these attributes beside the usual ones."""
    usual = {
        "samaccountname": (b"alice",),
        "objectguid": (bytes(range(16)),),
        "objectsid": (sid_bytes(f"{DOMAIN}-1105"),),
        "primarygroupid": (b"513",),
        "useraccountcontrol": (b"512",),
        "pwdlastset": (b"133000000000000000",),
    }
    changed = {name.lower().replace("_", "-"): (value,) for name, value in attributes.items()}
    person = read_person(Entry("CN=a,DC=x", usual | changed), options("active-directory"), lambda: NOW)
    assert person.primary_group == f"{DOMAIN}-513"
    assert person.account.unique_id == bytes(range(16)).hex()
    return person.state


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, None),
        ({"userAccountControl": b"514"}, Refusal.ACCOUNT_DISABLED),
        ({"userAccountControl": b"513"}, None),
        ({"accountExpires": b"0"}, None),
        ({"accountExpires": b"9223372036854775807"}, None),
        ({"accountExpires": b"10000000"}, Refusal.ACCOUNT_EXPIRED),
        ({"accountExpires": b"%d" % int((NOW + 11_644_473_600 + 1) * 10_000_000)}, None),
        ({"accountExpires": b"%d" % int((NOW + 11_644_473_600) * 10_000_000)}, Refusal.ACCOUNT_EXPIRED),
        ({"msDS_User_Account_Control_Computed": b"16"}, Refusal.ACCOUNT_LOCKED),
        ({"msDS_User_Account_Control_Computed": b"8388608"}, Refusal.PASSWORD_EXPIRED),
        ({"msDS_User_Account_Control_Computed": b"1"}, None),
        ({"pwdLastSet": b"0"}, Refusal.MUST_CHANGE_PASSWORD),
        ({"pwdLastSet": b"0", "userAccountControl": b"66048"}, None),
        ({"pwdLastSet": b"0", "userAccountControl": b"513"}, Refusal.MUST_CHANGE_PASSWORD),
    ],
)
def test_the_state_of_an_active_directory_account(attributes: dict[str, bytes], expected: Refusal | None) -> None:
    """Disabled, expired, locked, must change; a password that never expires need not be changed."""
    assert ad_state(**attributes) == expected


def test_an_active_directory_account_whose_flags_are_unread_is_not_let_in() -> None:
    """A service account that may not read them would let in everybody who was disabled."""
    with pytest.raises(Unavailable) as raised:
        ad_state(userAccountControl=b"")
    assert "userAccountControl" in raised.value.detail


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("mail", b"x", None),
        ("pwdaccountlockedtime", b"000001010000Z", Refusal.ACCOUNT_DISABLED),
        ("pwdaccountlockedtime", b"20260101000000Z", Refusal.ACCOUNT_LOCKED),
        ("pwdendtime", b"20270115080000Z", Refusal.ACCOUNT_EXPIRED),
        ("pwdendtime", b"20270115080001Z", None),
        ("pwdreset", b"TRUE", Refusal.MUST_CHANGE_PASSWORD),
        ("pwdreset", b"FALSE", None),
    ],
)
def test_the_state_of_an_openldap_account(name: str, value: bytes, expected: Refusal | None) -> None:
    """What the password policy writes into an entry."""
    entry = Entry("uid=a,dc=x", {"uid": (b"a",), "entryuuid": (b"some-uuid",), name: (value,)})
    assert read_person(entry, options("openldap"), lambda: NOW).state == expected


@pytest.mark.parametrize(
    "attributes",
    [
        {"entryuuid": (b"u",)},
        {"uid": (b"a", b"b"), "entryuuid": (b"u",)},
        {"uid": (b"a",)},
        {"uid": (b"\xff",), "entryuuid": (b"u",)},
        {"uid": ("\u212aim".encode(),), "entryuuid": (b"u",)},
        {"uid": ("ju\u0308rgen".encode(),), "entryuuid": (b"u",)},
    ],
)
def test_an_entry_that_does_not_say_who_it_is_is_nobody(attributes: dict[str, tuple[bytes, ...]]) -> None:
    """No account, two of them, none that can be read, no id: an error, never a login."""
    with pytest.raises(Unavailable):
        read_person(Entry("uid=a,dc=x", attributes), options("openldap"), lambda: NOW)


@pytest.mark.parametrize("name", ["robot+ci", "Robot+CI", "workload+gitlab"])
def test_an_account_with_a_machines_name_is_nobody(name: str) -> None:
    """Tokens and audit lines would show a robot where a person was: who logs in by mail never types the name."""
    entry = Entry("uid=a,dc=x", {"uid": (name.encode(),), "entryuuid": (b"u",)})
    with pytest.raises(Unavailable) as raised:
        read_person(entry, options("openldap"), lambda: NOW)
    assert "machine" in raised.value.detail


@pytest.mark.parametrize("name", ["robot", "robot+", "robot+ci@corp.example.com", "team+robot", "alice+ci"])
def test_a_plus_sign_alone_makes_no_machine(name: str) -> None:
    """No robot can have these names."""
    entry = Entry("uid=a,dc=x", {"uid": (name.encode(),), "entryuuid": (b"u",)})
    assert read_person(entry, options("openldap"), lambda: NOW).account.name == name
