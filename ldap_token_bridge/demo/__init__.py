"""`demo`: the whole journey on loopback, with nothing installed beside Python.

Owns the sample directory, the temporary home with keys and settings, the registry if one is installed, and the walk
that tries it all. It wires the real bridge and knows nothing of how that works inside.
"""

from .run import run_demo

__all__ = ["run_demo"]
