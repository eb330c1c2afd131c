"""Why a server cannot listen on an address, and how to mend that."""

import errno
import os
from socket import gaierror

from ldap_token_bridge.errors import Problem
from ldap_token_bridge.listen_address import ListenAddress

_SETTINGS = "server.listen or server.admin_listen"
_OTHER = f"set another in {_SETTINGS}"
_FIRST_FREE_PORT = 1024  # unless net.ipv4.ip_unprivileged_port_start says otherwise
_MOST_OF_PATH = 107  # sun_path of unix(7) without its final zero


def not_listening(wanted: ListenAddress, error: OSError) -> Problem:
    """What the system said of the address, with a remedy for each thing that people meet."""
    remedy = _of_path(error) if wanted.path else _of_port(wanted.port, error)
    return Problem(f"cannot listen on {wanted}: {_why(error)}", remedy=remedy)


def _why(error: OSError) -> str:
    if isinstance(error, gaierror):
        return "the host name cannot be resolved"
    return (os.strerror(error.errno) if error.errno else str(error)).lower()


def _of_port(port: int, error: OSError) -> str:
    if isinstance(error, gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"Name an address that this machine has (`ip address` shows them) in {_SETTINGS}."
    if error.errno == errno.EADDRINUSE:
        return f"Stop what uses the address (`ss -ltnp` shows it), or {_OTHER}."
    if error.errno == errno.EACCES and port < _FIRST_FREE_PORT:
        return (
            f"Ports below {_FIRST_FREE_PORT} are not for everybody: let a proxy have it and {_OTHER}, or give the "
            "program CAP_NET_BIND_SERVICE (under systemd AmbientCapabilities=)."
        )
    if error.errno == errno.EAFNOSUPPORT:
        return f"This machine has no IPv6: {_OTHER}."
    return f"If this address cannot be had, {_OTHER}."


def _of_path(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Something that is no socket has this name: remove it, or {_OTHER}."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"Its folder is not there: make it (under systemd RuntimeDirectory=), or {_OTHER}."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"The user that runs this command (uid {os.geteuid()}) may not write in its folder: let it (under systemd "
            f"RuntimeDirectory=), or {_OTHER}."
        )
    if error.errno is None:
        return f"The path of a Unix socket has {_MOST_OF_PATH} bytes at most: {_OTHER}."
    return f"If this path cannot be had, {_OTHER}."
