"""A server's refusal of a bind, in the words that people act on.

Only the result code 0 is a success; whatever is not known here is a wrong password or an outage, never a login.
"""

import re
from collections.abc import Sequence

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.ldap import BindResult

from .kinds import BindAnswer

# RFC 4511, appendix A.2. Other codes (19, 53) mean different things to different servers: see `kinds`.
_INVALID_CREDENTIALS = 49

# Active Directory tells the reason in the diagnostic message of result 49, as a Windows error code in hexadecimal
# (Microsoft, System Error Codes 1300-1699 and 1700-3999).
_ACTIVE_DIRECTORY = re.compile(r"\bdata ([0-9a-f]{1,8})\b", re.IGNORECASE)
_SUB_CODES = {
    0x525: Refusal.WRONG_CREDENTIALS,  # ERROR_NO_SUCH_USER
    0x52E: Refusal.WRONG_CREDENTIALS,  # ERROR_LOGON_FAILURE
    0x530: Refusal.OUTSIDE_HOURS,  # ERROR_INVALID_LOGON_HOURS
    0x531: Refusal.WRONG_WORKSTATION,  # ERROR_INVALID_WORKSTATION
    0x532: Refusal.PASSWORD_EXPIRED,  # ERROR_PASSWORD_EXPIRED
    0x533: Refusal.ACCOUNT_DISABLED,  # ERROR_ACCOUNT_DISABLED
    0x701: Refusal.ACCOUNT_EXPIRED,  # ERROR_ACCOUNT_EXPIRED
    0x773: Refusal.MUST_CHANGE_PASSWORD,  # ERROR_PASSWORD_MUST_CHANGE
    0x775: Refusal.ACCOUNT_LOCKED,  # ERROR_ACCOUNT_LOCKED_OUT
}


# OpenLDAP tells the reason by number in a control (draft-behera-ldap-password-policy-10 section 6.2).
_POLICY_ERRORS = {
    0: Refusal.PASSWORD_EXPIRED,
    1: Refusal.ACCOUNT_LOCKED,
    2: Refusal.MUST_CHANGE_PASSWORD,  # with a success: the bind is good for changing the password and nothing else
}


def refusal_of(result: BindResult, answers: Sequence[BindAnswer] = ()) -> Refusal | None:
    """Why a bind does not make a login; None if it does, or if the code says nothing about the account.

    `answers` are what this kind of directory says of accounts beside 49.
    """
    if result.code in (0, _INVALID_CREDENTIALS) and result.policy_error in _POLICY_ERRORS:
        return _POLICY_ERRORS[result.policy_error]
    if result.code == _INVALID_CREDENTIALS:
        found = _ACTIVE_DIRECTORY.search(result.diagnostic)
        return _SUB_CODES.get(int(found[1], 16), Refusal.WRONG_CREDENTIALS) if found else Refusal.WRONG_CREDENTIALS
    said = result.diagnostic.lower()
    return next((each.refusal for each in answers if each.code == result.code and each.words in said), None)
