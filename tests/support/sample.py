"""The people and groups that every directory of the tests holds, so that one test can run against each of them."""

from dataclasses import dataclass

REALM = "CORP.EXAMPLE.COM"
NETBIOS = "CORP"
DOMAIN = "corp.example.com"
BASE = "DC=corp,DC=example,DC=com"

SERVICE_ACCOUNT = "svc-registry"
"""May read the directory; its password is `canaries.password(SERVICE_ACCOUNT)` as everyone's is."""


@dataclass(frozen=True)
class Person:
    """Someone with a password; `note` says what is special about the account."""

    login: str
    given: str
    surname: str
    note: str = ""

    @property
    def mail(self) -> str:
        """The mail address, of ASCII letters alone."""
        return f"{self.login.replace('ü', 'ue')}@{DOMAIN}"


@dataclass(frozen=True)
class SampleGroup:
    """A group: its CN, the organisational unit it stands in, people by login and groups by `OU/CN`."""

    name: str
    unit: str
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    primary_of: tuple[str, ...] = ()
    """Those whose primary group it is in Active Directory; elsewhere they are plain members."""
    account: str = ""
    """sAMAccountName in Active Directory where it is not the CN."""

    @property
    def key(self) -> str:
        """`OU/CN`, by which other groups name it."""
        return f"{self.unit}/{self.name}"


PEOPLE = (
    Person("alice", "Alice", "Archer", "in Platform through two other groups"),
    Person("bob", "Bob", "Baker", "writes for team-a; also in a group that is named Platform but stands elsewhere"),
    Person("carol", "Carol", "Carter", "in reg-team-b-write by her primary group only"),
    Person("dave", "Dave", "Dyer", "disabled"),
    Person("erin", "Erin", "Eaton", "the account has expired"),
    Person("frank", "Frank", "Fisher", "must change the password"),
    Person("gina", "Gina", "Glover", "the password has expired"),
    Person("henry", "Henry", "Hunter", "locked"),
    Person("jürgen", "Jürgen", "Jäger", "an umlaut in the login; reads for team-a"),
)

GROUPS = (
    SampleGroup("Platform-Oncall", "Groups", people=("alice",)),
    SampleGroup("Platform-Engineers", "Groups", groups=("Groups/Platform-Oncall",)),
    SampleGroup("Platform", "Groups", groups=("Groups/Platform-Engineers",)),
    SampleGroup("Platform", "Lookalikes", people=("bob",), account="Platform-lookalike"),
    SampleGroup("Staff", "Groups", people=("dave", "erin", "frank", "gina", "henry")),
    # Two groups that are members of each other: a walk over them must come to an end.
    SampleGroup("Circle-A", "Groups", people=("jürgen",), groups=("Groups/Circle-B",)),
    SampleGroup("Circle-B", "Groups", groups=("Groups/Circle-A",)),
    SampleGroup("reg-team-a-write", "Registry", people=("bob",)),
    SampleGroup("reg-team-a-read", "Registry", people=("jürgen",)),
    SampleGroup("reg-team-b-write", "Registry", primary_of=("carol",)),
)

UNITS = ("People", "Groups", "Registry", "Lookalikes", "Service")
