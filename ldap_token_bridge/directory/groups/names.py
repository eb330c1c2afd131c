"""Names of groups as they compare: one text for all spellings of a DN, cheap for the tens of thousands in a graph."""

import re
from collections.abc import Callable
from typing import TypeVar

from ldap_token_bridge import short_texts
from ldap_token_bridge.dn import DistinguishedName, InvalidName

# Names that are normalised by lower-casing them: ASCII without quotes, escapes, doubled or outer spaces, and with no
# attribute type that has a second name.
_TYPE = "(?:cn|ou|dc|uid|o|c|l|st|street)"
_VALUE = r"[!$-*\-./0-9:?@A-Z\[\]^_`a-z{|}~]+(?: [!$-*\-./0-9:?@A-Z\[\]^_`a-z{|}~]+)*"
_PLAIN = re.compile(f"{_TYPE}={_VALUE}(?:,{_TYPE}={_VALUE})*", re.IGNORECASE).fullmatch
_SPECIAL = re.compile(r"[\\,+=]")
LONGEST_KEPT = 512  # characters

T = TypeVar("T")


def kept(function: Callable[[str], T]) -> Callable[[str], T]:
    """What `function` made of a name of the usual length is made once: people share groups."""
    return short_texts.kept(function, number=65_536, longest=LONGEST_KEPT)


def normalised(dn: str) -> str:
    """Equal for two spellings of one DN, and for nothing else; a name that cannot be read equals only itself."""
    if _PLAIN(dn):
        return dn.lower()
    try:
        name = DistinguishedName.parse(dn)
    except InvalidName:
        return f"?{dn}"
    return ",".join("+".join(sorted(f"{kind}={_escaped(value)}" for kind, value in rdn)) for rdn in name.rdns)


comparable = kept(normalised)
"""The same for names of groups, which come again and again: reading each anew is a third of a first login."""


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", value)
