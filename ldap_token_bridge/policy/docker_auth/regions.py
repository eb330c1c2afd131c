"""Whether two entries can match one request: taken for possible wherever the contrary is not proved."""

from functools import lru_cache

from ldap_token_bridge.dn import fold
from ldap_token_bridge.policy.overlap import is_within, may_overlap
from ldap_token_bridge.policy.pattern import USER_WORD, Capture, Exact, Pattern
from ldap_token_bridge.registry import is_path_component

from .entries import Entry
from .globs import ANY_NAME


def meet_on_repositories(one: Entry, other: Entry) -> bool:
    """Whether both can match the same repository for the same client."""
    if not _meet(one, other):
        return False
    account = one.account or other.account
    mine, others = _of_account(one.patterns, account), _of_account(other.patterns, account)
    return any(_overlap(first, second) for first in mine for second in others)


def meet_on_catalog(one: Entry, other: Entry) -> bool:
    """Whether both can match the catalog for the same client."""
    return one.on_catalog and other.on_catalog and _meet(one, other)


def covers(whole: Entry, part: Entry) -> bool:
    """Whether `whole` is for everyone who is signed in, and matches every name of `part` from the same clients."""
    return (
        whole.whom in ("anyone", "signed-in")
        and not whole.account
        and not whole.reasons
        and whole.service in ("", part.service)
        and whole.network in (None, part.network)
        and (whole.on_catalog or not part.on_catalog)
        and all(any(_within(one, other) for other in whole.patterns) for one in part.patterns)
    )


def _meet(one: Entry, other: Entry) -> bool:
    if one.account and other.account and fold(one.account) != fold(other.account):
        return False
    if one.service and other.service and one.service != other.service:
        return False
    mine, others = one.network, other.network
    if mine and others and (mine.version != others.version or not mine.overlaps(others)):
        return False
    kinds = {one.whom, other.whom}
    return kinds != {"anonymous", "signed-in"}


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


_overlap = lru_cache(100_000)(may_overlap)


def _within(one: Pattern, other: Pattern) -> bool:
    return other == ANY_NAME or (not one.words and not other.words and is_within(one, other))
