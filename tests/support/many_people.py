"""A directory of some size for OpenLDAP: 10,000 people and 1,000 groups nested five deep, the same in every run.

As LDIF for slapadd, which takes it in within seconds; `Slapd(preload=many_people.ldif_text())`. Every person is in ten
groups directly. memberOf is written here as the overlay would have, for slapadd runs no overlay.
"""

import random
from collections.abc import Iterator
from functools import cache

from . import canaries, ldif, sample, slapd_tree

PEOPLE = 10_000
GROUPS = 1_000
DEPTH = 5
GROUPS_EACH = 10
OUTERMOST = GROUPS // DEPTH
"""So many groups stand on each level; those of the first are in no other group."""

_SEED = 20_260_101
_CANARY = "many people"


def login(number: int) -> str:
    """The account name of one of the people, counted from 0."""
    return f"p{number:05}"


def person_dn(number: int) -> str:
    """Where the person stands."""
    return slapd_tree.person_dn(login(number))


def password(number: int) -> str:
    """The person's password, unlike everyone else's."""
    return f"{login(number)}+{canaries.password(_CANARY)}"


def group_dn(number: int) -> str:
    """Where a group stands, counted from 0. The first fifth are the outermost."""
    return f"cn=g{number:04},ou=Groups,{slapd_tree.BASE}"


def parent(number: int) -> int | None:
    """The group that a group is in; None for the outermost."""
    level, place = divmod(number, OUTERMOST)
    return (level - 1) * OUTERMOST + place * 7 % OUTERMOST if level else None


@cache
def direct_groups() -> tuple[tuple[int, ...], ...]:
    """The groups of each person, without those that hold them."""
    chance = random.Random(_SEED)  # noqa: S311 -- the same tree in every run
    return tuple(tuple(sorted(chance.sample(range(GROUPS), GROUPS_EACH))) for _ in range(PEOPLE))


def all_groups(number: int) -> frozenset[str]:
    """The DNs of all groups that a person is in, nested ones included."""
    return frozenset(map(group_dn, all_group_numbers(number)))


def all_group_numbers(number: int) -> frozenset[int]:
    """The same, as `group_dn` counts them."""
    found: set[int] = set()
    for group in direct_groups()[number]:
        above: int | None = group
        while above is not None:
            found.add(above)
            above = parent(above)
    return frozenset(found)


def ldif_text() -> str:
    """All of it, with the service account of `slapd_tree`."""
    return "".join([*slapd_tree.frame(), *_people(), *_groups()])


def _people() -> Iterator[str]:
    for number, groups in enumerate(direct_groups()):
        name = login(number)
        yield ldif.added(
            person_dn(number),
            [
                ("objectClass", "inetOrgPerson"),
                ("uid", name),
                ("cn", f"Person {number}"),
                ("givenName", "Person"),
                ("sn", str(number)),
                ("mail", f"{name}@{sample.DOMAIN}"),
                ("telephoneNumber", f"+49 30 {number:05}"),
                ("description", "one of many"),
                ("userPassword", password(number)),
                *(("memberOf", group_dn(group)) for group in groups),
            ],
        )


def _groups() -> Iterator[str]:
    members: list[list[str]] = [[] for _ in range(GROUPS)]
    for number, groups in enumerate(direct_groups()):
        for group in groups:
            members[group].append(person_dn(number))
    for group in range(GROUPS):
        above = parent(group)
        if above is not None:
            members[above].append(group_dn(group))
    for group in range(GROUPS):
        above = parent(group)
        yield ldif.added(
            group_dn(group),
            [
                ("objectClass", "groupOfNames"),
                ("cn", f"g{group:04}"),
                *(("member", dn) for dn in members[group]),
                *(() if above is None else (("memberOf", group_dn(above)),)),
            ],
        )
