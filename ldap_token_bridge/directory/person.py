"""A person's entry as the login search found it: who it is, and whether the account may be used at all."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Refusal, reads_as_machine
from ldap_token_bridge.ldap import Entry

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
    if len(names) != 1 or not _is_account(names[0]) or not unique:
        raise Unavailable(
            f"the entry of an account has {len(names)} values of {options.account} and "
            f"{'a' if unique else 'no'} {options.unique_id}; there must be one of each, the name in composed Unicode"
        )
    if reads_as_machine(names[0].decode()):
        raise Unavailable(f"the {options.account} of {entry.dn} is the name of a machine: tokens would show it as one")
    is_ad = options.kind == "active-directory"
    account = Account(names[0].decode(), entry.dn, unique.hex() if is_ad else unique.decode())
    state = STATES[options.kind].read(entry, now())
    member_of, whole = values_in(entry, "memberOf")
    primary = _primary_group(entry) if is_ad else ""
    uid, gid = _only(entry, "uid"), _only(entry, "gidNumber")
    dates = [entry.text(name) for name in STATES[options.kind].password_date]
    return Person(account, state, member_of, whole, primary, uid, gid, " ".join(filter(None, dates)))


def _only(entry: Entry, name: str) -> str:
    """The value, if there is one and no other."""
    values = entry.texts(name)
    return values[0] if len(values) == 1 else ""


def _is_account(value: bytes) -> bool:
    """Whether a policy can name it: composed anew it might be the name of another account (Kim, and KELVIN SIGN im)."""
    try:
        return bool(value) and unicodedata.is_normalized("NFC", value.decode())
    except UnicodeDecodeError:
        return False


def _primary_group(entry: Entry) -> str:
    sid = entry.first("objectSid")
    relative_id = entry.text("primaryGroupID")
    return sibling_sid(sid_text(sid), int(relative_id)) if sid and relative_id else ""
