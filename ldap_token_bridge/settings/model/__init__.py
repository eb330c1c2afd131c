"""bridge.yaml as a model: every key with its type, its default and its meaning; a file for each large section.

docs/settings.md and config/bridge.schema.json are generated from here. A key stands here only if it does something.
"""

from .bridge_file import BridgeFile, Guard, Logging, Policy, Tracing
from .cache import Cache
from .directory import Connections, Directory, DirectoryTls, Timeouts
from .server import Server
from .token import Token
from .workloads import WorkloadIssuer

__all__ = [
    "BridgeFile",
    "Cache",
    "Connections",
    "Directory",
    "DirectoryTls",
    "Guard",
    "Logging",
    "Policy",
    "Server",
    "Timeouts",
    "Token",
    "Tracing",
    "WorkloadIssuer",
]
