"""Binds against the sample directory, with ldap3 as the client."""

import ldap3
import pytest
from ldap3.operation.bind import bind_operation

from ldap_token_bridge.demo.people import BASE, SERVICE_DN, Condition, person
from tests.support.demo_directory import SERVICE_PASSWORD, Connect

ALICE = person("alice")


@pytest.mark.parametrize("name", [ALICE.dn, ALICE.dn.upper(), "alice@corp.example.com", r"CORP\alice", r"corp\ALICE"])
def test_right_password_binds_by_every_name_that_active_directory_takes(connect: Connect, name: str) -> None:
    """A DN in any case, a userPrincipalName, and the account behind the domain's name are all good for a bind."""
    assert connect(name, ALICE.password).bind()


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ALICE.dn, "wrong"),
        (ALICE.dn, "alice-demo "),
        ("alice", ALICE.password),  # a bare account is no bind name
        (f"CN=Nobody,{BASE}", "wrong"),
        ("no name at all", "wrong"),
        (person("dave").dn, "wrong"),
        (person("erin").dn, "wrong"),
        (SERVICE_DN, ALICE.password),
    ],
)
def test_wrong_password_and_unknown_name_read_the_same(connect: Connect, name: str, password: str) -> None:
    """Neither the code nor the reason tells whether the account exists, or what its state is."""
    connection = connect(name, password)
    assert not connection.bind()
    assert connection.result["result"] == 49
    assert "data 52e," in connection.result["message"]


@pytest.mark.parametrize(("account", "reason"), [("dave", "533"), ("erin", "532"), ("frank", "773"), ("gina", "775")])
def test_right_password_of_a_barred_account_is_told_why(connect: Connect, account: str, reason: str) -> None:
    """Disabled, expired, must change and locked each have Active Directory's own reason."""
    connection = connect(person(account).dn, person(account).password)
    assert not connection.bind()
    assert connection.result["result"] == 49
    assert f"data {reason}," in connection.result["message"]


def test_locked_account_says_so_whatever_the_password(connect: Connect) -> None:
    """A lock is told even to a wrong password, as Active Directory does."""
    connection = connect(person("gina").dn, "wrong")
    assert not connection.bind()
    assert f"data {Condition.LOCKED}," in connection.result["message"]


def test_name_without_password_is_no_login(connect: Connect) -> None:
    """An unauthenticated bind (RFC 4513 section 5.1.2) is refused, not taken for anonymous."""
    connection = connect()
    # ldap3 does not send such a bind, so its definitions are filled in by hand.
    request = bind_operation(3, ldap3.SIMPLE, ALICE.dn, "x")
    request["authentication"]["simple"] = ""
    connection.open()
    answers = connection.post_send_single_response(connection.send("bindRequest", request, None))
    assert answers[0]["result"] == 53


def test_failed_bind_leaves_the_connection_anonymous(service: ldap3.Connection) -> None:
    """After a refused rebind nothing of the former bind is left."""
    assert not service.rebind(ALICE.dn, "wrong")
    assert not service.search(BASE, "(objectClass=*)", ldap3.BASE)
    assert service.result["result"] == 1


def test_anonymous_reads_the_root_and_nothing_else(connect: Connect) -> None:
    """Without a bind the rootDSE is readable, and a search below it is an operations error."""
    connection = connect()
    assert connection.bind()
    connection.search("", "(supportedLDAPVersion=3)", ldap3.BASE, attributes=["defaultNamingContext"])
    assert connection.response[0]["attributes"]["defaultNamingContext"] == [BASE]
    assert not connection.search(BASE, "(sAMAccountName=alice)")
    assert connection.result["result"] == 1
    assert connection.response == []


def test_other_mechanisms_are_refused_by_name(connect: Connect) -> None:
    """SASL is "method not supported", StartTLS a protocol error, and changes are unwilling to be performed."""
    connection = connect(SERVICE_DN, SERVICE_PASSWORD)
    connection.bind()
    assert not connection.delete(ALICE.dn)
    assert connection.result["result"] == 53
    assert not connection.modify(ALICE.dn, {"mail": [(ldap3.MODIFY_REPLACE, ["x@y"])]})
    assert connection.result["result"] == 53
    assert not connection.compare(ALICE.dn, "mail", "x@y")
    assert connection.result["result"] == 53
    assert not connection.extended("1.3.6.1.4.1.1466.20037")
    assert connection.result["result"] == 2
    sasl = ldap3.Connection(connection.server, authentication=ldap3.SASL, sasl_mechanism=ldap3.EXTERNAL)
    assert not sasl.bind()
    assert sasl.result["result"] == 7
    sasl.unbind()
