"""What is missing of a long list of values, asked for part by part."""

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.ranged import values_in
from ldap_token_bridge.errors import Unavailable

from .reading import Reading


async def rest_of(
    reading: Reading, dn: str, attribute: str, have: tuple[str, ...], deadline: Deadline
) -> tuple[str, ...]:
    """`have` and every value after it, or an error: a part is never taken for the whole."""
    values = list(have)
    whole = False
    while not whole:
        reading.bound(len(values))
        entry = await reading.entry(dn, (f"{attribute};range={len(values)}-*",), deadline)
        more, whole = values_in(entry, attribute)
        if not more:
            raise Unavailable(f"the directory does not give all values of {attribute}: it stopped at {len(values)}")
        values += more
    reading.bound(len(values))
    return tuple(values)
