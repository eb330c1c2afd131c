"""docker_auth's access list read slowly and literally, after its auth_server/authz/acl.go; shares no code with ours."""

import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

Entry = dict[str, Any]


def granted(
    acl: Sequence[Entry], account: str, kind: str, name: str, service: str, address: str, actions: Sequence[str]
) -> set[str]:
    """What the first entry that matches leaves of the actions; `account` is empty for an anonymous client."""
    for entry in acl:
        if _matches(entry["match"], account, kind, name, service, address):
            if list(entry["actions"]) == ["*"]:
                return set(actions)
            return set(actions) & set(entry["actions"])
    return set()


def _matches(match: dict[str, Any], account: str, kind: str, name: str, service: str, address: str) -> bool:
    variables = {"account": account, "type": kind, "name": name, "service": service}

    def holds(key: str, value: str) -> bool:
        return key not in match or _match(_filled(match[key], variables), value)

    return (
        holds("account", account)
        and holds("type", kind)
        and holds("name", name)
        and holds("service", service)
        and ("ip" not in match or ip_address(address) in ip_network(match["ip"]))
    )


def _filled(pattern: str, variables: dict[str, str]) -> str:
    for name, value in variables.items():
        pattern = pattern.replace(f"${{{name}}}", re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", value))
    return pattern


def _match(pattern: str, text: str) -> bool:
    if len(pattern) > 2 and pattern[0] == "/" == pattern[-1]:
        return re.search(pattern[1:-1], text) is not None
    return path_match(pattern, text)


def path_match(pattern: str, text: str) -> bool:  # noqa: PLR0911 -- as many cases as the pattern has signs
    """Go's path.Match: a star is any run without a slash, '?' one character but a slash; a class or an escape."""
    if not pattern:
        return not text
    head = pattern[0]
    if head == "*":
        runs = [0]
        while runs[-1] < len(text) and text[runs[-1]] != "/":
            runs.append(runs[-1] + 1)
        return any(path_match(pattern[1:], text[run:]) for run in runs)
    if not text:
        return False
    if head == "?":
        return text[0] != "/" and path_match(pattern[1:], text[1:])
    if head == "[":
        inside, closed, rest = pattern[1:].partition("]")
        return bool(closed) and text[0] in inside and path_match(rest, text[1:])
    if head == "\\":
        pattern = pattern[1:]
        if not pattern:
            return False
    return text[0] == pattern[0] and path_match(pattern[1:], text[1:])
