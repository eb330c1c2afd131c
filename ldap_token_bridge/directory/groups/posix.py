"""RFC 2307: posixGroup lists login names, and every account names one group by its number. Nothing is nested."""

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import FilterTemplate

from .reading import Reading

_OF_ACCOUNT = FilterTemplate.compile("(&(objectClass=posixGroup)(|(memberUid={uid})(gidNumber={gid})))")


class Posix:
    """Both ways of being in a group in one search."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group; the one by number is the primary one."""
        if not person.uid or not person.gid:
            # Every posixAccount has both (RFC 2307 section 4): unread, its primary group would be missing.
            raise Unavailable("the service account may not read uid and gidNumber, or an account has none or several")
        filter_ = _OF_ACCOUNT.fill(uid=person.uid.encode(), gid=person.gid.encode())
        base = self._reading.options.group_base
        entries = await self._reading.below(base, filter_, ("gidNumber",), deadline)
        self._reading.bound(len(entries))
        return tuple(
            Group(entry.dn, path="primary" if entry.text("gidNumber") == person.gid else "direct") for entry in entries
        )
