"""The check-up of a bridge before it starts: files first, then the directory itself.

Owns which finding belongs to which key of bridge.yaml, how bad it is and how it is mended. Prints nothing.
"""

from .item import Grade, Item, exit_code, items_of
from .live import check_directory
from .offline import Offline, check_files

__all__ = ["Grade", "Item", "Offline", "check_directory", "check_files", "exit_code", "items_of"]
