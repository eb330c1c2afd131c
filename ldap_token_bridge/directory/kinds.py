"""The kinds of directory: which attributes name people, and how groups are found. Everything can be set by hand."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["active-directory", "openldap"]
GroupStrategy = Literal["auto", "token-groups", "member-of", "member"]


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """What a kind of directory calls things."""

    login: tuple[str, ...]  # attributes that a typed name is held against, the account's own first
    account: str  # the attribute that is the canonical account
    user_filter: str
    unique_id: str  # never changes and is never used again
    strategy: GroupStrategy  # what `auto` stands for


_DEFAULTS: dict[Kind, KindDefaults] = {
    "active-directory": KindDefaults(
        login=("sAMAccountName", "userPrincipalName", "mail"),
        account="sAMAccountName",
        # objectClass alone takes in computers, which are users of a sort.
        user_filter="(&(objectCategory=person)(objectClass=user))",
        unique_id="objectGUID",
        strategy="token-groups",
    ),
    "openldap": KindDefaults(
        login=("uid", "mail"),
        account="uid",
        user_filter="(objectClass=inetOrgPerson)",
        unique_id="entryUUID",
        strategy="auto",
    ),
}


def defaults_for(kind: Kind) -> KindDefaults:
    """The attributes and ways of a kind."""
    return _DEFAULTS[kind]


@dataclass(frozen=True, slots=True)
class DirectoryOptions:
    """How one directory is read: `bridge.yaml`'s `directory.users` and `directory.groups`, defaults filled in."""

    kind: Kind
    base: str
    user_base: str
    group_base: str
    login: tuple[str, ...]
    account: str
    user_filter: str
    strategy: GroupStrategy
    nested: bool
    max_depth: int
    max_groups: int

    @property
    def unique_id(self) -> str:
        """The attribute that identifies an account for ever."""
        return _DEFAULTS[self.kind].unique_id
