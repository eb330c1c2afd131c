"""What an entry says against using its account, for each kind of directory; fails closed."""

from collections.abc import Callable
from datetime import UTC, datetime

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.ldap import Entry
from ldap_token_bridge.values import dataclass

from .kinds import Kind

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
# 389 Directory Server's way to say the same in accountUnlockTime.
_NEVER_UNLOCKED = "19700101000000Z"
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class StateReader:
    """`attributes` are asked for with an account; `read` tells from them, and the seconds since 1970, what is wrong.

    `password_date` are the attributes that change whenever the password is changed.
    """

    attributes: tuple[str, ...]
    read: Callable[[Entry, float], Refusal | None]
    password_date: tuple[str, ...]


def _active_directory(entry: Entry, now: float) -> Refusal | None:
    if not entry.text("userAccountControl"):
        # Every account has one: unread, a disabled account would pass for an enabled one.
        raise Unavailable("the service account may not read userAccountControl of the people that it finds")
    flags = _number(entry, "userAccountControl")
    computed = _number(entry, "msDS-User-Account-Control-Computed")
    expires = _number(entry, "accountExpires")
    if flags & _DISABLED:
        return Refusal.ACCOUNT_DISABLED
    if expires not in _NEVER and expires / 10_000_000 - _1601_TO_1970 <= now:
        return Refusal.ACCOUNT_EXPIRED
    if computed & _LOCKED:
        return Refusal.ACCOUNT_LOCKED
    if entry.text("pwdLastSet") == "0" and not flags & _PASSWORD_NEVER_EXPIRES:
        return Refusal.MUST_CHANGE_PASSWORD
    return Refusal.PASSWORD_EXPIRED if computed & _PASSWORD_EXPIRED else None


def _openldap(entry: Entry, now: float) -> Refusal | None:
    locked = entry.text("pwdAccountLockedTime")
    if locked == _LOCKED_FOR_GOOD:
        return Refusal.ACCOUNT_DISABLED
    if _is_over(entry, "pwdEndTime", now):
        return Refusal.ACCOUNT_EXPIRED
    if locked:
        return Refusal.ACCOUNT_LOCKED
    return Refusal.MUST_CHANGE_PASSWORD if entry.text("pwdReset").lower() == "true" else None


def _rfc2307(entry: Entry, now: float) -> Refusal | None:
    # RFC 2307 section 3: days since 1970; 0 and less have no meaning that all agree on (shadow(5)).
    days = _number(entry, "shadowExpire")
    return Refusal.ACCOUNT_EXPIRED if 0 < days * _SECONDS_A_DAY <= now else _openldap(entry, now)


def _389ds(entry: Entry, now: float) -> Refusal | None:
    if entry.text("nsAccountLock").lower() == "true":
        return Refusal.ACCOUNT_DISABLED
    unlock = entry.text("accountUnlockTime")
    if unlock and (unlock == _NEVER_UNLOCKED or not _is_over(entry, "accountUnlockTime", now)):
        return Refusal.ACCOUNT_LOCKED
    return None


def _freeipa(entry: Entry, now: float) -> Refusal | None:
    if state := _389ds(entry, now):
        return state
    if _is_over(entry, "krbPrincipalExpiration", now):
        return Refusal.ACCOUNT_EXPIRED
    # The server itself lets people bind with an expired password, and so after an administrator's reset.
    return Refusal.PASSWORD_EXPIRED if _is_over(entry, "krbPasswordExpiration", now) else None


_OPENLDAP = ("pwdAccountLockedTime", "pwdEndTime", "pwdReset")
_389DS = ("nsAccountLock", "accountUnlockTime")
_PASSWORD_POLICY = ("pwdChangedTime",)  # draft-behera-ldap-password-policy-10 section 5.3.2
_KERBEROS = ("krbLastPwdChange",)

STATES: dict[Kind, StateReader] = {
    "active-directory": StateReader(
        ("userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires", "pwdLastSet"),
        _active_directory,
        ("pwdLastSet",),
    ),
    "openldap": StateReader(_OPENLDAP, _openldap, _PASSWORD_POLICY),
    "rfc2307": StateReader((*_OPENLDAP, "shadowExpire"), _rfc2307, (*_PASSWORD_POLICY, "shadowLastChange")),
    "freeipa": StateReader((*_389DS, "krbPrincipalExpiration", "krbPasswordExpiration"), _freeipa, _KERBEROS),
    "389ds": StateReader(_389DS, _389ds, ("pwdUpdateTime",)),  # with passwordTrackUpdateTime on
}


def password_date_attributes(kind: Kind) -> tuple[str, ...]:
    """What changes whenever an account's password is changed, where the server is set up to write it down."""
    return STATES[kind].password_date


def _is_over(entry: Entry, name: str, now: float) -> bool:
    """Whether the time in an attribute (generalizedTime in UTC) has come; never, if there is none."""
    end = entry.text(name)
    return bool(end) and end <= f"{datetime.fromtimestamp(now, UTC):%Y%m%d%H%M%SZ}"


def _number(entry: Entry, name: str) -> int:
    text = entry.text(name)
    return int(text) if text else 0
