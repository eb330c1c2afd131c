"""Messages alone, without a socket: reading an entry, and filling a filter; ldap3 does the same beside it."""

import warnings
from collections.abc import Callable, Iterator

from ldap_token_bridge.ldap import FilterTemplate
from ldap_token_bridge.ldap.responses import decode
from tests.support import many_people

from .clock import by_turns, microseconds
from .entries import found
from .figures import Figure, figure
from .ours import FILTER
from .progress import steps

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 2.9 reads names that pyasn1 0.6 has renamed
    from ldap3.operation.search import compile_filter, parse_filter, raw_attributes_to_dict_fast
    from ldap3.utils.asn1 import decode_message_fast, encode
    from ldap3.utils.conv import escape_filter_chars

GROUPS = 30


def decode_entry(rounds: int) -> Iterator[Figure]:
    """A search's entry with 30 values of memberOf."""
    message = found(7, range(GROUPS))

    def theirs() -> object:
        return raw_attributes_to_dict_fast(decode_message_fast(message)["payload"][1][3])

    return _beside("message_decode_entry_us", lambda: decode(message), theirs, rounds, "ldap3-fast-decoder")


def fill_filter(rounds: int) -> Iterator[Figure]:
    """A filter of five nodes, from a value to octets."""
    template = FilterTemplate.compile(FILTER)
    login = many_people.login(7)
    value = login.encode()

    def theirs() -> object:
        text = FILTER.format(login=escape_filter_chars(login))
        root = parse_filter(text, None, auto_escape=False, auto_encode=False, validator=None, check_names=False)
        return encode(compile_filter(root.elements[0]))

    return _beside("filter_fill_us", lambda: template.fill(login=value), theirs, rounds, "ldap3-compile-filter")


def _beside(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int, yardstick: str
) -> Iterator[Figure]:
    turns = by_turns(rounds, lambda: microseconds(ours), lambda: microseconds(theirs))
    pairs = list(steps(name, turns, rounds))
    yield figure(name, [mine for mine, _ in pairs], "us", [other / mine for mine, other in pairs], yardstick)
