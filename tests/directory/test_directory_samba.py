"""Active Directory's strategies against a domain controller: primary groups, a cycle, and the cost of a login."""

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupStrategy
from tests.support.real_directory import names, real_directory, through
from tests.support.samba import SambaDC

STRATEGIES = ["token-groups", "member-of", "member", "in-chain"]


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_nested_and_primary_groups(samba: SambaDC, strategy: GroupStrategy) -> None:
    """The primary group is in no memberOf and no member, and counts with what holds it all the same."""
    async with real_directory(
        "active-directory", samba.ldaps_url, samba.base, samba.bind_dn, ca_file=samba.ca_file, strategy=strategy
    ) as directory:
        alice = await directory.groups("alice")
        assert names(alice) == {
            "Platform-Oncall": "direct",
            "Platform-Engineers": "nested",
            "Platform": "nested",
            "Domain Users": "primary",
            "Users": "nested",
        }
        assert through(alice) == {
            "Platform-Engineers": "Platform-Oncall",
            "Platform": "Platform-Engineers",
            "Users": "Domain Users",
        }
        assert names(await directory.groups("carol"))["reg-team-b-write"] == "primary"
        assert {"Circle-A", "Circle-B", "reg-team-a-read"} < set(names(await directory.groups("jürgen")))


@pytest.mark.parametrize(
    ("strategy", "searches"),
    # Find; then tokenGroups; the one rule; each level by name; the account, and each level by member.
    [("token-groups", 2), ("in-chain", 2), ("member-of", 1 + 3), ("member", 1 + 1 + 3)],
)
async def test_round_trips_of_a_login(samba: SambaDC, strategy: GroupStrategy, searches: int) -> None:
    """Once the groups behind the SIDs are known."""
    async with real_directory(
        "active-directory", samba.ldaps_url, samba.base, samba.bind_dn, ca_file=samba.ca_file, strategy=strategy
    ) as directory:
        await directory.login("alice")
        assert await directory.cost("alice") == ["bind", *["search"] * searches]


async def test_unknown_sids_cost_one_search(samba: SambaDC) -> None:
    """Of the first person whose groups nobody had; the connections stand already."""
    async with real_directory(
        "active-directory", samba.ldaps_url, samba.base, samba.bind_dn, ca_file=samba.ca_file
    ) as directory:
        await directory.login("alice")
        assert await directory.cost("bob") == ["bind", "search", "search", "search"]
        assert await directory.cost("bob") == ["bind", "search", "search"]


async def test_a_first_login_after_the_policys_groups_were_read(samba: SambaDC) -> None:
    """The groups that a policy names, and those that all are in, cost no round trip: search, bind, tokenGroups."""
    async with real_directory(
        "active-directory", samba.ldaps_url, samba.base, samba.bind_dn, ca_file=samba.ca_file
    ) as directory:
        await directory.login("carol")  # the connections stand; she is in none of alice's own groups
        named = [samba.group_dn(f"Groups/{name}") for name in ("Platform", "Platform-Engineers", "Platform-Oncall")]
        await directory.directory.learn_groups(named, [], Deadline.after(20))
        assert await directory.cost("alice") == ["bind", "search", "search"]
