"""From what someone typed to an account with its groups, for each kind of directory.

Owns the meaning of LDAP entries and answers: which entry a login names, whether the account may be used, which groups
it is in, and what may be remembered of that for how long. Knows nothing of tokens, policies or HTTP.
"""

from .account_ids import account_ids
from .authenticator import Authenticator
from .directory import Directory, Sighting
from .domain import base_of, domain_of
from .forest import open_directory
from .groups import GroupMemory
from .kinds import DirectoryOptions, GroupStrategy, Kind, KindDefaults, defaults_for
from .login_name import LoginName, is_possible_password, parse_login_name
from .outcome import Authenticated, CacheTimes, Login, Refused, Spent
from .person import Person
from .stale_if_down import StaleIfDown
from .states import password_date_attributes

__all__ = [
    "Authenticated",
    "Authenticator",
    "CacheTimes",
    "Directory",
    "DirectoryOptions",
    "GroupMemory",
    "GroupStrategy",
    "Kind",
    "KindDefaults",
    "Login",
    "LoginName",
    "Person",
    "Refused",
    "Sighting",
    "Spent",
    "StaleIfDown",
    "account_ids",
    "base_of",
    "defaults_for",
    "domain_of",
    "is_possible_password",
    "open_directory",
    "parse_login_name",
    "password_date_attributes",
]
