"""Several Active Directory domains by a global catalog, before three directories from tables."""

import asyncio

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Login, Refused, parse_login_name
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Refusal
from tests.support.two_domains import (
    ASIA,
    BUILTIN_USERS,
    CORP,
    EMEA,
    LOCAL,
    PLATFORM,
    SID,
    base,
    dn,
    forest,
    person,
    principal,
    usual,
)

EVE, BOB = principal("eve", EMEA), principal("bob", CORP)


def in_as(login: Login, name: str) -> None:
    """That the person at this DN is let in."""
    assert isinstance(login, Authenticated), login
    assert login.account.dn == name


def wrong(login: Login) -> bool:
    """Refused as nobody's name and a wrong password are."""
    return isinstance(login, Refused) and login.reason is Refusal.WRONG_CREDENTIALS


@pytest.mark.parametrize("typed", ["eve", "EVE", EVE, "EUROPE\\eve", "europe\\Eve", f"{EMEA}\\eve"])
async def test_someone_of_a_child_domain(typed: str) -> None:
    """Every form of her name finds her; her own domain checks the password and nobody else sees it."""
    async with forest() as room:
        in_as(await room.login(typed, EVE), dn("eve", EMEA))
        binds = {server for operation, server in room.asked() if operation == "bind"}
    # The service account's own bind goes to every server that is asked.
    assert EMEA in binds
    assert CORP not in binds


async def test_groups_come_from_her_own_domain_and_have_names_of_all() -> None:
    """Her controller's tokenGroups; a group of another domain by the catalog, a built-in one never by that."""
    async with forest() as room:
        login = await room.login("eve", EVE)
        assert isinstance(login, Authenticated)
        assert {group.sid: group.dn for group in login.groups} == {
            f"{SID[EMEA]}-513": dn("Domain Users", EMEA),
            BUILTIN_USERS: dn("Users", EMEA),
            PLATFORM: dn("Platform", CORP),
            LOCAL: dn("Local", EMEA),
        }
        bob = await room.login("bob", BOB)
        assert isinstance(bob, Authenticated)
        assert {group.dn for group in bob.groups} >= {dn("Users", CORP), dn("Platform", CORP)}


async def test_what_a_login_costs() -> None:
    """The catalog twice and her domain once to find her, then the bind, beside which tokenGroups is read."""
    async with forest() as room:
        costs = {}
        for _ in range(2):  # the second time the connections stand
            for name in ("eve", "nobody", "akira", "alice"):
                await room.login(name, EVE)
                await asyncio.sleep(0.1)  # groups are read beside a bind, and nobody waits for them who is refused
                costs[name] = sorted(room.asked())
    assert costs["eve"] == [("bind", EMEA), *[("search", "catalog")] * 2, *[("search", EMEA)] * 2]
    assert all(cost == costs["eve"] for cost in costs.values()), "a name that lets nobody in costs the same"


async def test_a_name_in_two_domains_lets_nobody_in() -> None:
    """As policy and token would not tell one alice from the other; by no form of the name, with either's password."""
    async with forest() as room:
        for typed in ("alice", "HQ\\alice", "EUROPE\\alice", f"alice@{CORP}", f"alice@{EMEA}"):
            for domain in (CORP, EMEA):
                assert wrong(await room.login(typed, principal("alice", domain))), typed
            assert len((await room.look(typed)).rivals) == 2


async def test_by_principal_both_get_in() -> None:
    """With userPrincipalName for the account each is somebody else: in the account, and by the password alone."""
    async with forest(account="userPrincipalName") as room:
        for typed, domain in ((f"alice@{CORP}", CORP), ("EUROPE\\alice", EMEA), (f"{CORP}\\alice", CORP)):
            login = await room.login(typed, principal("alice", domain))
            in_as(login, dn("alice", domain))
            assert isinstance(login, Authenticated)
            assert login.account.name == principal("alice", domain)
            other = principal("alice", CORP if domain == EMEA else EMEA)
            assert wrong(await room.login(typed, other))
        assert wrong(await room.login("alice", principal("alice", CORP))), "that is two people"


@pytest.mark.parametrize("typed", ["akira", f"akira@{ASIA}", "ASIA\\akira", f"{ASIA}\\akira"])
async def test_a_domain_that_is_not_served(typed: str) -> None:
    """Its people are nobody: their password is sent nowhere."""
    async with forest() as room:
        assert wrong(await room.login(typed, principal("akira", ASIA)))


async def test_a_stranger_is_told_to_operators(capsys: pytest.CaptureFixture[str]) -> None:
    """The log names the entry and the key; who logs in learns nothing."""
    async with forest() as room:
        assert (await room.look("akira")).stranger == dn("akira", ASIA)
        await room.login("akira", principal("akira", ASIA))
    said = "".join(capsys.readouterr())
    assert "directory.domains" in said
    assert dn("akira", ASIA) in said


async def test_the_parent_domain_is_not_the_child() -> None:
    r"""HQ\eve is nobody, though a search below the parent's top finds her."""
    async with forest() as room:
        for typed in ("HQ\\eve", f"{CORP}\\eve", f"eve@{CORP}", "NOWHERE\\eve"):
            assert wrong(await room.login(typed, EVE)), typed


async def test_an_address_that_is_anothers_principal() -> None:
    """Someone's mail in one domain, an implicit principal in the other: two people, so nobody."""
    homes = usual()
    homes[CORP].append(person("mallory", CORP, 1109, [], mail=[EVE]))
    homes[EMEA] = [each for each in homes[EMEA] if each.dn != dn("eve", EMEA)]
    homes[EMEA].append(person("eve", EMEA, 1102, [], userPrincipalName=["other@example.com"]))
    async with forest(homes) as room:
        assert wrong(await room.login(EVE, EVE))
        assert wrong(await room.login(EVE, principal("mallory", CORP)))
        in_as(await room.login("EUROPE\\eve", EVE), dn("eve", EMEA))


async def test_the_state_is_that_of_her_own_domain() -> None:
    """The catalog knows nothing of a password that must be changed."""
    homes = usual()
    homes[EMEA].append(person("frank", EMEA, 1103, [], pwdLastSet=[0]))
    async with forest(homes) as room:
        login = await room.login("frank", principal("frank", EMEA))
        assert isinstance(login, Refused)
        assert login.reason is Refusal.MUST_CHANGE_PASSWORD


async def test_a_catalog_that_lags_behind() -> None:
    """Renamed, or another entry at the same place: an outage, as nobody can say who it is. Gone: nobody."""
    homes = usual()
    catalog = [each for entries in homes.values() for each in entries]
    renamed = person("eve", EMEA, 1102, [], sAMAccountName=["evelyn"])
    anew = person("eve", EMEA, 1102, [], objectGUID=[bytes(16)])
    others = [each for each in homes[EMEA] if each.dn != dn("eve", EMEA)]
    for now in (renamed, anew):
        async with forest(homes | {EMEA: [*others, now]}, catalog) as room:
            with pytest.raises(Unavailable, match="do not agree"):
                await room.login("eve", EVE)
    async with forest(homes | {EMEA: others}, catalog) as room:
        assert wrong(await room.login("eve", EVE))


async def test_a_namesake_that_only_the_catalog_can_tell() -> None:
    r"""EUROPE\bob is one person there; bob of the other domain has his account's name all the same."""
    homes = usual()
    homes[EMEA].append(person("bob", EMEA, 1108, []))
    async with forest(homes) as room:
        assert wrong(await room.login("EUROPE\\bob", principal("bob", EMEA)))
        assert wrong(await room.login("HQ\\bob", BOB))


async def test_a_domain_that_is_down() -> None:
    """Its people wait; those of the other one do not notice."""
    async with forest() as room:
        await room.client.domains[EMEA].close()
        with pytest.raises(Unavailable):
            await room.login("eve", EVE)
        in_as(await room.login("bob", BOB), dn("bob", CORP))


async def test_find_account_for_those_who_come_again() -> None:
    """By the account's name alone, once in the whole forest; read in its own domain."""
    async with forest() as room:
        eve = await room.directory.find_account("eve", Deadline.after(20))
        assert eve is not None
        assert eve.account.dn == dn("eve", EMEA)
        for name in ("alice", "akira", "nobody"):
            assert await room.directory.find_account(name, Deadline.after(20)) is None


async def test_groups_that_were_learnt_are_known_in_every_domain() -> None:
    """A group that the policy names costs the first login of either domain nothing."""
    async with forest() as room:
        await room.directory.learn_groups([dn("Platform", CORP), dn("Local", EMEA)], [], Deadline.after(20))
        room.asked()
        typed = parse_login_name("eve")
        assert typed is not None
        eve = await room.directory.find(typed, Deadline.after(20))
        assert eve is not None
        room.asked()
        groups = await room.directory.groups_of(eve, Deadline.after(20))
        # The pool of the catalogue may open a connection more meanwhile, which binds.
        assert [asked for asked in room.asked() if asked[0] == "search"] == [("search", EMEA)]
        assert dn("Platform", CORP) in {group.dn for group in groups}


async def test_everything_is_closed_with_the_catalog() -> None:
    """And shown with it: one list of servers, each with connections of its own."""
    async with forest() as room:
        await room.login("eve", EVE)
        await room.login("bob", BOB)
        assert [room.servers[str(state.server)] for state in room.client.states()] == ["catalog", CORP, EMEA]
        assert all(state.search_connections for state in room.client.states())
        await room.client.close()
        assert not any(state.search_connections + state.bind_connections for state in room.client.states())


def test_the_bases_of_the_domains() -> None:
    """What the tests above stand on: one domain lies below the other."""
    assert base(EMEA).endswith(base(CORP))
