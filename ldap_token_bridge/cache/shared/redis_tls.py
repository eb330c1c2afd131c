"""How redis-py knows a server by TLS: by the authorities that are named, alone.

The library adds them to the system's, by whose word any web server of the network would do. It takes no context of
ours, and makes one for each connection by this class, be it to a server, a sentinel or a cluster's node.
"""

import ssl
from pathlib import Path

from redis.asyncio import connection

from ldap_token_bridge.trust import trusting


class StoreTls(connection.RedisSSLContext):
    """Made of the library's `ssl_…` options, of which those are heeded that the bridge sets."""

    __slots__ = ()

    def get(self) -> ssl.SSLContext:
        """The context, made once; raises OSError, ssl.SSLError among them, for a file that cannot be used."""
        if self.context is None:
            context = trusting(Path(self.ca_certs) if self.ca_certs else None)
            if self.certfile:
                context.load_cert_chain(self.certfile, self.keyfile)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self.context = context
        return self.context


def use_our_contexts() -> None:
    """For every connection that redis-py makes in this process from now on."""
    connection.RedisSSLContext = StoreTls  # type: ignore[misc]  # there is no other way in
