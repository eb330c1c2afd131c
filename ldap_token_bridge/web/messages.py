"""Every text that a person at `docker login` can see. Each is a setting (`messages` in bridge.yaml).

A text says what the person can do. By default a wrong password and an unknown user read the same.
"""

from collections.abc import Mapping

from ldap_token_bridge.identity import Refusal

DIRECTORY_DOWN = "directory-down"
NOT_AVAILABLE = "not-available"

DEFAULT_MESSAGES: Mapping[str, str] = {
    Refusal.WRONG_CREDENTIALS: "The user name or the password is wrong. Use your corporate account.",
    Refusal.NO_CREDENTIALS: "Log in first, with your corporate account: docker login <registry>.",
    Refusal.PASSWORD_EXPIRED: "Your password has expired. Change it, then log in again.",
    Refusal.MUST_CHANGE_PASSWORD: "You must change your password first. Change it, then log in again.",
    Refusal.ACCOUNT_LOCKED: "Your account is locked after too many wrong passwords. "
    "Wait until it is unlocked, or ask your help desk; then check for old passwords stored on your machines.",
    Refusal.ACCOUNT_DISABLED: "Your account is disabled. Ask your help desk.",
    Refusal.ACCOUNT_EXPIRED: "Your account has expired. Ask your help desk to extend it.",
    Refusal.OUTSIDE_HOURS: "Your account may not log in at this hour. Try again later, or ask your help desk.",
    Refusal.WRONG_WORKSTATION: "Your account may log in from certain workstations only. Ask your help desk.",
    DIRECTORY_DOWN: "The company directory does not answer. Try again in a moment.",
    NOT_AVAILABLE: "The bridge could not answer this request. Try again in a moment.",
}


def messages_with(overrides: Mapping[str, str]) -> Mapping[str, str]:
    """The default texts with those of bridge.yaml in their places."""
    return {str(key): overrides.get(str(key), text) for key, text in DEFAULT_MESSAGES.items()}
