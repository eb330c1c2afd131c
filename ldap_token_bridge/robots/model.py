"""The form of robots.yaml, and a robot as a value."""

from dataclasses import field
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any

from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import ROBOT_NAME, is_robot_name
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import ClientNetwork, Day, Field, Model, Text, checked, json_schema, refuse

VERSION = 1
MAX_NAME = 64
MAX_SECRETS = 2


def parse_name(value: Any) -> str:
    """A robot's name, as the policy writes it behind `robot:`."""
    if not isinstance(value, str) or len(value) > MAX_NAME or not is_robot_name(value):
        remedy = f"Use a-z, 0-9, '.', '_' and '-', at most {MAX_NAME}; a letter or digit first and last."
        refuse(f"{value!r} is no robot's name", remedy)
    return value


def _parse_hash(value: Any) -> str:
    from .hashes import fault_of  # noqa: PLC0415 -- brings argon2

    fault = fault_of(value) if isinstance(value, str) else "it is no text"
    if fault:
        # The value is not repeated: someone may have written the secret itself.
        refuse(f"this is no hash of a secret: {fault}", "Make one: ldap-token-bridge robot new NAME.")
    return str(value)


def _parse_version(value: Any) -> int:
    if value is True or value != VERSION or not isinstance(value, int):
        refuse(f"the version of the file's format is {value!r}", f"This program reads version {VERSION}.")
    return VERSION


Name = Annotated[str, *checked(parse_name, {"type": "string", "pattern": f"^{ROBOT_NAME}$", "maxLength": MAX_NAME})]
Hash = Annotated[str, *checked(_parse_hash, {"type": "string", "pattern": r"^\$argon2id\$"})]


class RobotEntry(Model):
    """One robot."""

    name: Name = Field(description="`robot:NAME` in the policy; it logs in as `robot+NAME`.")
    secrets: tuple[Hash, ...] = Field(
        json_schema_extra={"minItems": 1, "maxItems": MAX_SECRETS},
        description="argon2id hashes of its secret; two while it is being changed.",
    )
    owner: Text = Field(description="The person or team that answers for it.")
    note: Text | None = Field(None, description="What it is for.")
    networks: tuple[ClientNetwork, ...] | None = Field(
        None, examples=[["10.20.0.0/16"]], description="It may log in from one of these networks only."
    )
    until: Day | None = Field(None, description="The last day, in UTC, on which it may log in.")
    revoked: Day | None = Field(None, description="Set by `robot revoke`: it may not log in any more.")


class RobotsFile(Model):
    """Accounts for machines. What each may do stands in the policy."""

    version: Annotated[int, *checked(_parse_version, {"const": VERSION})] = Field(
        description="The version of this format: 1."
    )
    robots: tuple[RobotEntry, ...] = Field((), description="The robots.")


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot as its file has it; `until` and `revoked` are days in UTC."""

    name: str
    hashes: tuple[str, ...] = field(repr=False)
    owner: str
    note: str
    networks: tuple[IPv4Network | IPv6Network, ...] | None
    until: date | None
    revoked: date | None
    place: Place

    def has_ended(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < today

    def may_come_from(self, address: IPv4Address | IPv6Address | None) -> bool:
        """Whether it may log in from there; an unknown address is none of its networks."""
        if self.networks is None:
            return True
        return address is not None and any(address in network for network in self.networks)


def robots_schema() -> dict[str, Any]:
    """The JSON Schema of robots.yaml, for editors."""
    return json_schema(RobotsFile, "The robots of ldap-token-bridge")
