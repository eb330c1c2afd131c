"""Whether two patterns may match one name: a quick test that only ever errs by yes."""

from collections.abc import Sequence

from ldap_token_bridge.policy.fit import fits_glob
from ldap_token_bridge.policy.pattern import Deep, Exact, Glob, Segment

from .names import Path
from .work import Work


def overlapping(patterns: Sequence[Path], groups: Sequence[Sequence[Path]], work: Work) -> list[Path]:
    """Those of `patterns` that may share a name with one of each of `groups`. Raises Bound."""
    # Most pairs part at their first or last segment.
    work.spend(1 + sum(map(len, patterns)) * sum(map(len, groups)) // 4)
    return [path for path in patterns if all(any(may_share_a_name(path, each) for each in group) for group in groups)]


def may_share_a_name(one: Path, other: Path) -> bool:
    """False: no name fits both, whatever their words in braces stand for."""
    return _may_begin_alike(one, other) and _may_begin_alike(one[::-1], other[::-1])


def _may_begin_alike(one: Path, other: Path) -> bool:
    """Looked at up to the first `**`, from either end."""
    for left, right in zip(one, other, strict=False):
        if isinstance(left, Deep) or isinstance(right, Deep):
            return True
        if not may_agree(left, right):
            return False
    # Only a `**` takes what the longer one has left; the shorter one has none, or it would have been met above.
    return len(one) == len(other) or isinstance(max(one, other, key=len)[min(len(one), len(other))], Deep)


def may_agree(left: Segment, right: Segment) -> bool:
    """False: no segment of a name fits both."""
    match left, right:
        case Exact(text), Exact(other):
            return text == other
        case (Exact(text), Glob(pieces)) | (Glob(pieces), Exact(text)):
            return fits_glob(pieces, text)
        case Glob(pieces), Glob(others):
            return begins_alike(pieces[0], others[0]) and begins_alike(pieces[-1][::-1], others[-1][::-1])
        case _:
            return True


def begins_alike(left: str, right: str) -> bool:
    """Whether a text can begin with both."""
    return left.startswith(right) or right.startswith(left)
