"""What no single key can tell: settings that contradict each other, or that are allowed but worth a word."""

from dataclasses import dataclass, field

from ldap_token_bridge.errors import Problem
from ldap_token_bridge.yamlfile import Document, Examined, KeyPath, format_duration

from .model import BridgeFile


@dataclass(slots=True)
class Findings:
    """Collects problems and warnings; says nothing about keys that are broken themselves."""

    document: Document
    examined: Examined[BridgeFile]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, path: KeyPath, what: str, remedy: str, *, also: tuple[KeyPath, ...] = ()) -> None:
        """A contradiction at `path`; `also` are the other keys that it rests on."""
        if all(map(self.examined.is_sound, (path, *also))):
            self.problems.append(Problem(what, self.document.place(path), remedy))

    def warning(self, path: KeyPath, what: str, remedy: str, *, also: tuple[KeyPath, ...] = ()) -> None:
        """As `problem`, for what works but should be known."""
        if all(map(self.examined.is_sound, (path, *also))):
            self.warnings.append(Problem(what, self.document.place(path), remedy))

    def from_file(self, path: KeyPath) -> bool:
        """Whether the value at `path` was written in the file itself."""
        return self.document.places.get(path, None) is not None and self.document.place(path).line > 0


def check(found: Findings) -> None:
    """Runs every check between keys."""
    _check_server(found)
    _check_lists(found)
    _check_transport(found)
    _check_service_account(found)
    _check_strategy(found)
    _check_times(found)


def _check_server(found: Findings) -> None:
    server = found.examined.value.server
    listen, admin = ("server", "listen"), ("server", "admin_listen")
    if server.listen == server.admin_listen and (server.listen.path or server.listen.port):
        found.problem(
            admin,
            f"server.admin_listen is server.listen too: {server.listen}",
            "Give it a port of its own.",
            also=(listen,),
        )
    if not server.listen.is_local and server.tls is None and not server.trusted_proxies:
        found.warning(
            listen,
            f"passwords arrive at {server.listen} without TLS",
            "Set server.tls; or end TLS at a proxy, name that in server.trusted_proxies, and let nobody pass it by.",
            also=(("server", "tls"), ("server", "trusted_proxies")),
        )


def _check_lists(found: Findings) -> None:
    file = found.examined.value
    lists: tuple[tuple[KeyPath, tuple[object, ...] | None], ...] = (
        (("token", "services"), file.token.services),
        (("directory", "servers"), file.directory.servers),
        (("directory", "users", "login"), file.directory.users.login),
    )
    for path, items in lists:
        name = ".".join(map(str, path))
        if items is not None and not items:
            found.problem(path, f"{name} is empty", "List at least one.")
        for index, item in enumerate(items or ()):
            if items and item in items[:index]:
                found.problem((*path, index), f"{name} lists {item} twice", "Remove one of them.")


def _check_transport(found: Findings) -> None:
    directory = found.examined.value.directory
    tls = directory.tls
    start_tls, servers = ("directory", "tls", "start_tls"), ("directory", "servers")
    for index, server in enumerate(directory.servers):
        path = (*servers, index)
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
    if directory.kind == "openldap" and "=" not in directory.bind_dn:
        found.problem(
            ("directory", "bind_dn"),
            f"OpenLDAP does not know {directory.bind_dn!r} as a bind name",
            "Write the account's DN, as in uid=svc-registry,ou=service,dc=example,dc=com.",
            also=(("directory", "kind"),),
        )


def _check_strategy(found: Findings) -> None:
    directory = found.examined.value.directory
    if directory.kind != "active-directory" and directory.groups.strategy == "token-groups":
        found.problem(
            ("directory", "groups", "strategy"),
            f"directory.groups.strategy: only Active Directory has token-groups; directory.kind is {directory.kind}",
            "Write auto, member-of or member.",
            also=(("directory", "kind"),),
        )
    # Who is in a group only through another would else keep what the operator meant to withhold.
    if directory.kind == "active-directory" and directory.groups.strategy in ("auto", "token-groups"):
        _check_nested(found, directory.groups.strategy)
        if directory.groups.base is not None:
            found.warning(
                ("directory", "groups", "base"),
                "directory.groups.base is not used: Active Directory's token-groups hold every group of a person",
                f"Remove it, or write directory.groups.strategy: member-of in place of {directory.groups.strategy}.",
                also=(("directory", "kind"), ("directory", "groups", "strategy")),
            )


def _check_nested(found: Findings, strategy: str) -> None:
    if not found.examined.value.directory.groups.nested:
        found.problem(
            ("directory", "groups", "nested"),
            "directory.groups.nested: false cannot hold: Active Directory's token-groups hold nested groups too",
            f"Write directory.groups.strategy: member-of in place of {strategy}, or remove nested.",
            also=(("directory", "kind"), ("directory", "groups", "strategy")),
        )


def _check_times(found: Findings) -> None:
    file = found.examined.value
    limit, timeouts = file.server.request_deadline, file.directory.timeouts
    name, longest = max(("operation", timeouts.operation), ("connect", timeouts.connect), key=lambda entry: entry[1])
    deadline, path = ("server", "request_deadline"), ("directory", "timeouts", name)
    if longest > limit:
        found.problem(
            path if path in found.document.places else deadline,
            f"directory.timeouts.{name} is longer than server.request_deadline: {format_duration(longest)}",
            f"Write at most {format_duration(limit)}, or raise the deadline;"
            " with several servers leave time to try the next.",
            also=(deadline, path),
        )
