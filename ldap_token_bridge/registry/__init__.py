"""The registry's own words as pure values: scopes, access, repository names, challenges, its configuration.

Knows nothing of people, policies, tokens or HTTP. Source: distribution, docs/content/spec/auth/{token,scope}.md.
"""

from .auth_config import CONFIG_MAP, RegistryAuth, registry_setting
from .challenge import basic_challenge, read_challenges
from .names import MAX_NAME_LENGTH, host_of, is_path_component, is_repository_name
from .scope import CATALOG, Access, parse_scopes

__all__ = [
    "CATALOG",
    "CONFIG_MAP",
    "MAX_NAME_LENGTH",
    "Access",
    "RegistryAuth",
    "basic_challenge",
    "host_of",
    "is_path_component",
    "is_repository_name",
    "parse_scopes",
    "read_challenges",
    "registry_setting",
]
