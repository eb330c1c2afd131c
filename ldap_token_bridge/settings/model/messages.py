"""`messages`: what people see in their terminal."""

from ldap_token_bridge.settings.types import Message
from ldap_token_bridge.yamlfile import Model

from .setting import setting

_BUILT_IN = "Default: the built-in text."


class Messages(Model):
    """`messages`: what people see in their terminal."""

    wrong_credentials: Message | None = setting(
        f"Wrong password or unknown user. {_BUILT_IN}", None, alias="wrong-credentials"
    )
    no_credentials: Message | None = setting(f"Nobody signed in. {_BUILT_IN}", None, alias="no-credentials")
    password_expired: Message | None = setting(f"The password has expired. {_BUILT_IN}", None, alias="password-expired")
    must_change_password: Message | None = setting(
        f"The password must be changed before it can be used. {_BUILT_IN}", None, alias="must-change-password"
    )
    account_locked: Message | None = setting(f"The account is locked. {_BUILT_IN}", None, alias="account-locked")
    account_disabled: Message | None = setting(f"The account is disabled. {_BUILT_IN}", None, alias="account-disabled")
    account_expired: Message | None = setting(f"The account has expired. {_BUILT_IN}", None, alias="account-expired")
    outside_hours: Message | None = setting(f"Not allowed at this hour. {_BUILT_IN}", None, alias="outside-hours")
    wrong_workstation: Message | None = setting(
        f"Not allowed from this workstation. {_BUILT_IN}", None, alias="wrong-workstation"
    )
    wrong_network: Message | None = setting(
        f"Not allowed from this address: a robot. {_BUILT_IN}", None, alias="wrong-network"
    )
    robot_expired: Message | None = setting(f"The robot has expired. {_BUILT_IN}", None, alias="robot-expired")
    robot_revoked: Message | None = setting(f"The robot was revoked. {_BUILT_IN}", None, alias="robot-revoked")
    workload_refused: Message | None = setting(
        f"A token in place of a password is none of the issuer's. {_BUILT_IN}", None, alias="workload-refused"
    )
    workload_expired: Message | None = setting(
        f"A workload's token is over. {_BUILT_IN}", None, alias="workload-expired"
    )
    workload_not_yet_valid: Message | None = setting(
        f"A workload's token is not valid yet. {_BUILT_IN}", None, alias="workload-not-yet-valid"
    )
    workload_lives_too_long: Message | None = setting(
        f"A workload's token is good for longer than `max_lifetime`, or for ever. {_BUILT_IN}",
        None,
        alias="workload-lives-too-long",
    )
    workload_wrong_issuer: Message | None = setting(
        f"A workload's token names another issuer. {_BUILT_IN}", None, alias="workload-wrong-issuer"
    )
    workload_wrong_audience: Message | None = setting(
        f"A workload's token is for somebody else. {_BUILT_IN}", None, alias="workload-wrong-audience"
    )
    workload_no_subject: Message | None = setting(
        f"A workload's token fits none of `subjects`. {_BUILT_IN}", None, alias="workload-no-subject"
    )
    workload_ambiguous: Message | None = setting(
        f"A workload's token fits several of `subjects`. {_BUILT_IN}", None, alias="workload-ambiguous"
    )
    too_many_attempts: Message | None = setting(
        f"Too many wrong passwords for the account; `{{wait}}` is how long to wait. {_BUILT_IN}",
        None,
        alias="too-many-attempts",
    )
    too_many_from_address: Message | None = setting(
        f"Too many failed logins from the address; `{{wait}}` is how long to wait. {_BUILT_IN}",
        None,
        alias="too-many-from-address",
    )
    robots_busy: Message | None = setting(
        f"More robots log in at once than can be checked. {_BUILT_IN}", None, alias="robots-busy"
    )
    not_available: Message | None = setting(f"The bridge itself failed. {_BUILT_IN}", None, alias="not-available")
    refresh_refused: Message | None = setting(
        f"A refresh token is not taken any more. {_BUILT_IN}", None, alias="refresh-refused"
    )
    directory_down: Message | None = setting(f"No directory server answers. {_BUILT_IN}", None, alias="directory-down")
