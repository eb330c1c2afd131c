"""Searches in the sample directory, with ldap3 as the client."""

import itertools

import ldap3
import pytest

from ldap_token_bridge.demo.people import BASE, DOMAIN_SID, GROUPS, PEOPLE, person
from ldap_token_bridge.demo.tree import sid_bytes

PLACE = f"OU=People,{BASE}"


def accounts(connection: ldap3.Connection, text: str) -> set[str]:
    """The accounts that a filter finds."""
    connection.search(PLACE, text, ldap3.LEVEL, attributes=["sAMAccountName"])
    return {str(entry["attributes"]["sAMAccountName"][0]) for entry in connection.response}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(sAMAccountName=alice)", {"alice"}),
        ("(SAMACCOUNTNAME=ALICE)", {"alice"}),
        ("(userPrincipalName=bob@corp.example.com)", {"bob"}),
        ("(mail=carol.clark@corp.example.com)", {"carol"}),
        ("(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=bob)(mail=bob)))", {"bob"}),
        ("(sAMAccountName=a*)", {"alice", "auditor"}),
        ("(sAMAccountName=*a)", {"gina"}),
        ("(sAMAccountName=*r*n*)", {"erin", "frank"}),
        ("(sAMAccountName=alice*alice)", set()),
        ("(cn=*)", {who.account for who in PEOPLE}),
        ("(telephoneNumber=*)", set()),
        ("(!(cn=*))", set()),
        ("(!(|(sAMAccountName=*a*)(sAMAccountName=bob)))", {"erin"}),
        ("(&(sAMAccountName=*a*)(!(sAMAccountName=*n*))(!(sAMAccountName=alice)))", {"dave", "auditor", "carol"}),
        # not (a and b), with only a true: ldap3's mock strategy gets this one wrong
        ("(&(sAMAccountName=bob)(!(&(sAMAccountName=bob)(cn=Alice Adams))))", {"bob"}),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", {"dave"}),
        ("(&(sAMAccountName=b*)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))", {"bob"}),
        ("(userAccountControl:1.2.840.113556.1.4.804:=3)", {"dave"}),
        ("(!(userAccountControl:1.2.3.4:=2))", set()),  # not undefined is undefined
        ("(pwdLastSet=0)", {"frank"}),
        ("(lockoutTime>=1)", {"gina"}),
        ("(&(primaryGroupID<=1130)(primaryGroupID>=1130))", {"carol"}),
        ("(primaryGroupID=many)", set()),
        ("(memberOf=cn=auditors, ou=groups, dc=CORP,dc=example,dc=com)", {"auditor"}),
        ("(memberOf=CN=Audi*)", set()),  # names have no substring match
        ("(sAMAccountName=b\\2ab)", set()),
        ("(cn=  Bob   Baker )", {"bob"}),
        ("(distinguishedName=CN=Bob Baker,OU=People,DC=corp,DC=example,DC=com)", {"bob"}),
    ],
)
def test_filter_finds_these_accounts(service: ldap3.Connection, text: str, expected: set[str]) -> None:
    """And, or, not, equality, presence, substrings, ordering and bit rules select as RFC 4511 says."""
    assert accounts(service, text) == expected


def test_filter_value_cannot_add_a_condition(service: ldap3.Connection) -> None:
    """What stands in an escaped value is looked for as it is."""
    escaped = ldap3.utils.conv.escape_filter_chars("*)(objectClass=*")
    assert accounts(service, f"(sAMAccountName={escaped})") == set()


@pytest.mark.parametrize(
    ("scope", "expected"), [(ldap3.BASE, 1), (ldap3.LEVEL, len(PEOPLE)), (ldap3.SUBTREE, 1 + len(PEOPLE))]
)
def test_scope_bounds_a_search(service: ldap3.Connection, scope: str, expected: int) -> None:
    """Base is the entry alone, one level its children alone, subtree both and everything below."""
    service.search(PLACE, "(objectClass=*)", scope)
    assert len(service.response) == expected


def test_unknown_base_is_no_such_object(service: ldap3.Connection) -> None:
    """Result 32, as for any base that does not exist."""
    assert not service.search(f"OU=Nowhere,{BASE}", "(objectClass=*)")
    assert service.result["result"] == 32


def test_base_that_is_no_name_is_invalid_syntax(service: ldap3.Connection) -> None:
    """Result 34 for a base that is not a distinguished name."""
    assert not service.search("nonsense", "(objectClass=*)")
    assert service.result["result"] == 34


def test_size_limit_is_kept_and_told(service: ldap3.Connection) -> None:
    """At most so many entries come, with result 4; an exact fit is a plain success."""
    service.search(PLACE, "(sAMAccountName=*)", size_limit=3)
    assert len(service.response) == 3
    assert service.result["result"] == 4
    service.search(PLACE, "(sAMAccountName=*)", size_limit=len(PEOPLE))
    assert len(service.response) == len(PEOPLE)
    assert service.result["result"] == 0


def test_pages_add_up_to_the_whole(service: ldap3.Connection) -> None:
    """A paged search gives every entry once, over several pages."""
    pages = service.extend.standard.paged_search(PLACE, "(sAMAccountName=*)", attributes=["cn"], paged_size=3)
    found = [entry["dn"] for entry in pages]
    assert sorted(found) == sorted(who.dn for who in PEOPLE)


def test_unknown_critical_control_is_refused(service: ldap3.Connection) -> None:
    """Result 12 for a control that must not be ignored; one that may be is ignored."""
    assert not service.search(PLACE, "(cn=*)", controls=[("1.2.3.4", True, None)])
    assert service.result["result"] == 12
    assert service.search(PLACE, "(cn=*)", controls=[("1.2.3.4", False, None)])


def test_attributes_come_as_asked(service: ldap3.Connection) -> None:
    """Only the named ones; all but the computed ones for `*`; none for 1.1; no values where only types are asked."""
    bob = person("bob").dn
    service.search(bob, "(cn=*)", ldap3.BASE, attributes=["MAIL", "telephoneNumber"])
    assert dict(service.response[0]["attributes"]) == {"mail": ["bob.baker@corp.example.com"]}
    service.search(bob, "(cn=*)", ldap3.BASE, attributes=["*"])
    assert "objectSid" in service.response[0]["attributes"]
    assert "tokenGroups" not in service.response[0]["attributes"]
    service.search(bob, "(cn=*)", ldap3.BASE, attributes=["1.1"])
    assert not service.response[0]["attributes"]
    service.search(bob, "(cn=*)", ldap3.BASE, attributes=["mail"], types_only=True)
    assert not any(service.response[0]["raw_attributes"].values())
    assert list(service.response[0]["attributes"]) == ["mail"]


def token_groups(connection: ldap3.Connection, account: str) -> set[str]:
    """Names of the groups whose SIDs a base read of tokenGroups gives."""
    connection.search(person(account).dn, "(objectClass=*)", ldap3.BASE, attributes=["tokenGroups"])
    sids = connection.response[0]["raw_attributes"]["tokenGroups"]
    names = {sid_bytes(group.sid): group.name for group in GROUPS}
    assert len(set(sids)) == len(sids)
    return {names[sid] for sid in sids}


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("alice", {"Domain Users", "Users", "Team A Backend", "Team A Developers", "reg-team-a-write"}),
        ("bob", {"Domain Users", "Users", "reg-team-a-read"}),
        ("carol", {"Platform"}),
        ("auditor", {"Domain Users", "Users", "Auditors"}),
    ],
)
def test_token_groups_are_transitive_and_hold_the_primary_group(
    service: ldap3.Connection, account: str, expected: set[str]
) -> None:
    """Every group that an account is in, through any number of others and through its primary group."""
    assert token_groups(service, account) == expected


def test_token_groups_are_answered_on_a_base_search_only(service: ldap3.Connection) -> None:
    """Any other scope is an operations error, as in Active Directory."""
    assert not service.search(PLACE, "(sAMAccountName=alice)", attributes=["tokenGroups"])
    assert service.result["result"] == 1


def test_member_and_member_of_are_direct_and_mirror_each_other(service: ldap3.Connection) -> None:
    """Alice reaches reg-team-a-write over two groups, each step of it readable from both sides."""
    steps = [f"CN=Team A Backend,OU=Groups,{BASE}", f"CN=Team A Developers,OU=Groups,{BASE}"]
    chain = [person("alice").dn, *steps, f"CN=reg-team-a-write,OU=Registry,{BASE}"]
    for member, group in itertools.pairwise(chain):
        service.search(member, "(objectClass=*)", ldap3.BASE, attributes=["memberOf"])
        assert service.response[0]["attributes"]["memberOf"] == [group]
        service.search(BASE, f"(member={member})", attributes=["objectSid"])
        assert [entry["dn"] for entry in service.response] == [group]


def test_primary_group_stands_in_neither_member_nor_member_of(service: ldap3.Connection) -> None:
    """Carol is in Platform by primaryGroupID alone."""
    service.search(person("carol").dn, "(objectClass=*)", ldap3.BASE, attributes=["memberOf", "primaryGroupID"])
    assert dict(service.response[0]["attributes"]) == {"primaryGroupID": ["1130"]}


def test_group_is_found_by_its_binary_sid(service: ldap3.Connection) -> None:
    """A SID read from tokenGroups finds its group, octet by octet."""
    sid = "".join(f"\\{octet:02x}" for octet in sid_bytes(f"{DOMAIN_SID}-1131"))
    service.search(BASE, f"(objectSid={sid})", attributes=["objectSid"])
    assert [entry["dn"] for entry in service.response] == [f"CN=Auditors,OU=Groups,{BASE}"]


def test_sid_has_the_form_that_windows_documents() -> None:
    """S-1-5-32-545: revision 1, two parts, authority 5 in six octets, then little-endian parts ([MS-DTYP] 2.4.2.2)."""
    assert sid_bytes("S-1-5-32-545") == bytes.fromhex("01020000000000052000000021020000")
