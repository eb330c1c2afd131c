"""Accounts for machines, kept in robots.yaml: who they are, what proves them, from where and until when.

Owns the file's form, the secrets' form, their hashes (argon2-cffi) and the editing of the file. Knows nothing of the
directory, where no robot's name or secret is ever sent, nor of what a robot may do: that is the policy's.
"""

from .edit import add_robot, make_robot, revoke_robot, rotate_robot
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
    "add_robot",
    "load_robots",
    "make_robot",
    "new_secret",
    "parse_robots",
    "revoke_robot",
    "robot_name",
    "robots_schema",
    "rotate_robot",
]
