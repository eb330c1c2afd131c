"""How the directory is reached and signed in to: what its keys can only tell together."""

from ldap_token_bridge.directory import defaults_for

from .findings import Findings
from .forest_checks import check_forest, named_servers


def check_connection(found: Findings) -> None:
    """Servers, TLS, and the service account."""
    _check_where(found)
    _check_transport(found)
    _check_service_account(found)


def _check_where(found: Findings) -> None:
    """One way to the servers, exactly."""
    directory = found.examined.value.directory
    servers, domain, site = (("directory", key) for key in ("servers", "domain", "site"))
    plain = ("directory", "tls", "allow_plaintext")
    if directory.global_catalog is not None or directory.domains is not None:
        check_forest(found)
    elif directory.servers is None and directory.domain is None:
        remedy = "Add 'servers', or 'domain' to find them by DNS."
        found.problem(servers, "the key 'directory.servers' is missing", remedy, also=(domain,))
    elif directory.servers is not None and directory.domain is not None:
        what = "both directory.servers and directory.domain are set"
        found.problem(domain, what, "Keep one: the servers by name, or found by DNS.", also=(servers,))
    elif directory.site is not None and directory.domain is None:
        found.problem(site, "directory.site is of use with directory.domain only", "Remove it.", also=(domain,))
    elif directory.domain is not None and directory.tls.allow_plaintext:
        # Whoever can answer for DNS would name the server that gets the passwords.
        what = "directory.tls.allow_plaintext cannot be used with directory.domain: DNS may be forged, certificates not"
        found.problem(plain, what, "Remove it, or list directory.servers.", also=(domain,))
    elif directory.domain is not None and directory.tls.ca_file is None:
        what = f"whoever forges DNS and has any public certificate below {directory.domain} gets passwords"
        remedy = "Set directory.tls.ca_file to the authority that signs the directory servers' certificates."
        found.warning(domain, what, remedy, also=(("directory", "tls", "ca_file"),))


def _check_transport(found: Findings) -> None:
    directory = found.examined.value.directory
    tls = directory.tls
    start_tls = ("directory", "tls", "start_tls")
    named = list(named_servers(directory))
    some_tls = any(server.tls for _, server in named)
    for path, server in named:
        if some_tls and not server.tls and not tls.start_tls and tls.allow_plaintext:
            # Who keeps the bridge from the others would get the passwords in plain text.
            found.problem(path, f"{server} is without TLS beside servers with it", "Write ldaps:// for all of them.")
        if server.tls and tls.start_tls:
            found.problem(
                path,
                f"{server} speaks TLS from the first byte, so directory.tls.start_tls cannot be used with it",
                "Remove start_tls, or write ldap:// for the servers that are to be turned into TLS.",
                also=(start_tls,),
            )
        elif not server.tls and not tls.start_tls and not tls.allow_plaintext:
            found.problem(
                path,
                f"passwords would go to {server} in plain text",
                "Write ldaps://, or set directory.tls.start_tls: true."
                " (directory.tls.allow_plaintext: true is for tests on one machine.)",
                also=(start_tls, ("directory", "tls", "allow_plaintext")),
            )
        elif not server.tls and not tls.start_tls:
            found.warning(
                path, f"passwords go to {server} in plain text", "Write ldaps://, or set directory.tls.start_tls: true."
            )
    _check_pair(found)


def _check_pair(found: Findings) -> None:
    tls = found.examined.value.directory.tls
    certificate, key = ("directory", "tls", "certificate"), ("directory", "tls", "key")
    if (tls.certificate is None) != (tls.key is None):
        given, lacking = (key, certificate) if tls.certificate is None else (certificate, key)
        found.problem(
            given,
            f"{'.'.join(given)} needs {'.'.join(lacking)} beside it",
            f"Add {lacking[-1]}, or remove {given[-1]}.",
            also=(lacking,),
        )


def _check_service_account(found: Findings) -> None:
    directory = found.examined.value.directory
    inline, file = ("directory", "bind_password"), ("directory", "bind_password_file")
    if directory.bind_dn is None:
        _check_external(found)
        return
    if directory.bind_password is not None and directory.bind_password_file is not None:
        other = found.document.place(file)
        found.problem(
            inline,
            "both directory.bind_password and directory.bind_password_file are set",
            f"Keep one of them; bind_password_file stands at {other}.",
            also=(file,),
        )
    elif directory.bind_password is None and directory.bind_password_file is None:
        found.problem(
            ("directory", "bind_dn"),
            "directory.bind_dn has no password",
            "Add directory.bind_password_file, or set the environment variable LTB_DIRECTORY__BIND_PASSWORD.",
            also=(inline, file),
        )
    elif directory.bind_password is not None and found.from_file(inline):
        found.warning(
            inline,
            "the service account's password stands in the settings file",
            "Move it to a file and name that in directory.bind_password_file,"
            " or set the environment variable LTB_DIRECTORY__BIND_PASSWORD.",
        )
    if directory.kind != "active-directory" and "=" not in directory.bind_dn:
        found.problem(
            ("directory", "bind_dn"),
            f"{defaults_for(directory.kind).label} does not know {directory.bind_dn!r} as a bind name",
            "Write the account's DN, as in uid=svc-registry,ou=service,dc=example,dc=com.",
            also=(("directory", "kind"),),
        )


def _check_external(found: Findings) -> None:
    """Without a DN the service account is known by its certificate, which is shown in TLS alone."""
    directory = found.examined.value.directory
    name, certificate = ("directory", "bind_dn"), ("directory", "tls", "certificate")
    for key in ("bind_password", "bind_password_file"):
        if getattr(directory, key) is not None:
            what = f"directory.{key} is set without directory.bind_dn"
            remedy = "Add bind_dn; or remove the password to sign in by directory.tls.certificate."
            found.problem(("directory", key), what, remedy, also=(name,))
            return
    if directory.tls.certificate is None:
        remedy = "Add 'bind_dn' and its password, or directory.tls.certificate and key to sign in by a certificate."
        also = (certificate, ("directory", "bind_password"), ("directory", "bind_password_file"))
        found.problem(name, "the key 'directory.bind_dn' is missing", remedy, also=also)
        return
    for path, server in named_servers(directory):
        if not server.tls and not directory.tls.start_tls:
            what = f"the bridge cannot show its certificate to {server} without TLS"
            remedy = "Write ldaps://, or set directory.tls.start_tls: true; or add bind_dn and its password."
            found.problem(path, what, remedy, also=(name, certificate))
