"""Changes to the text of robots.yaml that leave all else as people wrote it, comments and order included.

A change inserts lines, or takes lines out. Then the new text is read, and must say exactly what was meant: where the
file is written in a form in which that cannot be done, nothing is changed and the caller is told so.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.yamlfile import Document, read_document, suggest, write_yaml

from .hashes import hash_secret
from .load import parse_robots
from .model import VERSION, Robot

_NOT_WRITTEN = "new robot"
_OPTIONS = {"owner": "--owner", "note": "--note", "networks": "--network", "until": "--until"}
_EMPTY = "robots: []"
_HEADER = f"""\
# yaml-language-server: $schema=robots.schema.json
# Accounts for machines. Make them with `ldap-token-bridge robot new NAME`; what they may do stands in the policy.
version: {VERSION}
robots:
"""


def add_robot(text: str, file: str, robot: Robot) -> str:
    """The file's text with one robot more; an empty text begins a file. Raises Misconfigured."""
    robots = parse_robots(text, file) if text.strip() else None
    if robots and robot.name in robots.by_name:
        old = robots.by_name[robot.name]
        remedy = "For a new secret: ldap-token-bridge robot new --rotate. Or choose another name."
        if old.revoked:
            remedy = "A revoked robot keeps its name, so that the audit log stays true. Choose another name."
        raise Misconfigured.one(f"there is a robot {robot.name!r} already", old.place, remedy)
    lines = _lines(robot)
    if robots is None:
        changed = text + _HEADER + _indented(lines, 2)
    elif len(robots):
        column = read_document(text, file).place(("robots", 0)).column
        changed = _ended(text) + _indented(lines, max(column - 3, 0))  # a dash and a space stand before it
    else:
        others = [line for line in _ended(text).splitlines(keepends=True) if line.strip() != _EMPTY]
        changed = "".join([*others, "robots:\n", _indented(lines, 2)])
    return _proved(changed, file, [*(robots or ()), robot])


def make_robot(
    name: str, secret: Secret, *, owner: str, note: str = "", networks: Sequence[str] = (), until: str | None = None
) -> Robot:
    """A robot that is not in a file yet; raises Misconfigured with every value that the file would not take."""
    given = {"name": name, "owner": owner, "note": note, "networks": list(networks), "until": until}
    entry: dict[str, Any] = {key: value for key, value in given.items() if value}
    text = write_yaml({"version": VERSION, "robots": [{**entry, "secrets": [hash_secret(secret)]}]})
    try:
        return next(iter(parse_robots(text, _NOT_WRITTEN)))
    except Misconfigured as error:
        # Named by the option that gave it: there is no file yet to point into.
        raise Misconfigured(
            Problem(_by_option(each.what.removeprefix("robots.0.")), None, each.remedy) for each in error.problems
        ) from None


def _by_option(what: str) -> str:
    """`networks.0: ...` as `--network: ...`."""
    key, colon, rest = what.partition(":")
    option = _OPTIONS.get(key.partition(".")[0])
    return f"{option}:{rest}" if option and colon else what


def rotate_robot(text: str, file: str, name: str, secret: Secret) -> str:
    """The file's text with a second secret for a robot, before the old one. Raises Misconfigured."""
    robot, number, document = _find(text, file, name)
    if robot.revoked:
        raise Misconfigured.one(f"the robot {name!r} is revoked", robot.place, "Make a new one with another name.")
    if len(robot.hashes) > 1:
        remedy = f"End the older one first: ldap-token-bridge robot revoke {name} --older."
        raise Misconfigured.one(f"the robot {name!r} has two secrets already", robot.place, remedy)
    hashed = hash_secret(secret)
    first = document.place(("robots", number, "secrets", 0))
    line = f"{' ' * (first.column - 3)}- {_quoted(hashed)}\n"
    changed = _with_line(text, first.line - 1, line)
    return _proved(changed, file, _swapped(text, file, replace(robot, hashes=(hashed, *robot.hashes))))


def revoke_robot(text: str, file: str, name: str, today: date, *, older: bool = False) -> str:
    """The file's text with a robot revoked, or with the older of its two secrets gone. Raises Misconfigured."""
    robot, number, document = _find(text, file, name)
    if older:
        if len(robot.hashes) == 1:
            remedy = f"To end the robot itself: ldap-token-bridge robot revoke {name}."
            raise Misconfigured.one(f"the robot {name!r} has one secret only", robot.place, remedy)
        last = document.place(("robots", number, "secrets", 1)).line
        lines = text.splitlines(keepends=True)
        del lines[last - 1]
        meant = replace(robot, hashes=robot.hashes[:1])
        return _proved("".join(lines), file, _swapped(text, file, meant))
    if robot.revoked:
        raise Misconfigured.one(f"the robot {name!r} is revoked already, since {robot.revoked}", robot.place)
    key = document.key_place(("robots", number, "secrets"))
    line = f"{' ' * (key.column - 1)}revoked: {today}\n"
    changed = _with_line(text, key.line - 1, line)
    return _proved(changed, file, _swapped(text, file, replace(robot, revoked=today)))


def _find(text: str, file: str, name: str) -> tuple[Robot, int, Document]:
    if not text.strip():
        raise Misconfigured.one(f"there is no robot {name!r}: the file is empty or not there", file)
    robots = parse_robots(text, file)
    if name not in robots.by_name:
        raise Misconfigured.one(f"there is no robot {name!r}", file, suggest(name, robots.by_name))
    return robots.by_name[name], list(robots.by_name).index(name), read_document(text, file)


def _swapped(text: str, file: str, robot: Robot) -> list[Robot]:
    return [robot if other.name == robot.name else other for other in parse_robots(text, file)]


def _with_line(text: str, before: int, line: str) -> str:
    """`before` counts lines from 0. The key or item that stands there may follow a dash on its own line."""
    lines = text.splitlines(keepends=True)
    here = lines[before]
    stripped = here.lstrip(" ")
    if stripped.startswith("- ") and not line.lstrip(" ").startswith("- "):
        # The first key of an item: the new key takes its place behind the dash.
        indent = len(here) - len(stripped)
        lines[before : before + 1] = [
            f"{' ' * indent}- {line.lstrip(' ')}",
            f"{' ' * (indent + 2)}{stripped[2:].lstrip(' ')}",
        ]
    else:
        lines.insert(before, line)
    return "".join(lines)


def _lines(robot: Robot) -> list[str]:
    """A robot's entry in block style, a line each, its dash at the margin."""
    entry: dict[str, object] = {"name": robot.name, "owner": robot.owner}
    if robot.note:
        entry["note"] = robot.note
    if robot.networks is not None:
        entry["networks"] = [str(network) for network in robot.networks]
    if robot.until is not None:
        entry["until"] = str(robot.until)
    entry["secrets"] = list(robot.hashes)
    return write_yaml([entry]).splitlines(keepends=True)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _indented(lines: Sequence[str], width: int) -> str:
    own = len(lines[0]) - len(lines[0].lstrip(" "))
    return "".join(" " * width + line[own:] for line in lines)


def _quoted(hashed: str) -> str:
    return write_yaml([hashed]).strip().removeprefix("- ")


def _proved(text: str, file: str, meant: Sequence[Robot]) -> str:
    """The text, if it says exactly what was meant."""
    try:
        found = list(parse_robots(text, file))
    except Misconfigured:
        found = []
    nowhere = Place(file)
    if [replace(robot, place=nowhere) for robot in found] != [replace(robot, place=nowhere) for robot in meant]:
        what = "the file is written in a form in which this change cannot be made; nothing was changed"
        raise Misconfigured.one(what, file, "Write its entries as the sample does: one key a line, no braces.")
    return text
