"""People in none, ten, fifty and a thousand groups, beside the 10,000 of `many_people`."""

from tests.support import canaries, ldif, many_people, slapd_tree

SIZES = (0, 10, 50, 1_000)
EACH = 20
"""People of each kind."""


def login(size: int, number: int) -> str:
    """The account name of one of those in so many groups."""
    return f"in-{size}-groups-{number}"


def password(size: int, number: int) -> str:
    """The person's password."""
    return f"{login(size, number)}+{canaries.password('crowded')}"


def ldif_text() -> str:
    """All of them, with memberOf as the overlay would have written it; the groups' entries do not name them."""
    return "".join(_person(size, number) for size in SIZES for number in range(EACH))


def _person(size: int, number: int) -> str:
    # The first groups are the outermost: up to 200 there is none above them, and in all of them nothing is nested.
    groups = ((number * size + place) % many_people.OUTERMOST for place in range(size))
    return ldif.added(
        slapd_tree.person_dn(login(size, number)),
        [
            ("objectClass", "inetOrgPerson"),
            ("uid", login(size, number)),
            ("cn", "Crowded Person"),
            ("sn", "Person"),
            ("userPassword", password(size, number)),
            *(("memberOf", many_people.group_dn(group)) for group in (groups if size < many_people.GROUPS else _ALL)),
        ],
    )


_ALL = range(many_people.GROUPS)
