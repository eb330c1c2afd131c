"""Accounts for machines, kept in robots.yaml: who they are, what proves them, from where and until when.

Owns the file's form, the secrets' form, their hashes (argon2-cffi) and the editing of the file. Knows nothing of the
directory, where no robot's name or secret is ever sent, nor of what a robot may do: that is the policy's.

What commands alone need is not imported with the room, for `serve` would carry it around: `edit` is imported by its own
name.
"""

from .gate import RobotGate, RobotLogin, TooManyRobots, robot_name
from .load import Robots, load_robots, parse_robots
from .model import Robot, robots_schema
from .secret import SECRET_PATTERN, new_secret

__all__ = [
    "SECRET_PATTERN",
    "Robot",
    "RobotGate",
    "RobotLogin",
    "Robots",
    "TooManyRobots",
    "load_robots",
    "new_secret",
    "parse_robots",
    "robot_name",
    "robots_schema",
]
