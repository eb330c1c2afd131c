"""docker_auth's file read into entries, each with what it matches as far as a policy can say it."""

from collections.abc import Iterator
from dataclasses import field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.policy.pattern import Pattern
from ldap_token_bridge.policy.who import check_name
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import Document, read_document, suggest

from .globs import ANY_NAME, Unfit, is_glob, names_of

Everyone = Literal["anyone", "signed-in", "anonymous", "somebody"]
_MATCH_KEYS = ("account", "type", "name", "ip", "service", "labels")
_ACTIONS = ("pull", "push", "delete")
_SIGNED_IN = ("/.+/", "/^.+$/")
_ANYBODY = ("/.*/", "/^.*$/", "*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `acl`. `account` is empty but for one account; `whom` is then "signed-in".

    `reasons` say why it cannot be translated by itself; then what it matches is taken for more than it is.
    `actions` on repositories, and whether it grants the catalog.
    """

    place: Place
    comment: str
    whom: Everyone
    account: str
    patterns: tuple[Pattern, ...]
    on_catalog: bool
    service: str
    network: IPv4Network | IPv6Network | None
    actions: frozenset[str]
    lists: bool
    reasons: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Acl:
    """The entries in their order; `others` are parts of the file that decide beside them; `users` those written out."""

    entries: tuple[Entry, ...]
    users: tuple[tuple[str, Place], ...]
    others: tuple[Problem, ...]


@dataclass(slots=True)
class _Reading:
    """What becomes of one entry, and what stands in the way."""

    place: Place
    reasons: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def refuse(self, what: str, place: Place, remedy: str) -> None:
        self.reasons.append(Problem(what, place, remedy))

    def note(self, what: str, place: Place, remedy: str = "") -> None:
        self.notes.append(Problem(what, place, remedy))


def read_acl(text: str, file: str) -> Acl:
    """The file's access list; raises Misconfigured if there is none or it is not in docker_auth's form."""
    document = read_document(text, file)
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.get("acl"), tuple):
        known = value if isinstance(value, dict) else ()
        remedy = f"Name docker_auth's own configuration. {suggest('acl', map(str, known))}"
        raise Misconfigured.one("there is no list 'acl' in this file", file, remedy)
    found = value.get("users")
    users: dict[str, Any] = found if isinstance(found, dict) else {}
    broken: list[Problem] = []
    entries = tuple(_entries(document, value["acl"], broken, anonymous="" in users))
    if broken:
        raise Misconfigured(broken)
    named = tuple((str(name), document.key_place(("users", name))) for name in users if name)
    return Acl(entries, named, tuple(_others(document, value)))


def _others(document: Document, value: dict[str, Any]) -> Iterator[Problem]:
    for key in ("acl_mongo", "acl_xorm", "casbin_authz", "ext_authz", "plugin_authz"):
        if key in value:
            what = f"{key!r} decides as well where no entry of 'acl' matches"
            yield Problem(what, document.key_place((key,)), "Translate it by hand.")


def _entries(document: Document, acl: tuple[Any, ...], broken: list[Problem], *, anonymous: bool) -> Iterator[Entry]:
    for number, item in enumerate(acl):
        path = ("acl", number)
        match = item.get("match") if isinstance(item, dict) else None
        actions = item.get("actions") if isinstance(item, dict) else None
        if not isinstance(match, dict) or not isinstance(actions, tuple):
            what = "an entry needs 'match', a mapping, and 'actions', a list"
            broken.append(Problem(what, document.place(path), "Write [] for no action, and {} to match everything."))
            continue
        yield _entry(document, path, item, anonymous=anonymous)


def _entry(document: Document, path: tuple[str | int, ...], item: dict[str, Any], *, anonymous: bool) -> Entry:
    match = item["match"]
    reading = _Reading(document.place(path))

    def place(key: str) -> Place:
        return document.place((*path, "match", key))

    for key, value in match.items():
        if key not in _MATCH_KEYS:
            what = f"docker_auth passes over {key!r}, so the entry matches more than it seems to"
            where = document.key_place((*path, "match", key))
            reading.refuse(what, where, suggest(key, _MATCH_KEYS))
        elif key != "labels" and not isinstance(value, str):
            reading.refuse(f"{key!r} is not text", place(key), "Put it in quotes.")
    texts = {key: value for key, value in match.items() if isinstance(value, str)}
    if "labels" in match:
        reading.refuse("labels are not known to a policy", place("labels"), "Name a directory group in 'who'.")
    whom, account = _whom(texts.get("account"), reading, place("account"), anonymous=anonymous)
    kind = texts.get("type")
    if kind not in (None, "repository", "registry"):
        reading.refuse(f"the type {kind!r} is not repository or registry", place("type"), "Translate it by hand.")
    patterns, whom, on_catalog = _names(texts.get("name"), whom, account, reading, place("name"))
    if whom == "anonymous" and not anonymous:
        reading.note("it is for clients without a login, and 'users' has none", place("account"))
        patterns, on_catalog = (), False
    service = _service(texts.get("service"), reading, place("service"))
    network = _network(texts.get("ip"), reading, place("ip"))
    actions, lists = _actions(item["actions"], kind, reading, document.place((*path, "actions")))
    comment = item.get("comment")
    return Entry(
        place=reading.place,
        comment=comment if isinstance(comment, str) else "",
        whom=whom,
        account=account,
        patterns=() if kind == "registry" else patterns,
        on_catalog=on_catalog and kind != "repository",
        service=service,
        network=network,
        actions=actions,
        lists=lists,
        reasons=tuple(reading.reasons),
        notes=tuple(reading.notes),
    )


def _whom(text: str | None, reading: _Reading, place: Place, *, anonymous: bool) -> tuple[Everyone, str]:
    everybody: Everyone = "anyone" if anonymous else "signed-in"
    if text is None or text in _ANYBODY:
        return everybody, ""
    if text in _SIGNED_IN:
        return "signed-in", ""
    if text == "":
        return "anonymous", ""
    if is_glob(text):
        what = f"the account {text!r} is a pattern, and a policy names each account or a group"
        reading.refuse(what, place, "Name a directory group in 'who'.")
        return "somebody", ""
    try:
        check_name(text, text)
    except ValueError:
        reading.refuse(f"{text!r} is no name that a policy can hold", place, "Translate it by hand.")
        return "somebody", ""
    return "signed-in", text


def _names(
    text: str | None, whom: Everyone, account: str, reading: _Reading, place: Place
) -> tuple[tuple[Pattern, ...], Everyone, bool]:
    """The repositories, who is left of `whom` (an own space needs an account), and whether it matches the catalog."""
    if text is None:
        return (ANY_NAME,), whom, True
    try:
        found = names_of(text, account)
    except Unfit as unfit:
        reading.refuse(f"the name {text!r} cannot be said exactly: {unfit}", place, unfit.remedy)
        return (ANY_NAME,), whom, True
    for note in found.notes:
        reading.note(f"the name {text!r}: {note}", place)
    if found.is_own and whom in ("anyone", "anonymous"):
        # Without an account it stands for "/…", which no repository is called.
        return (found.patterns if whom == "anyone" else ()), "signed-in", False
    return found.patterns, whom, found.on_catalog


def _service(text: str | None, reading: _Reading, place: Place) -> str:
    if text is None:
        return ""
    if is_glob(text) or not text:
        reading.refuse(f"the service {text!r} is a pattern, and a policy names each", place, "Write 'services'.")
        return ""
    return text


def _network(text: str | None, reading: _Reading, place: Place) -> IPv4Network | IPv6Network | None:
    if text is None:
        return None
    try:
        # As Go reads it: what is set behind the prefix does not count.
        network = ip_network(text, strict=False)
    except ValueError:
        reading.refuse(f"{text!r} is no address and no network", place, "docker_auth does not start with it.")
        return None
    if network.version == 6 and network.network_address.ipv4_mapped:  # noqa: PLR2004 -- IP's version
        # There it means IPv4 clients, so it is taken for every network.
        reading.refuse(f"{text!r} is an IPv4 network written as IPv6", place, "Write it as IPv4.")
        return None
    return network


def _actions(given: tuple[Any, ...], kind: str | None, reading: _Reading, place: Place) -> tuple[frozenset[str], bool]:
    """What is granted on repositories, and whether the catalog is."""
    if given == ("*",):
        return frozenset(_ACTIONS), True
    known = frozenset(action for action in given if action in _ACTIONS)
    for action in given:
        if action == "*" and kind != "registry":
            reading.refuse("'*' beside other actions is not everything", place, "Write ['*'] or the actions alone.")
        elif action not in (*_ACTIONS, "*") and kind != "registry":
            reading.note(f"{action!r} is no action that registries ask for", place)
    if "push" in known and "pull" not in known and kind != "registry":
        reading.refuse("push without pull: a policy's push brings pull", place, "Write [pull, push] if it is meant so.")
    return known, "*" in given
