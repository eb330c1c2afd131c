"""What comes of one question to the name servers."""

from ldap_token_bridge.values import dataclass

from .order import Service


class LookupFailed(Exception):
    """No name server gave a usable answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of a name, none if it has none; for how many seconds they hold; targets that are no host names."""

    services: tuple[Service, ...] = ()
    seconds: float = 0.0
    odd: tuple[str, ...] = ()
