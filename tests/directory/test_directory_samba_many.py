"""Someone in 1,660 groups of an Active Directory domain, by each strategy that is quick enough for that."""

from collections.abc import Iterator

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupStrategy, parse_login_name
from ldap_token_bridge.directory.groups.ranges import rest_of
from ldap_token_bridge.directory.groups.reading import Reading
from tests.support import ldif, many_groups
from tests.support.real_directory import names, real_directory, through
from tests.support.samba import SambaDC

DIRECT, NESTED = 1600, 60
_GLOBAL, _DOMAIN_LOCAL = "-2147483646", "-2147483644"


@pytest.fixture(scope="module")
def crowded(samba_domain: SambaDC) -> Iterator[SambaDC]:
    """Bob is in all of them; the nested ones are domain-local."""
    samba_domain.start()
    unit = f"OU=Many,{samba_domain.base}"
    records = [ldif.added(unit, [("objectClass", "organizationalUnit")])]
    for name, below in many_groups.groups(DIRECT, NESTED):
        member = f"CN={below},{unit}" if below else samba_domain.person_dn("bob")
        kind = _DOMAIN_LOCAL if below else _GLOBAL
        attributes = [("objectClass", "group"), ("sAMAccountName", name), ("groupType", kind), ("member", member)]
        records.append(ldif.added(f"CN={name},{unit}", attributes))
    with samba_domain.changes_undone():
        samba_domain.fill(*records)
        yield samba_domain


@pytest.mark.parametrize("strategy", ["token-groups", "member-of", "in-chain"])
async def test_every_group_is_found(crowded: SambaDC, strategy: GroupStrategy) -> None:
    """Direct, nested five deep, domain-local and primary, each with a SID; and through which group it was reached."""
    async with real_directory(
        "active-directory", crowded.ldaps_url, crowded.base, crowded.bind_dn, ca_file=crowded.ca_file, strategy=strategy
    ) as directory:
        groups = await directory.groups("bob")
    found = names(groups)
    expected = dict(many_groups.groups(DIRECT, NESTED))
    assert {name: found.get(name) for name in expected} == {
        name: "nested" if below else "direct" for name, below in expected.items()
    }
    assert (found["Domain Users"], found["Users"]) == ("primary", "nested")
    assert all(group.sid for group in groups)
    via = through(groups)
    assert {name: via[name] for name, below in expected.items() if below} == {
        name: below for name, below in expected.items() if below
    }


async def test_round_trips(crowded: SambaDC) -> None:
    """Find, bind, tokenGroups; and for SIDs that were not seen lately a search for every 200, all at the same time."""
    async with real_directory(
        "active-directory", crowded.ldaps_url, crowded.base, crowded.bind_dn, ca_file=crowded.ca_file
    ) as directory:
        await directory.login("alice")  # connections stand, and what she shares with bob is known
        assert await directory.cost("alice") == ["bind", "search", "search"]
        unknown = len(await directory.groups("bob")) - 2
        directory.log.steps.clear()
        assert await directory.cost("bob") == ["bind", "search", "search"]
    assert unknown > DIRECT


async def test_values_come_by_range(crowded: SambaDC) -> None:
    """What did not come with the entry is asked for by number, to the end."""
    async with real_directory(
        "active-directory", crowded.ldaps_url, crowded.base, crowded.bind_dn, ca_file=crowded.ca_file
    ) as directory:
        typed = parse_login_name("bob")
        assert typed is not None
        person = await directory.directory.find(typed, Deadline.after(20))
        assert person is not None
        reading = Reading(directory.directory._client, directory.directory._options)
        first = person.member_of[:500]
        assert await rest_of(reading, person.account.dn, "memberOf", first, Deadline.after(20)) == person.member_of
