"""The `WWW-Authenticate` header of a 401: written for Basic (RFC 7617), read for any scheme (RFC 9110 11.6.1)."""

import re
from collections.abc import Mapping

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?=,|$)')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=\s|,|$)")


def basic_challenge(realm: str) -> str:
    """The value that asks for Basic credentials in UTF-8."""
    escaped = realm.replace("\\", "\\\\").replace('"', '\\"')
    return f'Basic realm="{escaped}", charset="UTF-8"'


def read_challenges(header: str) -> Mapping[str, Mapping[str, str]]:
    """What a server asks for: parameters by scheme, all names in lower case.

    The first of several challenges of one scheme counts. What cannot be read ends it; what was read before stays.
    """
    found: dict[str, dict[str, str]] = {}
    parameters: dict[str, str] = {}
    position = 0
    while position < len(header):
        if parameter := _PARAMETER.match(header, position):
            name, quoted, plain = parameter.groups()
            parameters.setdefault(name.lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
            position = parameter.end()
        elif scheme := _SCHEME.match(header, position):
            parameters = {}
            found.setdefault(scheme[1].lower(), parameters)
            position = scheme.end()
        else:
            break
    return found
