"""Every text that a person at `docker login` can see. Each is a setting (`messages` in bridge.yaml).

A text says what the person can do. By default a wrong password and an unknown user read the same.
"""

import math
from collections.abc import Mapping

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.workloads import WorkloadRefusal

REFRESH_REFUSED = "refresh-refused"
WORKLOAD_REFUSED = "workload-refused"
DIRECTORY_DOWN = "directory-down"
NOT_AVAILABLE = "not-available"
ROBOTS_BUSY = "robots-busy"
TOO_MANY_FROM_ADDRESS = "too-many-from-address"

# Whoever may reach the public listener learns no more: the whole of it stands on the admin listener, and in the log.
REFUSED_ITSELF = (
    "the directory refuses this bridge's own account. Its log, and /readyz on its admin listener, say why and what to"
    " do."
)

# Up to 1.5 minutes are told in seconds, up to 1.5 hours in minutes.
_EXACT = 1.5

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
    Refusal.TOO_MANY_ATTEMPTS: "Too many wrong passwords for this account. Try again in {wait}; "
    "check for an old password stored on your machines or in a pipeline.",
    TOO_MANY_FROM_ADDRESS: "Too many failed logins from your address. Try again in {wait}.",
    Refusal.WRONG_NETWORK: "This account may not log in from this address. Ask its owner which networks it is for.",
    Refusal.ROBOT_EXPIRED: "This robot account has expired. Ask its owner to extend it.",
    Refusal.ROBOT_REVOKED: "This robot account was revoked. Ask its owner for a new one.",
    ROBOTS_BUSY: "Too many robots log in at this moment. Try again in a few seconds.",
    # One for all that is found before the signature is proved: nobody learns more who only tries.
    WORKLOAD_REFUSED: "This is no token of that issuer. Log in as workload+ISSUER, with ISSUER as in bridge.yaml, and"
    " with the token that the CI system or cluster gave to this very job.",
    WorkloadRefusal.WRONG_ISSUER: "The token names another issuer in its claim iss than bridge.yaml. Ask who runs the"
    " registry.",
    WorkloadRefusal.EXPIRED: "The job's token is over. Log in at the beginning of the job, or ask for a new token.",
    WorkloadRefusal.NOT_YET_VALID: "The job's token is not valid yet: the clocks of its issuer and of this bridge"
    " differ.",
    WorkloadRefusal.LIVES_TOO_LONG: "The job's token is good for longer than is taken here, or for ever. Ask its issuer"
    " for a shorter one.",
    WorkloadRefusal.WRONG_AUDIENCE: "The job's token is for somebody else. Ask its issuer for one whose claim aud is"
    " the name of this registry.",
    WorkloadRefusal.NO_SUBJECT: "The job's token is good, but its claims fit no workload in bridge.yaml. Ask who runs"
    " the registry to add this project, branch or service account.",
    WorkloadRefusal.AMBIGUOUS: "The job's token is good, but its claims fit several workloads in bridge.yaml. Ask who"
    " runs the registry to tell them apart.",
    REFRESH_REFUSED: "Your login has ended. Log in again: docker login <registry>.",
    DIRECTORY_DOWN: "The company directory does not answer. Try again in a moment; if it lasts, ask who runs the"
    " registry.",
    NOT_AVAILABLE: "The login service could not answer this request. Try again in a moment; if it lasts, ask who runs"
    " the registry.",
}


def messages_with(overrides: Mapping[str, str]) -> Mapping[str, str]:
    """The default texts with those of bridge.yaml in their places."""
    return {str(key): overrides.get(str(key), text) for key, text in DEFAULT_MESSAGES.items()}


def in_words(seconds: int) -> str:
    """How long to wait, rounded up: `40 seconds`, `7 minutes`, `2 hours`."""
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds > _EXACT * unit:
            return f"{math.ceil(seconds / unit)} {name}"
    return f"{seconds} second{'s' if seconds > 1 else ''}"
