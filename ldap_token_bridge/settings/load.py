"""From bridge.yaml and the environment to Settings, or to every problem at once."""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from ldap_token_bridge.directory import DirectoryOptions, defaults_for
from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import ServerAddress
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import Document, KeyPath, Model, examine, json_schema, read_document, read_text

from .checks import check
from .environment import overlay
from .findings import Findings
from .model import (
    BridgeFile,
    Cache,
    Connections,
    Directory,
    DirectoryTls,
    Guard,
    Logging,
    Policy,
    Server,
    Timeouts,
    Token,
    Tracing,
    WorkloadIssuer,
)
from .types import MAX_PASSWORD

M = TypeVar("M", bound=Model)
_WHAT = "the settings file"


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """`directory`, with the defaults of its kind filled in; `options` says how people and groups are read."""

    options: DirectoryOptions
    servers: tuple[ServerAddress, ...]  # none with a domain; those of the global catalog, if there is one
    domain: str  # empty with servers
    site: str
    bind_dn: str  # empty: by the certificate in tls
    bind_password: Secret
    bind_password_file: Path | None  # where it was read
    tls: DirectoryTls
    timeouts: Timeouts
    connections: Connections
    domains: Mapping[str, tuple[ServerAddress, ...]]  # with a global catalog; no servers: to be found by DNS


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything bridge.yaml says. Paths are absolute or relative to the working directory, times are in seconds.

    `messages` holds only the texts that were set, by the value of identity.Refusal or `directory-down`.
    """

    server: Server
    token: Token
    directory: DirectorySettings
    policy: Policy
    robots: Path | None
    workloads: Mapping[str, WorkloadIssuer]
    cache: Cache
    guard: Guard
    messages: Mapping[str, str]
    logging: Logging
    tracing: Tracing
    warnings: tuple[Problem, ...]
    _places: Mapping[KeyPath, Place] = field(repr=False, compare=False)

    def place(self, *path: str | int) -> Place:
        """Where a key's value stands, or what is nearest around it: `place("directory", "servers", 0)`."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places[path]

    def is_written(self, *path: str | int) -> bool:
        """Whether the key stands in the file or the environment, and not only in the defaults."""
        return path in self._places


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in the file at `path` under the environment's; raises Misconfigured with every problem found."""
    document = _normalised(read_document(read_text(path, _WHAT), str(path)))
    schema = json_schema(BridgeFile, "")
    document, problems = overlay(document, schema, environment)
    refused: list[KeyPath] = []
    for paths, problem in _find_empty(document, document.value, (), schema):
        refused += paths
        problems.append(problem)
    examined = examine(document, BridgeFile, refused)
    found = Findings(document, examined)
    check(found)
    password = _directory_password(found, path.parent)
    store_password = _store_password(found, path.parent)
    problems += (*examined.problems, *found.problems)
    if problems:
        raise Misconfigured(sorted(dict.fromkeys(problems), key=_by_place))
    file = examined.value
    return Settings(
        server=_beside(file.server, path.parent),
        token=_beside(file.token, path.parent),
        directory=_directory(file.directory, password, path.parent),
        policy=_beside(file.policy, path.parent),
        robots=file.robots and path.parent / file.robots,
        workloads=MappingProxyType({name: _beside(issuer, path.parent) for name, issuer in file.workloads.items()}),
        cache=_beside(file.cache, path.parent).model_copy(update={"shared_password": store_password}),
        guard=file.guard,
        messages=MappingProxyType(file.messages.model_dump(by_alias=True, exclude_none=True)),
        logging=file.logging,
        tracing=file.tracing,
        warnings=tuple(found.warnings),
        _places=MappingProxyType({(): document.place(()), **document.places}),
    )


def _normalised(document: Document) -> Document:
    """A file without a key is an empty one, and `policy: PATH` is short for `policy: {path: PATH}`."""
    if document.value is None:
        return replace(document, value={})
    policy = document.value.get("policy") if isinstance(document.value, dict) else None
    if policy is None or isinstance(policy, dict):
        return document
    value = {**document.value, "policy": {"path": policy}}
    return replace(document, value=value, places={**document.places, ("policy", "path"): document.place(("policy",))})


def _find_empty(
    document: Document, value: object, path: KeyPath, schema: Mapping[str, Any]
) -> Iterator[tuple[tuple[KeyPath, ...], Problem]]:
    """Keys of `value` without a value: most likely one was forgotten, so it is not taken for the default."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        here = (*path, key)
        if inner is None:
            name = ".".join(str(step) for step in here)
            optional = key not in schema.get("required", ())
            remedy = "Write a value, or remove the key to keep its default." if optional else "Write a value."
            yield (here,), Problem(f"{name} has no value", document.key_place(here), remedy)
            continue
        entries = schema.get("additionalProperties") or {}  # under names that people give
        yield from _find_empty(document, inner, here, schema.get("properties", {}).get(key, entries))


def _by_place(problem: Problem) -> tuple[bool, int, int]:
    """In the order of the file; then what stands elsewhere."""
    where = problem.where
    return (False, where.line, where.column) if where and where.line else (True, 0, 0)


def _beside(section: M, folder: Path) -> M:
    """The section with its relative paths made relative to the settings file."""
    changed: dict[str, Any] = {}
    for name, value in section:
        if isinstance(value, Path):
            changed[name] = folder / value
        elif isinstance(value, Model):
            changed[name] = _beside(value, folder)
    return section.model_copy(update=changed) if changed else section


def _directory_password(found: Findings, folder: Path) -> Secret:
    """The service account's."""
    directory = found.examined.value.directory
    file = ("directory", "bind_password_file")
    return _password(found, folder, file, directory.bind_password_file, directory.bind_password) or Secret(b"")


def _store_password(found: Findings, folder: Path) -> Secret | None:
    """That of the store that replicas share."""
    cache = found.examined.value.cache
    if cache.shared is None:
        return None
    file = ("cache", "shared_password_file")
    return _password(found, folder, file, cache.shared_password_file, cache.shared_password)


def _password(found: Findings, folder: Path, where: KeyPath, path: Path | None, inline: Secret | None) -> Secret | None:
    """The password in the file of the key `where`, or `inline`; what is wrong with the file becomes a problem."""
    if path is None or not found.examined.is_sound(where):
        return inline
    name, file = ".".join(map(str, where)), folder / path
    try:
        content = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        remedy = "Check the path and the file's permissions; a relative path starts at the settings file."
        found.problem(where, f"{name}: {file} cannot be read: {reason}", remedy)
        return None
    password = password_in(content)
    if not password:
        found.problem(where, f"{name}: {file} is empty", "Write the password into it.")
    elif b"\0" in password or len(password) > MAX_PASSWORD:
        what = f"{name}: {file} holds no password: a zero byte, or more than {MAX_PASSWORD} bytes"
        found.problem(where, what, "Write the password alone into it, as UTF-8 text.")
    return Secret(password)


def password_in(content: bytes) -> bytes:
    """Of a file. Editors and `echo` end one with a line break; a second one is someone's password."""
    return content.removesuffix(b"\r\n" if content.endswith(b"\r\n") else b"\n")


def _below(name: str, base: str) -> str:
    """Where a kind of directory keeps something."""
    return f"{name},{base}" if name else base


def _directory(directory: Directory, password: Secret, folder: Path) -> DirectorySettings:
    """The section with the defaults of its kind."""
    defaults = defaults_for(directory.kind)
    users, groups = directory.users, directory.groups
    options = DirectoryOptions(
        kind=directory.kind,
        base=directory.base,
        user_base=users.base or _below(defaults.people, directory.base),
        group_base=groups.base or _below(defaults.groups, directory.base),
        login=users.login or defaults.login,
        account=users.account or defaults.account,
        user_filter=users.filter or defaults.user_filter,
        strategy=defaults.strategy if groups.strategy == "auto" else groups.strategy,
        nested=groups.nested,
        max_depth=groups.max_depth,
        max_groups=groups.max_groups,
    )
    return DirectorySettings(
        options=options,
        servers=directory.servers or directory.global_catalog or (),
        domain=directory.domain or "",
        site=directory.site or "",
        bind_dn=directory.bind_dn or "",
        bind_password=password,
        bind_password_file=directory.bind_password_file and folder / directory.bind_password_file,
        tls=_beside(directory.tls, folder),
        timeouts=directory.timeouts,
        connections=directory.connections,
        domains=MappingProxyType(dict(directory.domains or {})),
    )
