"""The command line: one file a command, each with a click command named `command`.

Knows how to read arguments and how to show results; everything else belongs to the rooms below.
"""

from .application import COMMANDS, main, root

__all__ = ["COMMANDS", "main", "root"]
