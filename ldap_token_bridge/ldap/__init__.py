"""LDAP on asyncio: messages, connections, TLS, servers, failover and deadlines.

Knows neither accounts nor groups nor kinds of directory: it carries searches and binds to a server that answers, and
their outcomes back. ldap3 is the oracle of its tests, and no part of it.

Two kinds of connection are never mixed: a few for searches, bound as the service account, and some for users' binds.
No password is written before TLS is established, none is written twice, and no referral is ever followed.
"""

from .address import ServerAddress, parse_server
from .check import ServerCheck
from .client import LdapClient
from .errors import BindGivenUp, DirectoryDown, InvalidBind, Overloaded, SearchFailed, ServiceAccountRefused
from .filter_tree import InvalidFilter
from .filters import FilterTemplate, any_equal
from .model import BindResult, Entry, SearchRequest, SearchScope
from .options import FindServers, FoundServers, LdapOptions, Observer
from .server import ServerState
from .tls import client_tls

__all__ = [
    "BindGivenUp",
    "BindResult",
    "DirectoryDown",
    "Entry",
    "FilterTemplate",
    "FindServers",
    "FoundServers",
    "InvalidBind",
    "InvalidFilter",
    "LdapClient",
    "LdapOptions",
    "Observer",
    "Overloaded",
    "SearchFailed",
    "SearchRequest",
    "SearchScope",
    "ServerAddress",
    "ServerCheck",
    "ServerState",
    "ServiceAccountRefused",
    "any_equal",
    "client_tls",
    "parse_server",
]
