"""The sample as Active Directory holds it, and the LDIF that brings it into a fresh domain."""

from collections.abc import Iterator

from . import canaries, ldif, sample

SERVICE_DN = f"CN={sample.SERVICE_ACCOUNT},OU=Service,{sample.BASE}"

# userAccountControl: ADS_UF_NORMAL_ACCOUNT, and with ADS_UF_ACCOUNTDISABLE.
_NORMAL, _DISABLED = "512", "514"
_GLOBAL_SECURITY_GROUP = "-2147483646"
# Times are counted in 100 ns from 1601 on (FILETIME); durations are negative.
_TICKS = 10_000_000
LOCKOUT_THRESHOLD = 5
_LOCKOUT_SECONDS = 1800


def person_dn(login: str) -> str:
    """Where a person stands: by full name, as administrators' tools make it."""
    person = next(person for person in sample.PEOPLE if person.login == login)
    return f"CN={person.given} {person.surname},OU=People,{sample.BASE}"


def group_dn(key: str) -> str:
    """Where the group `OU/CN` stands."""
    unit, name = key.split("/")
    return f"CN={name},OU={unit},{sample.BASE}"


def entries() -> str:
    """Entries to add, then changes, as LDIF for the domain's administrator."""
    return "".join([*_units(), *_domain_rules(), *_people(), *_groups(), *_members(), *_special()])


def _units() -> Iterator[str]:
    for unit in sample.UNITS:
        yield ldif.added(f"OU={unit},{sample.BASE}", [("objectClass", "organizationalUnit")])


def _domain_rules() -> Iterator[str]:
    """Passwords of any form; five wrong ones lock the account for half an hour, as in many companies."""
    half_an_hour = str(-_LOCKOUT_SECONDS * _TICKS)
    yield ldif.replaced(
        sample.BASE,
        [
            ("pwdProperties", "0"),
            ("minPwdAge", "0"),
            ("lockoutThreshold", str(LOCKOUT_THRESHOLD)),
            ("lockoutDuration", half_an_hour),
            ("lockOutObservationWindow", half_an_hour),
        ],
    )


def _account(login: str, control: str) -> list[tuple[str, str | bytes]]:
    return [
        ("objectClass", "user"),
        ("sAMAccountName", login),
        ("userPrincipalName", f"{login}@{sample.DOMAIN}"),
        ("userAccountControl", control),
        # MS-ADTS 3.1.1.3.1.5.1: in quotation marks, UTF-16, little-endian.
        ("unicodePwd", f'"{canaries.password(login)}"'.encode("utf-16-le")),
    ]


def _people() -> Iterator[str]:
    yield ldif.added(SERVICE_DN, _account(sample.SERVICE_ACCOUNT, _NORMAL))
    for person in sample.PEOPLE:
        control = _DISABLED if person.login == "dave" else _NORMAL
        yield ldif.added(
            person_dn(person.login),
            [
                *_account(person.login, control),
                ("givenName", person.given),
                ("sn", person.surname),
                ("mail", person.mail),
                ("description", person.note),
            ],
        )


def _groups() -> Iterator[str]:
    for group in sample.GROUPS:
        yield ldif.added(
            group_dn(group.key),
            [
                ("objectClass", "group"),
                ("sAMAccountName", group.account or group.name),
                ("groupType", _GLOBAL_SECURITY_GROUP),
            ],
        )


def _members() -> Iterator[str]:
    for group in sample.GROUPS:
        people = (*group.people, *group.primary_of)
        members = [*(person_dn(login) for login in people), *(group_dn(key) for key in group.groups)]
        if members:
            yield ldif.put_in(group_dn(group.key), "member", members)
        for login in group.primary_of:
            # Understood by samba_fill.py: the attribute itself holds a number that only the domain knows.
            yield ldif.replaced(person_dn(login), [("primaryGroupDN", group_dn(group.key))])


def _special() -> Iterator[str]:
    yield ldif.replaced(person_dn("erin"), [("accountExpires", str(_TICKS))])
    yield ldif.replaced(person_dn("frank"), [("pwdLastSet", "0")])
    # 2020-01-01; the domain's passwords are good for 42 days. Nobody can write this over LDAP: see samba_fill.py.
    yield ldif.replaced(person_dn("gina"), [("pwdLastSet", "132223104000000000")])
