"""The kinds of directory: which attributes name people, and how groups are found. Everything can be set by hand."""

from typing import Literal

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.values import dataclass

Kind = Literal["active-directory", "openldap", "rfc2307", "freeipa", "389ds"]
GroupStrategy = Literal["auto", "token-groups", "member-of", "member", "posix", "in-chain"]
Nesting = Literal["sids", "graph", "expanded"]
"""How memberOf of an account leads to nested groups: by searches and with SIDs, by the graph, by the server itself."""


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """What a result code of a bind says about an account where `words`, in lower case, stand in its diagnostic."""

    code: int
    words: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """What a kind of directory calls things, and what it can do."""

    label: str  # as people call it
    login: tuple[str, ...]  # attributes that a typed name is held against, the account's own first
    account: str  # the attribute that is the canonical account
    user_filter: str
    unique_id: str  # never changes and is never used again
    strategy: GroupStrategy  # what `auto` stands for
    strategies: tuple[GroupStrategy, ...]  # those that work at all, `auto` apart
    nesting: Nesting
    expanded: frozenset[GroupStrategy] = frozenset()  # strategies that give nested groups whether wanted or not
    flat: GroupStrategy = "member-of"  # the strategy for `nested: false`
    # slapd leaves the groups that its overlay dynlist computes out of paged answers, and bounds these no less.
    paged: bool = True
    people: str = ""  # where people stand below the base
    groups: str = ""
    bind_answers: tuple[BindAnswer, ...] = ()  # beside code 49; the first that fits counts


# 389 Directory Server: 19 after too many wrong passwords, 53 for an account that was inactivated.
_389_ANSWERS = (BindAnswer(19, "", Refusal.ACCOUNT_LOCKED), BindAnswer(53, "", Refusal.ACCOUNT_DISABLED))
# FreeIPA's own plugins say 53 for other reasons, too, and tell them apart by words alone.
_FREEIPA_ANSWERS = (
    BindAnswer(53, "too many failed logins", Refusal.ACCOUNT_LOCKED),
    BindAnswer(53, "permanently locked", Refusal.ACCOUNT_LOCKED),
    BindAnswer(53, "is expired", Refusal.ACCOUNT_EXPIRED),
    *_389_ANSWERS,
)

_DEFAULTS: dict[Kind, KindDefaults] = {
    "active-directory": KindDefaults(
        label="Active Directory",
        login=("sAMAccountName", "userPrincipalName", "mail"),
        account="sAMAccountName",
        # objectClass alone takes in computers, which are users of a sort.
        user_filter="(&(objectCategory=person)(objectClass=user))",
        unique_id="objectGUID",
        strategy="token-groups",
        strategies=("token-groups", "member-of", "member", "in-chain"),
        nesting="sids",
        expanded=frozenset(("token-groups", "in-chain")),
    ),
    "openldap": KindDefaults(
        label="OpenLDAP",
        login=("uid", "mail"),
        account="uid",
        user_filter="(objectClass=inetOrgPerson)",
        unique_id="entryUUID",
        strategy="auto",
        strategies=("member-of", "member", "posix"),
        nesting="graph",
        paged=False,
    ),
    "rfc2307": KindDefaults(
        label="a directory after RFC 2307",
        login=("uid", "mail"),
        account="uid",
        user_filter="(objectClass=posixAccount)",
        unique_id="entryUUID",
        strategy="posix",
        strategies=("posix", "member-of", "member"),
        nesting="graph",
        paged=False,
    ),
    "freeipa": KindDefaults(
        label="FreeIPA",
        login=("uid", "mail"),
        account="uid",
        user_filter="(objectClass=inetOrgPerson)",
        unique_id="ipaUniqueID",
        strategy="member-of",
        strategies=("member-of", "member"),
        nesting="expanded",
        expanded=frozenset(("member-of",)),
        flat="member",
        # Elsewhere stand second entries of the same people: cn=compat, and accounts not yet or no longer in use.
        people="cn=users,cn=accounts",
        groups="cn=groups,cn=accounts",
        bind_answers=_FREEIPA_ANSWERS,
    ),
    "389ds": KindDefaults(
        label="389 Directory Server",
        login=("uid", "mail"),
        account="uid",
        user_filter="(|(objectClass=inetOrgPerson)(objectClass=nsPerson))",
        unique_id="nsUniqueId",
        strategy="member-of",
        strategies=("member-of", "member", "posix"),
        nesting="expanded",
        expanded=frozenset(("member-of",)),
        flat="member",
        bind_answers=_389_ANSWERS,
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
