"""What a search for a name comes to when it finds none."""

from ldap_token_bridge.values import dataclass


class Bound(Exception):
    """Raised inside the searches where a bound is hit; the text says which. Callers get `Unproved` in its place."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """Neither a name was found nor was it proved that there is none; `bound` says what stopped the search."""

    bound: str
