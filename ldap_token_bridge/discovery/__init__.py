"""Which servers a directory has, by DNS SRV (RFC 2782): names, ports, their order, and for how long that holds.

Owns dnspython. Knows no LDAP: whoever asks decides what is spoken on a port, and resolves the names when it connects.
DNS is not authenticated, so a target is believed only if it is the domain itself or lies below it: the certificate must
be for that name, and nobody outside the domain should be able to have one.
"""

from .find import Found, NothingFound, find_servers
from .order import Target

__all__ = ["Found", "NothingFound", "Target", "find_servers"]
