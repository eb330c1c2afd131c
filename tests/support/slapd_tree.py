"""The sample as OpenLDAP's tree: groups as groupOfNames, and the same in ou=Unix as posixGroup (RFC 2307)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from . import canaries, ldif, sample

BASE = sample.BASE.lower()
"""As OpenLDAP gives it back."""
SERVICE_DN = f"cn={sample.SERVICE_ACCOUNT},ou=Service,{BASE}"
DEFAULT_POLICY = f"cn=default,ou=Policies,{BASE}"
_SHORT_POLICY = f"cn=short,ou=Policies,{BASE}"
_FIRST_UID, _FIRST_GID, _OWN_GID = 10_000, 20_000, 100
_LONG_AGO = "20200101000000Z"


def person_dn(login: str) -> str:
    """Where a person stands."""
    return f"uid={login},ou=People,{BASE}"


def group_dn(key: str) -> str:
    """Where the group `OU/CN` stands."""
    unit, name = key.split("/")
    return f"cn={name},ou={unit},{BASE}"


def tree(*, ppolicy: bool) -> str:
    """All of it as LDIF."""
    return "".join([*frame(), *(_policies() if ppolicy else ()), *_people(ppolicy=ppolicy), *_groups()])


def frame() -> Iterator[str]:
    """The base, its units and the service account."""
    yield ldif.added(BASE, [("objectClass", "domain"), ("dc", "corp")])
    for unit in (*sample.UNITS, "Unix", "Policies"):
        yield ldif.added(f"ou={unit},{BASE}", [("objectClass", "organizationalUnit"), ("ou", unit)])
    yield ldif.added(
        SERVICE_DN,
        [
            ("objectClass", "applicationProcess"),
            ("objectClass", "simpleSecurityObject"),
            ("cn", sample.SERVICE_ACCOUNT),
            ("userPassword", canaries.password(sample.SERVICE_ACCOUNT)),
        ],
    )


def _policies() -> Iterator[str]:
    common = [
        ("objectClass", "device"),
        ("objectClass", "pwdPolicy"),
        ("pwdAttribute", "userPassword"),
        ("pwdLockout", "TRUE"),
        ("pwdMaxFailure", "5"),
        ("pwdFailureCountInterval", "1800"),
        ("pwdLockoutDuration", "1800"),
        ("pwdMustChange", "TRUE"),
    ]
    yield ldif.added(DEFAULT_POLICY, [*common, ("cn", "default")])
    yield ldif.added(_SHORT_POLICY, [*common, ("cn", "short"), ("pwdMaxAge", "3600")])


def _people(*, ppolicy: bool) -> Iterator[str]:
    special = {
        "frank": [("pwdReset", "TRUE")],
        "gina": [("pwdPolicySubentry", _SHORT_POLICY), ("pwdChangedTime", _LONG_AGO)],
        # For good, by an administrator, which is how OpenLDAP disables; and since a moment ago, by wrong passwords.
        "dave": [("pwdAccountLockedTime", "000001010000Z")],
        "henry": [("pwdAccountLockedTime", f"{datetime.now(UTC):%Y%m%d%H%M%SZ}")],
        "erin": [("pwdEndTime", _LONG_AGO)],
    }
    primary = {login: group for group in sample.GROUPS for login in group.primary_of}
    for number, person in enumerate(sample.PEOPLE):
        gid = _gid(primary[person.login]) if person.login in primary else _OWN_GID
        attributes = [
            ("objectClass", "inetOrgPerson"),
            ("objectClass", "posixAccount"),
            ("uid", person.login),
            ("cn", f"{person.given} {person.surname}"),
            ("givenName", person.given),
            ("sn", person.surname),
            ("mail", person.mail),
            ("description", person.note),
            ("uidNumber", str(_FIRST_UID + number)),
            ("gidNumber", str(gid)),
            ("homeDirectory", f"/home/{_FIRST_UID + number}"),
            ("userPassword", canaries.password(person.login)),
            *(special.get(person.login, ()) if ppolicy else ()),
        ]
        yield ldif.added(person_dn(person.login), [item for item in attributes if item[1]])


def _groups() -> Iterator[str]:
    known: set[str] = set()
    late = []
    for group in sample.GROUPS:
        people = (*group.people, *group.primary_of)
        # The memberOf overlay passes over a member that is not there yet.
        groups = [key for key in group.groups if key in known]
        members = [*(person_dn(login) for login in people), *(group_dn(key) for key in groups)]
        late += [(group.key, key) for key in group.groups if key not in known]
        known.add(group.key)
        yield ldif.added(
            group_dn(group.key),
            [("objectClass", "groupOfNames"), ("cn", group.name), *(("member", dn) for dn in members)],
        )
        if group.unit == "Registry":
            yield ldif.added(
                group_dn(f"Unix/{group.name}"),
                [
                    ("objectClass", "posixGroup"),
                    ("cn", group.name),
                    ("gidNumber", str(_gid(group))),
                    *(("memberUid", login) for login in group.people if login.isascii()),  # IA5 only
                ],
            )
    for outer, inner in late:
        yield ldif.put_in(group_dn(outer), "member", [group_dn(inner)])


def _gid(group: sample.SampleGroup) -> int:
    return _FIRST_GID + sample.GROUPS.index(group)
