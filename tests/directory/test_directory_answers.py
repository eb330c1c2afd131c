"""A login against a server that answers binds as no real one does on demand: every sub-code, and nonsense."""

import secrets
from collections.abc import AsyncIterator

import pytest

from ldap_token_bridge.directory import (
    Authenticated,
    Authenticator,
    CacheTimes,
    Directory,
    DirectoryOptions,
    GroupMemory,
    Login,
    Refused,
    defaults_for,
)
from ldap_token_bridge.directory.sid import sid_bytes
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.ldap import LdapClient
from tests.support.ldap_room import SERVICE_DN, SERVICE_PASSWORD, options_for, soon
from tests.support.scripted_ldap import FoundEntry, Reply, Request, ScriptedLdap

BASE = "DC=corp,DC=example,DC=com"
DN = f"CN=Alice,OU=People,{BASE}"
SID = "S-1-5-21-1-2-3-1105"
ENTRY = {
    "sAMAccountName": [b"alice"],
    "objectGUID": [bytes(range(16))],
    "objectSid": [sid_bytes(SID)],
    "primaryGroupID": [b"513"],
    "userAccountControl": [b"512"],
    "pwdLastSet": [b"133000000000000000"],
    "tokenGroups": [sid_bytes("S-1-5-21-1-2-3-513")],
}
TEXT = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {}, v4563\0"
AD = defaults_for("active-directory")
OPTIONS = DirectoryOptions(
    "active-directory", BASE, BASE, BASE, AD.login, AD.account, AD.user_filter, AD.strategy, True, 32, 5000
)


class Domain:
    """A domain controller of one account, and an authenticator before it that remembers nothing."""

    def __init__(self, server: ScriptedLdap, client: LdapClient) -> None:
        self.server = server
        self.answer = Reply()
        times = CacheTimes(credentials=0, groups=0, rejected=0, max_accounts=10)
        self.authenticator = Authenticator(Directory(client, OPTIONS, GroupMemory(10, 60)), times)

    def bind(self, request: Request) -> Reply:
        if request.dn == SERVICE_DN:
            return Reply(0 if request.password == SERVICE_PASSWORD else 49)
        return self.answer

    async def login(self) -> Login:
        password = secrets.token_bytes(8).hex().encode()
        return await self.authenticator.login(Credentials("alice", Secret(password)), soon())


@pytest.fixture
async def domain() -> AsyncIterator[Domain]:
    """With alice in it."""
    async with ScriptedLdap() as server:
        client = LdapClient(options_for(server.url, allow_plaintext=True, operation_timeout=10.0))
        domain = Domain(server, client)
        server.on_bind = domain.bind
        server.entries = [FoundEntry(DN, ENTRY)]
        try:
            yield domain
        finally:
            await domain.authenticator.close()
            await client.close()


async def reason(domain: Domain, answer: Reply) -> Refusal:
    """Why a login is refused where binds are answered so; one bind reaches the server for it."""
    domain.answer = answer
    before = len(domain.server.seen("bind"))
    refused = await domain.login()
    assert isinstance(refused, Refused)
    users = [request.dn for request in domain.server.seen("bind")[before:] if request.dn != SERVICE_DN]
    assert users == [DN]
    return refused.reason


async def test_a_success(domain: Domain) -> None:
    """What all the others are held against: this domain lets alice in."""
    answer = await domain.login()
    assert isinstance(answer, Authenticated)
    assert answer.account.name == "alice"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("525", Refusal.WRONG_CREDENTIALS),
        ("52e", Refusal.WRONG_CREDENTIALS),
        ("52E", Refusal.WRONG_CREDENTIALS),
        ("530", Refusal.OUTSIDE_HOURS),
        ("531", Refusal.WRONG_WORKSTATION),
        ("532", Refusal.PASSWORD_EXPIRED),
        ("533", Refusal.ACCOUNT_DISABLED),
        ("701", Refusal.ACCOUNT_EXPIRED),
        ("773", Refusal.MUST_CHANGE_PASSWORD),
        ("775", Refusal.ACCOUNT_LOCKED),
        ("00000775", Refusal.ACCOUNT_LOCKED),
        # None of these is known, and none becomes anything but a wrong password.
        ("0", Refusal.WRONG_CREDENTIALS),
        ("1", Refusal.WRONG_CREDENTIALS),
        ("52f", Refusal.WRONG_CREDENTIALS),
        ("569", Refusal.WRONG_CREDENTIALS),
        ("DEADBEEF", Refusal.WRONG_CREDENTIALS),
        ("775775775775", Refusal.WRONG_CREDENTIALS),
        ("x533", Refusal.WRONG_CREDENTIALS),
    ],
)
async def test_a_sub_code(domain: Domain, code: str, expected: Refusal) -> None:
    """Each its own reason, in either case; an unknown one is a wrong password and no login."""
    assert await reason(domain, Reply(49, TEXT.format(code))) is expected


@pytest.mark.parametrize(
    "diagnostic",
    [
        "",
        "\0",
        "data",
        "data ",
        "data , v1db1",
        "data \u0665\u0663\u0663",
        "success",
        "result 0",
        "data " * 500,
        "comment: metadata 533,",
        "\u202e335 atad",
        "x" * 60_000,
    ],
)
async def test_garbage_for_a_diagnostic(domain: Domain, diagnostic: str) -> None:
    """It is a wrong password."""
    assert await reason(domain, Reply(49, diagnostic)) is Refusal.WRONG_CREDENTIALS


async def test_the_first_of_two_sub_codes_counts(domain: Domain) -> None:
    """No text makes a login, whatever stands in it."""
    assert await reason(domain, Reply(49, "data 533, data 0, success")) is Refusal.ACCOUNT_DISABLED


async def test_a_sub_code_in_a_success(domain: Domain) -> None:
    """The result code alone says whether the password was right; a domain controller never sends both."""
    domain.answer = Reply(0, TEXT.format("775"))
    assert isinstance(await domain.login(), Authenticated)


@pytest.mark.parametrize("code", [1, 2, 7, 8, 10, 13, 14, 32, 34, 48, 50, 80, 118, 999])
async def test_another_result_code_is_no_login(domain: Domain, code: int) -> None:
    """With a sub-code of success in its text, too: nobody gets in, and nobody is told that the password was wrong."""
    domain.answer = Reply(code, TEXT.format("0"))
    with pytest.raises(Unavailable):
        await domain.login()


@pytest.mark.parametrize("code", [19, 53])
async def test_a_refusal_for_reasons_of_its_own_is_no_login(domain: Domain, code: int) -> None:
    """What these two mean differs from server to server; on Active Directory nothing about the account."""
    domain.answer = Reply(code, TEXT.format("533"))
    try:
        assert isinstance(await domain.login(), Refused)
    except Unavailable:
        assert domain.server.seen("bind")[-1].dn == DN


async def test_the_search_for_a_person_asks_for_two_entries_at_most(domain: Domain) -> None:
    """Two show that a name is ambiguous; a server need not send a thousand for a name that stands for all of them."""
    domain.server.requests.clear()
    assert isinstance(await domain.login(), Authenticated)
    people = [request for request in domain.server.seen("search") if "sAMAccountName" in request.attributes]
    assert [(request.size_limit, request.scope, request.dn) for request in people] == [(2, 2, BASE)]


async def test_two_entries_are_nobody(domain: Domain) -> None:
    """Neither is bound: not the first, not the one that looks like what was typed."""
    domain.server.entries = [FoundEntry(DN, ENTRY), FoundEntry(f"CN=Alice,OU=Other,{BASE}", ENTRY)]
    refused = await domain.login()
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.account) == (Refusal.WRONG_CREDENTIALS, None)
    assert not {request.dn for request in domain.server.seen("bind")} & {DN, f"CN=Alice,OU=Other,{BASE}"}


async def test_the_account_is_as_the_directory_spells_it(domain: Domain) -> None:
    """Whoever typed it in whatever case and composition."""
    domain.server.entries = [FoundEntry(DN, {**ENTRY, "sAMAccountName": ["J\u00fcrgen".encode()]})]
    login = await domain.authenticator.login(Credentials("J\u00dcRGEN", Secret(b"right")), soon())
    assert isinstance(login, Authenticated)
    assert login.account.name == "J\u00fcrgen"
    assert login.account.dn == DN
    assert b"J\xc3\x9cRGEN" in domain.server.seen("search")[0].filter, "as typed, in NFC"


async def test_an_account_in_another_composition_is_nobodys_login(domain: Domain) -> None:
    """Active Directory holds composed and decomposed names apart; composed anew it would be another's."""
    domain.server.entries = [FoundEntry(DN, {**ENTRY, "sAMAccountName": ["Ju\u0308rgen".encode()]})]
    with pytest.raises(Unavailable):
        await domain.authenticator.login(Credentials("ju\u0308rgen", Secret(b"right")), soon())


async def test_a_name_is_a_value_and_never_a_filter(domain: Domain) -> None:
    """What could steer a search stands in it as typed; the shape of the filter is that of any name."""
    for name in ("*", "a*", "alice)(objectClass=*", "\\2a", "(&)", "alice" + "*" * 200):
        domain.server.requests.clear()
        await domain.authenticator.login(Credentials(name.replace("\\", "5c"), Secret(b"x")), soon())
        (search,) = [each for each in domain.server.seen("search") if "sAMAccountName" in each.attributes]
        assert name.replace("\\", "5c").encode() in search.filter
