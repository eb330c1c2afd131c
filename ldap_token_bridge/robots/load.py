"""From robots.yaml to a frozen table of robots, or to every problem at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import Document, read_document, read_text, validate, without_blanks

from .model import MAX_SECRETS, Robot, RobotEntry, RobotsFile

_WHAT = "the robots file"


@dataclass(frozen=True, slots=True)
class Robots:
    """All robots by name."""

    by_name: Mapping[str, Robot]

    @classmethod
    def none(cls) -> "Robots":
        """No robots at all."""
        return cls(MappingProxyType({}))

    def __iter__(self) -> Iterator[Robot]:
        """In the order of the file."""
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)


def load_robots(path: Path) -> Robots:
    """The robots in the file; raises Misconfigured with every problem."""
    try:
        path.stat()
    except FileNotFoundError:
        remedy = "The first robot makes it: ldap-token-bridge robot new NAME --owner WHO. Or remove the key `robots`."
        raise Misconfigured.one(f"{_WHAT} is not there", str(path), remedy) from None
    except OSError:
        pass  # `read_text` says what it is
    return parse_robots(read_text(path, _WHAT), str(path))


def parse_robots(text: str, file: str) -> Robots:
    """As `load_robots`, of a text; `file` names it to people."""
    document, blanks = without_blanks(read_document(text, file))
    if blanks:
        raise Misconfigured(blanks)
    content = validate(document, RobotsFile)
    robots: dict[str, Robot] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(content.robots):
        robot = _robot(entry, document, number)
        first = robots.setdefault(robot.name, robot)
        if first is not robot:
            remedy = f"The first one stands in {first.place}. Give each robot a name of its own."
            problems.append(Problem(f"two robots have the name {robot.name!r}", robot.place, remedy))
        if entry.networks is not None and not entry.networks:
            where = document.place(("robots", number, "networks"))
            what = f"the robot {robot.name!r} can log in from nowhere: 'networks' is empty"
            problems.append(Problem(what, where, "Name at least one network, or remove the key."))
        if not 1 <= len(entry.secrets) <= MAX_SECRETS:
            where = document.place(("robots", number, "secrets"))
            what = f"the robot {robot.name!r} has {len(entry.secrets)} secrets"
            problems.append(Problem(what, where, "One, or two while it is being changed: robot new NAME --rotate."))
    if problems:
        raise Misconfigured(problems)
    return Robots(MappingProxyType(robots))


def _robot(entry: RobotEntry, document: Document, number: int) -> Robot:
    return Robot(
        name=entry.name,
        hashes=entry.secrets,
        owner=entry.owner,
        note=entry.note or "",
        networks=entry.networks,
        until=entry.until,
        revoked=entry.revoked,
        place=document.place(("robots", number)),
    )
