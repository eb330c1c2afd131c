"""Whether two settings show the directory the same account of the bridge: what it refuses one, it refuses both."""

import hashlib
from collections.abc import Mapping

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import ServerAddress
from ldap_token_bridge.settings import DirectorySettings
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.whole_files import read_file


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What the directory decides by, and its servers. Equal ones share a refusal and its pause.

    `start_tls` is among it: a server that wants TLS refuses the account without it, and takes it with it.
    """

    dn: str
    password: Secret
    certificate: Secret
    servers: tuple[ServerAddress, ...]
    domain: str
    site: str
    domains: Mapping[str, tuple[ServerAddress, ...]]
    start_tls: bool


def own_account(directory: DirectorySettings) -> OwnAccount:
    """Of the client certificate and its key only a digest of the content is kept. Reads the files."""
    tls = directory.tls
    digests = (hashlib.sha256(read_file(each)).digest() if each else b"" for each in (tls.certificate, tls.key))
    return OwnAccount(
        dn=directory.bind_dn,
        password=directory.bind_password,
        certificate=Secret(b"".join(digests)),
        servers=directory.servers,
        domain=directory.domain,
        site=directory.site,
        domains=directory.domains,
        start_tls=tls.start_tls,
    )
