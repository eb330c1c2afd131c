"""The certificates that settings name: whether each can be used, and until when.

The pair of `server.tls` is put to the test by a handshake with itself, in memory: what OpenSSL accepts there, it
accepts from clients too.
"""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured, Place
from ldap_token_bridge.ldap import client_tls
from ldap_token_bridge.settings import Settings

from .item import Grade, Item

_SOON = timedelta(days=14)
# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (x509_vfy.h)
_OUT_OF_TIME = {9: "is not valid yet", 10: "has expired"}


def check_server_tls(settings: Settings, now: datetime) -> list[Item]:
    """The certificate and key of `server.tls`."""
    topic, tls = "server.tls", settings.server.tls
    if tls is None:
        return []
    where = settings.place("server", "tls", "certificate")
    for name, file in (("certificate", tls.certificate), ("key", tls.key)):
        try:
            file.read_bytes()
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            place = settings.place("server", "tls", name)
            remedy = "Check the path and the file's permissions."
            return [Item(topic, Grade.UNUSABLE, f"server.tls.{name}: {file} cannot be read: {reason}", place, remedy)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # The empty passphrase: without one OpenSSL would ask for it on the terminal.
        context.load_cert_chain(tls.certificate, tls.key, password="")
        certificate = _handshake(context, tls.certificate)
    except ssl.SSLCertVerificationError as error:
        why = _OUT_OF_TIME.get(error.verify_code, f"cannot be used: {error.verify_message}")
        what = f"server.tls.certificate: the certificate in {tls.certificate} {why}"
        return [
            Item(topic, Grade.UNUSABLE, what, where, "Put a renewed certificate there, or check this machine's clock.")
        ]
    except (ssl.SSLError, ValueError):
        what = f"server.tls: {tls.certificate} and {tls.key} cannot be used together"
        remedy = "Both must be PEM, the key must belong to the first certificate in the file and have no passphrase."
        return [Item(topic, Grade.UNUSABLE, what, where, remedy)]
    ends = _end_of(certificate)
    names = ", ".join(names_in(certificate)) or "no name"
    if ends - now < _SOON:
        what = f"server.tls.certificate: the certificate expires on {ends:%Y-%m-%d %H:%M} UTC"
        return [Item(topic, Grade.WARNING, what, where, "Renew it; a running bridge takes it up by itself.")]
    return [Item(topic, Grade.FINE, f"certificate for {names}, valid until {ends:%Y-%m-%d}")]


def check_directory_tls(settings: Settings, now: datetime) -> tuple[ssl.SSLContext | None, list[Item]]:
    """What the bridge trusts and shows in TLS with the directory; None if that cannot be used."""
    topic, tls = "directory.tls", settings.directory.tls
    try:
        context = client_tls(tls.ca_file, tls.certificate, tls.key, tls.minimum)
    except Misconfigured as error:
        return None, [
            Item(
                topic,
                Grade.UNUSABLE,
                f"{problem.where}: {problem.what}",
                _key_of(settings, problem.where),
                problem.remedy,
            )
            for problem in error.problems
        ]
    if tls.ca_file is None:
        return context, [Item(topic, Grade.FINE, "trusts the authorities of this system")]
    where = settings.place("directory", "tls", "ca_file")
    authorities = context.get_ca_certs()
    expired = [authority for authority in authorities if _end_of(authority) < now]
    # One that is left can still have signed the servers' certificates.
    grade = Grade.UNUSABLE if expired and len(expired) == len(authorities) else Grade.WARNING
    return context, [
        Item(
            topic,
            grade,
            f"{tls.ca_file}: the authority {_subject_of(each)!r} expired on {_end_of(each):%Y-%m-%d %H:%M} UTC",
            where,
            "Put the certificate that follows it into the file.",
        )
        for each in expired
    ] or [Item(topic, Grade.FINE, f"trusts the authorities in {tls.ca_file}")]


def names_in(certificate: Mapping[str, object]) -> tuple[str, ...]:
    """The host names and addresses of a certificate in the form of `SSLSocket.getpeercert`."""
    found = certificate.get("subjectAltName", ())
    return tuple(str(name) for _, name in found) if isinstance(found, tuple) else ()


def _handshake(server_context: ssl.SSLContext, trusted: Path) -> Mapping[str, object]:
    """The server's certificate after a handshake in memory with a client that trusts it as it is."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.load_verify_locations(trusted)
    client_context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(2):  # round trips of a TLS handshake
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return dict(client.getpeercert() or {})


def _key_of(settings: Settings, file: Place | None) -> Place:
    """The place of the key of `directory.tls` that names the file."""
    tls = settings.directory.tls
    for name, path in (("ca_file", tls.ca_file), ("certificate", tls.certificate), ("key", tls.key)):
        if file is not None and file.file == str(path):
            return settings.place("directory", "tls", name)
    return settings.place("directory", "tls")


def _end_of(certificate: Mapping[str, object]) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _subject_of(certificate: Mapping[str, object]) -> str:
    """The common name, else the whole subject."""
    subject = certificate.get("subject", ())
    pairs = [pair for part in subject for pair in part] if isinstance(subject, tuple) else []
    return next((value for key, value in pairs if key == "commonName"), ", ".join(value for _, value in pairs))
