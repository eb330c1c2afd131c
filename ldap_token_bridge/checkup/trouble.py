"""What a server's trouble means for bridge.yaml: which key it belongs to, how bad it is, how it is mended."""

import re

from ldap_token_bridge.directory import defaults_for
from ldap_token_bridge.directory.reasons import refusal_of
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.ldap import BindResult
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import KeyPath

from .item import Grade

_REFUSED = re.compile(r"^the service account is refused: (\d+)")
# RFC 4511, appendix A.1
_WANTS_TLS = frozenset((8, 13))  # strongerAuthRequired, confidentialityRequired

_SERVERS: KeyPath = ("directory", "servers")
_DOMAIN: KeyPath = ("directory", "domain")
_TLS: KeyPath = ("directory", "tls")
# What the ldap room says of a server begins with these words. What is not here may pass by itself: no such name, no
# answer, nothing that listens.
_LASTING: tuple[tuple[str, KeyPath], ...] = (
    ("the server's certificate is not signed", (*_TLS, "ca_file")),
    ("the server's certificate", _SERVERS),
    ("the TLS handshake failed", _SERVERS),
    ("the server refuses StartTLS", (*_TLS, "start_tls")),
)
_PORTS = (
    "Check the port: ldaps:// speaks TLS from the first byte, usually on 636; ldap:// with start_tls: true is usually"
    " on 389. If the port is right, look into the server's own log."
)

_CERTIFICATE = (
    "Let the server ask for certificates, trust the one that signed this one, and map its name to an account that it"
    " knows. (OpenLDAP: TLSVerifyClient, TLSCACertificateFile, authz-regexp.)"
)

_MEANING = {
    Refusal.WRONG_CREDENTIALS: "the password is wrong, or there is no such account",
    Refusal.PASSWORD_EXPIRED: "its password has expired",
    Refusal.MUST_CHANGE_PASSWORD: "its password must be changed first",
    Refusal.ACCOUNT_LOCKED: "the account is locked",
    Refusal.ACCOUNT_DISABLED: "the account is disabled",
    Refusal.ACCOUNT_EXPIRED: "the account has expired",
    Refusal.OUTSIDE_HOURS: "the account may not sign in at this hour",
    Refusal.WRONG_WORKSTATION: "the account may not sign in from this machine",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A server's trouble with the key of bridge.yaml to look at; `meaning` and `remedy` may be empty."""

    key: KeyPath
    grade: Grade
    meaning: str = ""
    remedy: str = ""


def trouble_of(problem: str, server: int, settings: Settings) -> Trouble:
    """What `problem`, which the ldap room reports of the server with this number, means."""
    refused = _REFUSED.match(problem)
    if refused:
        return _refusal(int(refused[1]), problem, settings)
    here = _key_of(server, settings)
    for words, key in _LASTING:
        if problem.startswith(words):
            return Trouble(here if key == _SERVERS else key, Grade.UNUSABLE)
    remedy = _PORTS if problem.startswith("the server closed the connection") else ""
    return Trouble(here, Grade.FINDING, remedy=remedy)


def _key_of(server: int, settings: Settings) -> KeyPath:
    """The key that gives the server with this number: those of the domains come after the global catalog's."""
    directory = settings.directory
    if directory.domain:
        return _DOMAIN
    if not directory.domains:
        return *_SERVERS, server
    return ("directory", "global_catalog", server) if server < len(directory.servers) else ("directory", "domains")


def _refusal(code: int, problem: str, settings: Settings) -> Trouble:
    if not settings.directory.bind_dn:
        return Trouble((*_TLS, "certificate"), Grade.UNUSABLE, remedy=_CERTIFICATE)
    if code in _WANTS_TLS:
        return Trouble(_SERVERS, Grade.UNUSABLE)
    password = password_key(settings)
    answers = defaults_for(settings.directory.options.kind).bind_answers
    refusal = refusal_of(BindResult(code, problem), answers)
    if refusal is None:
        return Trouble(("directory", "bind_dn"), Grade.UNUSABLE)
    meaning = _MEANING.get(refusal, "")
    if refusal is Refusal.WRONG_CREDENTIALS:
        remedy = f"Check directory.bind_dn and {'.'.join(map(str, password))}."
        return Trouble(password, Grade.UNUSABLE, meaning, remedy)
    return Trouble(("directory", "bind_dn"), Grade.UNUSABLE, meaning, "Let your directory's administrators mend that.")


def password_key(settings: Settings) -> KeyPath:
    """The key that gives the service account's password."""
    for name in ("bind_password_file", "bind_password"):
        path = ("directory", name)
        if settings.is_written(*path):
            return path
    return ("directory", "bind_dn")
