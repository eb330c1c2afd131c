"""Long lists of values: Active Directory gives 1,500 of them at once, the rest by number ([MS-ADTS] 3.1.1.3.1.3.3)."""

from ldap_token_bridge.ldap import Entry


def values_in(entry: Entry, attribute: str) -> tuple[tuple[str, ...], bool]:
    """The values that came, and whether they are all of them.

    A part of them stands under a name of its own, as `memberof;range=0-1499`; the last one ends with `-*`.
    """
    prefix = f"{attribute.lower()};range="
    for name in entry.attributes:
        if name.startswith(prefix):
            return entry.texts(name), name.endswith("-*")
    return entry.texts(attribute), True
