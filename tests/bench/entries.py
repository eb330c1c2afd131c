"""What a directory sends for one person, as octets."""

import uuid
from collections.abc import Iterable

from tests.support import many_people
from tests.support.tiny_ber import number, put


def found(person: int, groups: Iterable[int]) -> bytes:
    """The message with the entry of one of `many_people`, with memberOf of these groups and no other."""
    attributes = {
        "uid": [many_people.login(person)],
        "entryUUID": [str(uuid.UUID(int=person))],
        "memberOf": [many_people.group_dn(group) for group in groups],
    }
    listed = (
        put(0x30, put(0x04, name.encode()), put(0x31, *(put(0x04, value.encode()) for value in values)))
        for name, values in attributes.items()
    )
    return put(0x30, number(7), put(0x64, put(0x04, many_people.person_dn(person).encode()), put(0x30, *listed)))
