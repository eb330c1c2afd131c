"""Who is in the sample directory: people, groups and what is wrong with some of the accounts. Data only.

The names match the sample policy in `config/policy.yaml`. Passwords are fixed and easy to type: the directory listens
on loopback, holds nothing but samples, and is gone when the demo ends.
"""

from enum import StrEnum

from ldap_token_bridge.values import dataclass

DOMAIN = "corp.example.com"
NETBIOS_NAME = "CORP"
BASE = "DC=corp,DC=example,DC=com"
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
SERVICE_DN = f"CN=svc-registry,OU=Service,{BASE}"

# Well-known relative identifier of Domain Users (Microsoft, Security Identifiers).
DOMAIN_USERS = 513
PLATFORM = 1130


class Condition(StrEnum):
    """What stands in the way of an account's bind; the value is Active Directory's reason in the diagnostic message."""

    WELL = ""
    EXPIRED_PASSWORD = "532"  # noqa: S105 -- a reason, no password
    DISABLED = "533"
    MUST_CHANGE_PASSWORD = "773"  # noqa: S105 -- a reason, no password
    LOCKED = "775"

    @property
    def tells_anybody(self) -> bool:
        """Whether the reason is given even to a wrong password; Active Directory does so for a locked account only."""
        return self is Condition.LOCKED


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One account. `primary_group` is a relative identifier, as in primaryGroupID."""

    account: str
    name: str
    relative_id: int
    condition: Condition = Condition.WELL
    primary_group: int = DOMAIN_USERS

    @property
    def dn(self) -> str:
        """Where the account stands in the tree."""
        return f"CN={self.name},OU=People,{BASE}"

    @property
    def password(self) -> str:
        """Easy to type, the same on every start."""
        return f"{self.account}-demo"


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """One security group. `members` are accounts and names of other groups."""

    name: str
    place: str
    sid: str
    members: tuple[str, ...] = ()

    @property
    def dn(self) -> str:
        """Where the group stands in the tree."""
        return f"CN={self.name},{self.place},{BASE}"


PEOPLE = (
    SamplePerson("alice", "Alice Adams", 1101),
    SamplePerson("bob", "Bob Baker", 1102),
    SamplePerson("carol", "Carol Clark", 1103, primary_group=PLATFORM),
    SamplePerson("dave", "Dave Davis", 1104, Condition.DISABLED),
    SamplePerson("erin", "Erin Evans", 1105, Condition.EXPIRED_PASSWORD),
    SamplePerson("frank", "Frank Foster", 1106, Condition.MUST_CHANGE_PASSWORD),
    SamplePerson("gina", "Gina Green", 1107, Condition.LOCKED),
    SamplePerson("auditor", "Audrey Auditor", 1108),
)

GROUPS = (
    SampleGroup("Domain Users", "CN=Users", f"{DOMAIN_SID}-{DOMAIN_USERS}"),
    SampleGroup("Users", "CN=Builtin", "S-1-5-32-545", ("Domain Users",)),
    SampleGroup("Platform", "OU=Groups", f"{DOMAIN_SID}-{PLATFORM}"),
    SampleGroup("Auditors", "OU=Groups", f"{DOMAIN_SID}-1131", ("auditor",)),
    # Alice may push to team-a through three levels: Team A Backend, Team A Developers, reg-team-a-write.
    SampleGroup("reg-team-a-write", "OU=Registry", f"{DOMAIN_SID}-1141", ("Team A Developers",)),
    SampleGroup("Team A Developers", "OU=Groups", f"{DOMAIN_SID}-1142", ("Team A Backend",)),
    SampleGroup("Team A Backend", "OU=Groups", f"{DOMAIN_SID}-1143", ("alice",)),
    # The last four would have access, were their accounts in order.
    SampleGroup("reg-team-a-read", "OU=Registry", f"{DOMAIN_SID}-1144", ("bob", "dave", "erin", "frank", "gina")),
    SampleGroup("reg-team-b-write", "OU=Registry", f"{DOMAIN_SID}-1145"),
)


def person(account: str) -> SamplePerson:
    """The sample account of that name; raises KeyError."""
    for candidate in PEOPLE:
        if candidate.account == account:
            return candidate
    raise KeyError(account)
