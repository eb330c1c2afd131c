"""How a bridge and the store know each other."""

from dataclasses import field
from pathlib import Path

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.values import dataclass


@dataclass(frozen=True, slots=True)
class StoreLogin:
    """How the bridge shows who it is, and how it knows the server; `timeout` in seconds for a connection to stand."""

    password: Secret | None = None
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = field(default=None, repr=False)
    timeout: float = 1.0
