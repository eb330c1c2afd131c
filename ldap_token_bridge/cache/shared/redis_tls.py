"""How redis-py knows a server by TLS: by the authorities that are named, alone.

The library adds them to the system's, by whose word any web server of the network would do. It takes no context of
ours, and makes one for each connection by this class, be it to a server, a sentinel or a cluster's node.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path

from redis.asyncio import connection

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.trust import client_context

from .login import StoreLogin


class StoreTls(connection.RedisSSLContext):
    """Made of the library's `ssl_…` options, of which those are heeded that the bridge sets."""

    __slots__ = ()

    def get(self) -> ssl.SSLContext:
        """The context, made once; raises OSError for a file that cannot be used any more."""
        if self.context is None:
            files = (Path(file) if file else None for file in (self.ca_certs, self.certfile, self.keyfile))
            try:
                self.context = _context(*files)
            except Misconfigured as error:
                # The library tells of it as of any server that cannot be reached.
                raise OSError(0, str(error).partition("\n")[0]) from None
        return self.context


def use_our_contexts(login: StoreLogin) -> Mapping[str, str]:
    """For every connection that redis-py makes in this process from now on; gives its options for this login.

    Raises Misconfigured naming a file that cannot be used.
    """
    _context(login.ca_file, login.certificate, login.key)  # to hear of it now
    connection.RedisSSLContext = StoreTls  # type: ignore[misc]  # there is no other way in
    if not isinstance(connection.SSLConnection().ssl_context, StoreTls):
        raise Misconfigured.one(
            "this version of redis-py would trust the system's authorities beside cache.shared_tls.ca_file",
            remedy="Install the version that requirements.lock names.",
        )
    files = {"ssl_ca_certs": login.ca_file, "ssl_certfile": login.certificate, "ssl_keyfile": login.key}
    return {name: str(file) for name, file in files.items() if file}


def _context(ca_file: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    context = client_context(ca_file, certificate, key)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
