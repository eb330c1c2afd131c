"""A person's entry as the login search found it: who it is, and whether the account may be used at all."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Refusal
from ldap_token_bridge.ldap import Entry

from .kinds import DirectoryOptions
from .sid import sibling_sid, sid_text

# userAccountControl and msDS-User-Account-Control-Computed ([MS-ADTS] sections 2.2.16 and 3.1.1.4.5.17).
_DISABLED = 0x2
_PASSWORD_NEVER_EXPIRES = 0x10000
_LOCKED = 0x10
_PASSWORD_EXPIRED = 0x800000
# accountExpires counts 100 ns from 1601; both of these mean "never" ([MS-ADA1] 2.2).
_NEVER = (0, 0x7FFFFFFFFFFFFFFF)
_1601_TO_1970 = 11_644_473_600
# draft-behera-ldap-password-policy-10 section 5.3.3: locked until an administrator unlocks it.
_LOCKED_FOR_GOOD = "000001010000Z"

_ACTIVE_DIRECTORY = (
    "objectSid",
    "primaryGroupID",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "accountExpires",
    "pwdLastSet",
)
_OPENLDAP = ("pwdAccountLockedTime", "pwdEndTime", "pwdReset")


@dataclass(frozen=True, slots=True)
class Person:
    """What one search told. `state` is why the account may not be used; None if nothing speaks against it."""

    account: Account
    state: Refusal | None
    member_of: tuple[str, ...]
    member_of_is_whole: bool  # Active Directory gives 1,500 values at once, and the rest by range retrieval
    primary_group: str  # SID, empty outside of Active Directory


def attributes(options: DirectoryOptions) -> tuple[str, ...]:
    """What a login search asks for."""
    extra = _ACTIVE_DIRECTORY if options.kind == "active-directory" else _OPENLDAP
    return (options.account, options.unique_id, "memberOf", *extra)


def read_person(entry: Entry, options: DirectoryOptions, now: Callable[[], float]) -> Person:
    """The person in an entry; Unavailable if the service account may not read what identifies it.

    `now` gives seconds since 1970.
    """
    names = entry.attributes.get(options.account.lower(), ())
    unique = entry.first(options.unique_id)
    if len(names) != 1 or not _is_text(names[0]) or not unique:
        raise Unavailable(
            f"the entry of an account has {len(names)} values of {options.account} and "
            f"{'a' if unique else 'no'} {options.unique_id}; there must be one of each, readable as text"
        )
    is_ad = options.kind == "active-directory"
    name = unicodedata.normalize("NFC", names[0].decode())
    account = Account(name, entry.dn, unique.hex() if is_ad else unique.decode())
    state = _active_directory_state(entry, now) if is_ad else _openldap_state(entry, now)
    whole = not any(name.startswith("memberof;range=") for name in entry.attributes)
    return Person(account, state, entry.texts("memberOf"), whole, _primary_group(entry) if is_ad else "")


def _is_text(value: bytes) -> bool:
    try:
        return bool(value.decode())
    except UnicodeDecodeError:
        return False


def _primary_group(entry: Entry) -> str:
    sid = entry.first("objectSid")
    relative_id = entry.text("primaryGroupID")
    return sibling_sid(sid_text(sid), int(relative_id)) if sid and relative_id else ""


def _active_directory_state(entry: Entry, now: Callable[[], float]) -> Refusal | None:
    if not entry.text("userAccountControl"):
        # Every account has one: unread, a disabled account would pass for an enabled one.
        raise Unavailable("the service account may not read userAccountControl of the people that it finds")
    flags = _number(entry, "userAccountControl")
    computed = _number(entry, "msDS-User-Account-Control-Computed")
    expires = _number(entry, "accountExpires")
    if flags & _DISABLED:
        return Refusal.ACCOUNT_DISABLED
    if expires not in _NEVER and expires / 10_000_000 - _1601_TO_1970 <= now():
        return Refusal.ACCOUNT_EXPIRED
    if computed & _LOCKED:
        return Refusal.ACCOUNT_LOCKED
    if entry.text("pwdLastSet") == "0" and not flags & _PASSWORD_NEVER_EXPIRES:
        return Refusal.MUST_CHANGE_PASSWORD
    return Refusal.PASSWORD_EXPIRED if computed & _PASSWORD_EXPIRED else None


def _openldap_state(entry: Entry, now: Callable[[], float]) -> Refusal | None:
    locked = entry.text("pwdAccountLockedTime")
    if locked == _LOCKED_FOR_GOOD:
        return Refusal.ACCOUNT_DISABLED
    if (end := entry.text("pwdEndTime")) and end <= f"{datetime.fromtimestamp(now(), UTC):%Y%m%d%H%M%SZ}":
        return Refusal.ACCOUNT_EXPIRED
    if locked:
        return Refusal.ACCOUNT_LOCKED
    return Refusal.MUST_CHANGE_PASSWORD if entry.text("pwdReset").lower() == "true" else None


def _number(entry: Entry, name: str) -> int:
    text = entry.text(name)
    return int(text) if text else 0
