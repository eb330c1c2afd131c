"""bridge.yaml and the environment as one frozen value, with every problem found at once.

Owns the keys, their defaults, their bounds, and the checks between them. Does not connect to anything and opens no file
but the settings and the password: keys, certificates and the policy are read by the rooms that own them.

What commands alone need is not imported with the room, for `serve` would carry it around: `reference`, the schema and
the page of the keys, is imported by its own name.
"""

from .load import DirectorySettings, Settings, load_settings, password_in
from .model import WorkloadIssuer

__all__ = ["DirectorySettings", "Settings", "WorkloadIssuer", "load_settings", "password_in"]
