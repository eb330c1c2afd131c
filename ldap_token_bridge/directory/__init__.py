"""From what someone typed to an account with its groups, for each kind of directory.

Owns the meaning of LDAP entries and answers: which entry a login names, whether the account may be used, which groups
it is in, and what may be remembered of that for how long. Knows nothing of tokens, policies or HTTP.
"""

from .authenticator import Authenticator
from .directory import Directory, Sighting
from .groups import GroupMemory
from .kinds import DirectoryOptions, GroupStrategy, Kind, KindDefaults, defaults_for
from .login_name import LoginName, is_possible_password, parse_login_name
from .outcome import Authenticated, CacheTimes, Login, Refused
from .person import Person

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
    "defaults_for",
    "is_possible_password",
    "parse_login_name",
]
