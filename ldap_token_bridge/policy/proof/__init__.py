"""Proofs about policies: what two differ in, exactly, and whether any name fits some patterns and not others.

    shortest_name([[a.segments, b.segments]], [c.segments])

is a `Witness` (the shortest legal repository name that fits a or b and not c, and what `{user}` and other words stand
for in it), or None (proved: there is none), or `Unproved` (a bound was hit, and which). Several lists of patterns
before the last: one of each must fit.

Questions that share a `Work` share its steps, so that a command ends however hard its policy was made.

Words in braces are symbols: each stands for one legal path component, the same wherever it is written in any of the
patterns; the same word in the patterns of two families must be renamed (`Capture("team 2")`) where they may differ.
So "p is covered by others" is `shortest_name([[p]], others) is None`, for every person at once.
"""

from .verdict import Bound, Unproved
from .words import Witness, shortest_name
from .work import Work

__all__ = ["Bound", "Unproved", "Witness", "Work", "shortest_name"]
