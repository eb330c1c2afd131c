"""The one place where the parts are wired: start, reload, drain, stop.

Knows every room below it and decides nothing that belongs to one of them.
"""

# First: it loads the libraries that the others would.
from . import libraries  # noqa: F401 -- for what it does
from .bridge import Bridge, LoadSettings
from .parts import ldap_options
from .signals import hold_hangups, run_until_signalled
from .supervisor import Supervisor

__all__ = ["Bridge", "LoadSettings", "Supervisor", "hold_hangups", "ldap_options", "run_until_signalled"]
