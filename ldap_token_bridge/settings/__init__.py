"""bridge.yaml and the environment as one frozen value, with every problem found at once.

Owns the keys, their defaults, their bounds, and the checks between them. Does not connect to anything and opens no file
but the settings and the password: keys, certificates and the policy are read by the rooms that own them.
"""

from .load import DirectorySettings, Settings, load_settings
from .model import WorkloadIssuer
from .reference import bridge_schema, settings_page

__all__ = [
    "DirectorySettings",
    "Settings",
    "WorkloadIssuer",
    "bridge_schema",
    "load_settings",
    "settings_page",
]
