"""Which groups someone is in, nested ones included, in as few round trips as the directory allows.

A strategy is a small file: tokenGroups, memberOf, member, posixGroup, and the matching rule in chain. What they share
stands beside them: reading (`reading`), the walk from group to group (`walk`), names as they compare (`names`), ranges,
identifiers (`sids`) and the graph of nested groups that is kept for a while (`graph`).

A list that is cut short could miss the group that a deny rule names, so a look-up gives all groups or fails.
"""

from .memory import GroupMemory
from .reader import GroupReader
from .reading import Reading, together

__all__ = ["GroupMemory", "GroupReader", "Reading", "together"]
