"""Groups that OpenLDAP's overlay dynlist computes: by a filter (groupOfURLs), and memberOf that nobody wrote."""

import pytest

from ldap_token_bridge.directory import GroupStrategy
from tests.conftest import MakeSlapd
from tests.support import ldif
from tests.support.real_directory import names, real_directory, through
from tests.support.slapd import Slapd

DIRECT = "groupOfURLs memberURL member+memberOf@groupOfNames"
NESTED = f"{DIRECT}*"
STATIC = {"platform-oncall": "direct", "platform-engineers": "nested", "platform": "nested"}
COMPUTED = {"by-mail": "direct", "holder": "nested", "above": "nested"}
EVERYTHING = STATIC | COMPUTED | {"of-groups": "nested"}


def directory_with(make_slapd: MakeSlapd, line: str) -> Slapd:
    """The sample, with alice in `by-mail` by a filter; `holder` holds that, `above` holds `holder`.

    `of-groups` is computed, too: of `holder`.
    """
    slapd = make_slapd(dynlist=line)
    base = slapd.base

    def group(name: str, kind: str, attribute: str, value: str) -> str:
        return ldif.added(slapd.group_dn(f"Groups/{name}"), [("objectClass", kind), ("cn", name), (attribute, value)])

    alice = f"ldap:///ou=People,{base}??sub?(uid=alice)"
    slapd.change(
        group("by-mail", "groupOfURLs", "memberURL", alice),
        group("holder", "groupOfNames", "member", slapd.group_dn("Groups/by-mail")),
        group("above", "groupOfNames", "member", slapd.group_dn("Groups/holder")),
        group("of-groups", "groupOfURLs", "memberURL", f"ldap:///ou=Groups,{base}??sub?(cn=holder)"),
    )
    return slapd


def lower(named: dict[str, str]) -> dict[str, str]:
    """The overlay gives names in lower case, a search as they were written."""
    return {name.lower(): how.lower() for name, how in named.items()}


@pytest.mark.parametrize("strategy", ["auto", "member-of", "member"])
async def test_computed_groups(make_slapd: MakeSlapd, strategy: GroupStrategy) -> None:
    """A group by a filter counts as any other, and so do those above it, also one that is computed of groups."""
    slapd = directory_with(make_slapd, DIRECT)
    async with real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn, strategy=strategy) as directory:
        alice = await directory.groups("alice")
        assert lower(names(alice)) == EVERYTHING
        if strategy != "member":  # which searches for all groups of a level at once
            above = lower(through(alice))
            assert (above["above"], above["of-groups"], above["platform"]) == ("holder", "holder", "platform-engineers")
        assert lower(names(await directory.groups("bob"))) == {"platform": "direct", "reg-team-a-write": "direct"}
        login = await directory.login("alice")
        assert {group.dn.lower() for group in login.groups} == {group.dn.lower() for group in alice}  # type: ignore[union-attr]


async def test_memberof_costs_nothing(make_slapd: MakeSlapd) -> None:
    """The overlay's memberOf comes with the person, the graph holds computed groups: one search and a bind."""
    slapd = directory_with(make_slapd, DIRECT)
    async with real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn) as directory:
        await directory.login("alice")
        assert await directory.cost("alice") == ["bind", "search"]


async def test_without_the_graph(make_slapd: MakeSlapd) -> None:
    """Level by level, computed groups are found as well: the search for `member` is not paged."""
    slapd = directory_with(make_slapd, DIRECT)
    async with real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn, remember=0) as directory:
        assert lower(names(await directory.groups("alice"))) == EVERYTHING


@pytest.mark.parametrize("nested", [True, False])
async def test_the_overlay_nests_itself(make_slapd: MakeSlapd, *, nested: bool) -> None:
    """With `*` in its line memberOf holds nested groups already: `nested: false` cannot take them away again."""
    slapd = directory_with(make_slapd, NESTED)
    async with real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn, nested=nested) as directory:
        alice = lower(names(await directory.groups("alice")))
    assert set(alice) == set(EVERYTHING)
    assert alice["above"] == "direct", "memberOf does not tell direct groups from nested ones"


async def test_a_change_shows_at_once(make_slapd: MakeSlapd) -> None:
    """Membership is computed at each search, also after the attribute that the filter names has changed."""
    slapd = directory_with(make_slapd, DIRECT)
    url = f"ldap:///ou=People,{slapd.base}??sub?(description=in)"
    attributes = [("objectClass", "groupOfURLs"), ("cn", "described"), ("memberURL", url)]
    slapd.change(ldif.added(slapd.group_dn("Groups/described"), attributes))
    async with real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn) as directory:
        assert "described" not in names(await directory.groups("bob"))
        slapd.change(ldif.replaced(slapd.person_dn("bob"), [("description", "in")]))
        assert names(await directory.groups("bob"))["described"] == "direct"
