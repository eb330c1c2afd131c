"""Whether two entries can match one request: taken for possible wherever the contrary is not proved."""

from functools import lru_cache

from ldap_token_bridge.dn import fold
from ldap_token_bridge.policy.overlap import is_within, may_overlap
from ldap_token_bridge.policy.pattern import USER_WORD, Capture, Exact, Pattern
from ldap_token_bridge.policy.proof import Work
from ldap_token_bridge.registry import is_path_component

from .entries import Entry
from .globs import ANY_NAME

# What a question costs beside the search that it may need.
_STEPS_OF_PAIR = 3


class Regions:
    """What entries match, compared with each other. `work` counts it: each question raises Bound where that ends."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._overlap = lru_cache(100_000)(lambda one, other: may_overlap(one, other, work))

    def pass_over(self, entries: int) -> None:
        """Counts a look at so many entries, of which few are compared."""
        self._begin(entries)

    def meet_on_repositories(self, one: Entry, other: Entry) -> bool:
        """Whether both can match the same repository for the same client."""
        if not self._meet(one, other):
            return False
        account = one.account or other.account
        mine, others = _of_account(one.patterns, account), _of_account(other.patterns, account)
        return any(self._overlap(first, second) for first in mine for second in others)

    def meet_on_catalog(self, one: Entry, other: Entry) -> bool:
        """Whether both can match the catalog for the same client."""
        return one.on_catalog and other.on_catalog and self._meet(one, other)

    def covers(self, whole: Entry, part: Entry) -> bool:
        """Whether `whole` is for everyone who is signed in, and matches every name of `part` from the same clients."""
        self._begin(_STEPS_OF_PAIR)
        return (
            whole.whom in ("anyone", "signed-in")
            and not whole.account
            and not whole.reasons
            and whole.service in ("", part.service)
            and whole.network in (None, part.network)
            and (whole.on_catalog or not part.on_catalog)
            and all(any(self._within(one, other) for other in whole.patterns) for one in part.patterns)
        )

    def _meet(self, one: Entry, other: Entry) -> bool:
        self._begin(_STEPS_OF_PAIR)
        if one.account and other.account and fold(one.account) != fold(other.account):
            return False
        if one.service and other.service and one.service != other.service:
            return False
        mine, others = one.network, other.network
        if mine and others and (mine.version != others.version or not mine.overlaps(others)):
            return False
        kinds = {one.whom, other.whom}
        return kinds != {"anonymous", "signed-in"}

    def _begin(self, steps: int) -> None:
        self._work.begin_question()  # whatever became of the last one
        self._work.spend(steps)

    def _within(self, one: Pattern, other: Pattern) -> bool:
        return other == ANY_NAME or (not one.words and not other.words and is_within(one, other, self._work))


def _of_account(patterns: tuple[Pattern, ...], account: str) -> tuple[Pattern, ...]:
    """The patterns with {user} filled in, if it can be one account only."""
    if not account:
        return patterns
    found = []
    for pattern in patterns:
        if USER_WORD not in pattern.words:
            found.append(pattern)
        elif is_path_component(fold(account)):
            segments = tuple(Exact(fold(account)) if part == Capture(USER_WORD) else part for part in pattern.segments)
            found.append(Pattern(pattern.text, segments))
    return tuple(found)
