"""What differs from kind to kind: groups by name and number, the account's state, and the words for a refusal."""

from dataclasses import replace

import pytest

from ldap_token_bridge.directory import Kind, defaults_for
from ldap_token_bridge.directory.groups.names import comparable
from ldap_token_bridge.directory.person import attributes, read_person
from ldap_token_bridge.directory.reasons import refusal_of
from ldap_token_bridge.dn import DistinguishedName
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.ldap import BindResult, Entry
from tests.support.table_directory import ALICE, Row, TableClient, dn, options, paths, read

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC, the 20833rd day


def state(kind: Kind, **values: str) -> Refusal | None:
    """The state of an account with these attributes."""
    known = {"uid": (b"alice",), defaults_for(kind).unique_id.lower(): (b"some-id",)}
    entry = Entry("uid=alice,dc=x", known | {name.lower(): (value.encode(),) for name, value in values.items()})
    return read_person(entry, options(kind), lambda: NOW).state


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("rfc2307", {}, None),
        ("rfc2307", {"shadowExpire": "20833"}, Refusal.ACCOUNT_EXPIRED),
        ("rfc2307", {"shadowExpire": "20834"}, None),
        ("rfc2307", {"shadowExpire": "1"}, Refusal.ACCOUNT_EXPIRED),
        ("rfc2307", {"shadowExpire": "0"}, None),
        ("rfc2307", {"shadowExpire": "-1"}, None),
        ("rfc2307", {"pwdReset": "TRUE"}, Refusal.MUST_CHANGE_PASSWORD),
        ("389ds", {}, None),
        ("389ds", {"nsAccountLock": "TRUE"}, Refusal.ACCOUNT_DISABLED),
        ("389ds", {"nsAccountLock": "false"}, None),
        ("389ds", {"accountUnlockTime": "20270115080000Z"}, None),
        ("389ds", {"accountUnlockTime": "20270115080001Z"}, Refusal.ACCOUNT_LOCKED),
        ("389ds", {"accountUnlockTime": "19700101000000Z"}, Refusal.ACCOUNT_LOCKED),
        ("freeipa", {}, None),
        ("freeipa", {"nsAccountLock": "true"}, Refusal.ACCOUNT_DISABLED),
        ("freeipa", {"krbPrincipalExpiration": "20270115080000Z"}, Refusal.ACCOUNT_EXPIRED),
        ("freeipa", {"krbPrincipalExpiration": "20270115080001Z"}, None),
        ("freeipa", {"krbPasswordExpiration": "20270115080000Z"}, Refusal.PASSWORD_EXPIRED),
        ("freeipa", {"krbPasswordExpiration": "20270115080001Z"}, None),
    ],
)
def test_the_state_of_an_account(kind: Kind, values: dict[str, str], expected: Refusal | None) -> None:
    """What the entry says against it, in each kind's own attributes, which the login search asks for."""
    assert state(kind, **values) == expected
    assert set(values) <= set(attributes(options(kind)))


@pytest.mark.parametrize(
    ("kind", "code", "said", "expected"),
    [
        ("389ds", 19, "Exceed password retry limit. Please try later.", Refusal.ACCOUNT_LOCKED),
        ("389ds", 53, "Account inactivated. Contact system administrator.", Refusal.ACCOUNT_DISABLED),
        ("freeipa", 53, "Account inactivated. Contact system administrator.", Refusal.ACCOUNT_DISABLED),
        ("freeipa", 53, "Too many failed logins.\n", Refusal.ACCOUNT_LOCKED),
        ("freeipa", 53, "Entry permanently locked.\n", Refusal.ACCOUNT_LOCKED),
        ("freeipa", 53, "Account (Kerberos principal) is expired", Refusal.ACCOUNT_EXPIRED),
        ("freeipa", 19, "", Refusal.ACCOUNT_LOCKED),
        ("freeipa", 49, "", Refusal.WRONG_CREDENTIALS),
        ("freeipa", 1, "Too many failed logins.\n", None),
        ("openldap", 19, "", None),
        ("openldap", 53, "Account inactivated", None),
        ("rfc2307", 53, "", None),
        ("active-directory", 19, "", None),
        ("active-directory", 53, "data 533", None),
    ],
)
def test_a_refused_bind(kind: Kind, code: int, said: str, expected: Refusal | None) -> None:
    """Codes beside 49 speak of the account only where the kind says so; None is an outage and never a login."""
    assert refusal_of(BindResult(code, said), defaults_for(kind).bind_answers) == expected


POSIX = {
    dn("by-name"): Row(uids=["alice"], gid="200"),
    dn("by-number"): Row(gid="100"),
    dn("by-both"): Row(uids=["alice"], gid="100"),
    dn("other"): Row(uids=["bob"], gid="300"),
}


async def test_posix_groups() -> None:
    """By login name and by number in one search; nothing is nested."""
    client = TableClient(POSIX)
    groups = await read(client, kind="rfc2307")
    assert paths(groups) == {dn("by-name"): "direct", dn("by-number"): "primary", dn("by-both"): "primary"}
    assert len(client.requests) == 1
    assert {"uid", "gidNumber"} < set(attributes(options("rfc2307")))


@pytest.mark.parametrize("lacking", [{"gid": ""}, {"uid": ""}])
async def test_posix_groups_need_name_and_number(lacking: dict[str, str]) -> None:
    """Without one of them a group could be missing."""
    with pytest.raises(Unavailable, match="gidNumber"):
        await read(TableClient(POSIX), replace(ALICE, **lacking), kind="rfc2307")  # type: ignore[arg-type]


async def test_too_many_posix_groups() -> None:
    """An error, as everywhere."""
    with pytest.raises(Unavailable, match="max_groups"):
        await read(TableClient(POSIX), kind="rfc2307", max_groups=2)


@pytest.mark.parametrize("kind", ["freeipa", "389ds"])
async def test_member_of_that_the_server_has_expanded(kind: Kind) -> None:
    """Nothing is asked; too many are an error."""
    client = TableClient({})
    person = replace(ALICE, member_of=(dn("a"), dn("b")))
    assert set(paths(await read(client, person, kind=kind))) == {dn("a"), dn("b")}
    assert client.requests == []
    with pytest.raises(Unavailable, match="max_groups"):
        await read(client, person, kind=kind, max_groups=1)


NAMES = [
    "CN=Platform,OU=Groups,DC=x",
    "cn=platform, ou=groups, dc=x",
    "commonName=Platform,ou=Groups,dc=X",
    "cn=Plat\\66orm,ou=Groups,dc=x",
    "cn=Platform,ou=Groups,dc=y",
    "cn=a\\,b,ou=Groups,dc=x",
    "cn=a,cn=b,ou=Groups,dc=x",
    "cn=a+ou=b,dc=x",
    "ou=B+cn=A,dc=x",
    "cn=a=b,dc=x",
    "cn=a  b,dc=x",
    "cn=a b,dc=x",
    "mail=a,dc=x",
    "cn=Jäger,dc=x",
    "cn=JÄGER,dc=x",
    "cn=#a,dc=x",
    "",
]


@pytest.mark.parametrize("one", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_names_compare_as_the_directory_compares_them(one: str, other: str) -> None:
    """The quick comparison tells what the exact one tells."""
    exact = [_parsed(one), _parsed(other)]
    assert (comparable(one) == comparable(other)) == (exact[0] == exact[1])


def _parsed(name: str) -> DistinguishedName | str:
    try:
        return DistinguishedName.parse(name)
    except ValueError:
        return name
