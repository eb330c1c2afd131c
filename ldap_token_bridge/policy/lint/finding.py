"""A finding as a value."""

from ldap_token_bridge.errors import Place
from ldap_token_bridge.values import dataclass


@dataclass(frozen=True, slots=True)
class Lint:
    """What should be known of a policy that can be used; `kind` is the same for all findings of one sort.

    Not `proved`: no finding, but the notice that one of this kind may have been missed.
    """

    kind: str
    what: str
    place: Place
    remedy: str
    proved: bool = True
