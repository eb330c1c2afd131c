"""A person's entry as the login search found it: who it is, and whether the account may be used at all."""

import unicodedata
from collections.abc import Callable

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Refusal, reads_as_machine
from ldap_token_bridge.ldap import Entry
from ldap_token_bridge.values import dataclass

from .kinds import DirectoryOptions
from .ranged import values_in
from .sid import sibling_sid, sid_text
from .states import STATES

# Where groups are numbers beside names.
_WITH_SIDS = ("objectSid", "primaryGroupID")
_POSIX = ("uid", "gidNumber")


@dataclass(frozen=True, slots=True)
class Person:
    """What one search told. `state` is why the account may not be used; None if nothing speaks against it."""

    account: Account
    state: Refusal | None
    member_of: tuple[str, ...]
    member_of_is_whole: bool  # Active Directory gives 1,500 values at once, and the rest by range retrieval
    primary_group: str  # SID, empty outside of Active Directory
    uid: str = ""  # these two for the strategy `posix` alone
    gid: str = ""
    password_date: str = ""  # when the password was changed last, as the directory writes it; empty if it does not say

    def without_groups(self) -> "Person":
        """The same without `member_of`, which served to find the groups. `replace` takes three times as long."""
        whole = self.member_of_is_whole
        return Person(self.account, self.state, (), whole, self.primary_group, self.uid, self.gid, self.password_date)


def attributes(options: DirectoryOptions) -> tuple[str, ...]:
    """What a login search asks for."""
    states = STATES[options.kind]
    wanted = [options.account, options.unique_id, "memberOf", *states.attributes, *states.password_date]
    wanted += _WITH_SIDS if options.kind == "active-directory" else ()
    wanted += _POSIX if options.strategy == "posix" else ()
    return tuple({name.lower(): name for name in wanted}.values())


def read_person(entry: Entry, options: DirectoryOptions, now: Callable[[], float]) -> Person:
    """The person in an entry; Unavailable if the service account may not read what identifies it.

    `now` gives seconds since 1970.
    """
    names = entry.attributes.get(options.account.lower(), ())
    unique = entry.first(options.unique_id)
    name = _account_in(names[0]) if len(names) == 1 else ""
    if not name or not unique:
        raise Unavailable(
            f"the entry of an account has {len(names)} values of {options.account} and "
            f"{'a' if unique else 'no'} {options.unique_id}; there must be one of each, the name in composed Unicode"
        )
    if reads_as_machine(name):
        raise Unavailable(f"the {options.account} of {entry.dn} is the name of a machine: tokens would show it as one")
    is_ad = options.kind == "active-directory"
    states = STATES[options.kind]
    account = Account(name, entry.dn, unique.hex() if is_ad else unique.decode())
    member_of, whole = values_in(entry, "memberOf")
    primary = _primary_group(entry) if is_ad else ""
    uid, gid = (_only(entry, "uid"), _only(entry, "gidNumber")) if options.strategy == "posix" else ("", "")
    dates = [date for date in map(entry.text, states.password_date) if date]
    return Person(account, states.read(entry, now()), member_of, whole, primary, uid, gid, " ".join(dates))


def _only(entry: Entry, name: str) -> str:
    """The value, if there is one and no other."""
    values = entry.texts(name)
    return values[0] if len(values) == 1 else ""


def _account_in(value: bytes) -> str:
    """The name that a policy can name it by; empty if there is none.

    Composed anew it might be the name of another account (Kim, and KELVIN SIGN im).
    """
    try:
        name = value.decode()
    except UnicodeDecodeError:
        return ""
    return name if name.isascii() or unicodedata.is_normalized("NFC", name) else ""


def _primary_group(entry: Entry) -> str:
    sid = entry.first("objectSid")
    relative_id = entry.text("primaryGroupID")
    return sibling_sid(sid_text(sid), int(relative_id)) if sid and relative_id else ""
