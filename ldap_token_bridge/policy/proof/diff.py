"""What two policies differ in, exactly: who gains or loses which action, each shown by a request that was decided."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy.decision import Granted, Question, Verdict
from ldap_token_bridge.policy.load import Policy
from ldap_token_bridge.policy.model import ACTIONS
from ldap_token_bridge.registry import CATALOG as CATALOG_NAME
from ldap_token_bridge.registry import Access

from .classes import Classes
from .contexts import Context
from .gains import Gain, Gains
from .sides import CATALOG, Side
from .verdict import Unproved

Change = Literal["gain", "loss"]
# How many of how many steps are done.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a class of subjects gains or loses, shown by one request that both engines were asked.

    `who` are the terms that make the class, all of which are met. `repository` is empty for the catalogue. `words` are
    what the words in braces stand for in the example: `user` an account, and each family of `who` a word.
    """

    who: tuple[str, ...]
    change: Change
    action: str
    repository: str
    subject: Subject | None
    context: Context
    before: Verdict
    after: Verdict
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """What was not proved, and why."""

    who: tuple[str, ...]
    change: Change
    action: str
    bound: str


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """All differences from `today` on, sorted. Without any and without gaps the policies are proved equivalent."""

    differences: tuple[Difference, ...]
    gaps: tuple[Gap, ...]

    @property
    def equivalent(self) -> bool:
        """Whether it is proved that every request has the same outcome."""
        return not self.differences and not self.gaps

    @property
    def may_gain(self) -> bool:
        """Whether somebody gains something, or it was not proved that nobody does."""
        return any(each.change == "gain" for each in self.differences) or any(
            each.change == "gain" for each in self.gaps
        )


def diff_policies(old: Policy, new: Policy, today: date, progress: Progress = lambda _done, _total: None) -> PolicyDiff:
    """The differences between two policies, for every request on `today` (in UTC) or later."""
    before, after = Side(old), Side(new)
    names = Classes(before, after)
    changes: tuple[tuple[Change, Gains], ...] = (
        ("gain", Gains(before, after, today)),
        ("loss", Gains(after, before, today)),
    )
    steps = [
        (change, gains, action, keys)
        for change, gains in changes
        for action in (*ACTIONS, CATALOG)
        for keys in gains.classes(action)
    ]
    found: dict[tuple[tuple[str, ...], Change, str], Difference | Gap] = {}
    for number, (change, gains, action, keys) in enumerate(steps):
        progress(number, len(steps))
        outcome = gains.find(keys, action)
        if outcome is None:
            continue
        who = tuple(sorted(map(names.name, keys)))
        gap = Gap(who, change, action, outcome.bound if isinstance(outcome, Unproved) else "")
        confirmed = gap if isinstance(outcome, Unproved) else _confirmed(outcome, gap, old, new)
        if isinstance(confirmed, Difference) and isinstance(outcome, Gain):
            confirmed = replace(confirmed, words=names.words(keys, outcome.words))
        place = (who, change, action)
        if place not in found or _rank(confirmed) < _rank(found[place]):
            found[place] = confirmed
    progress(len(steps), len(steps))
    every = [found[place] for place in sorted(found, key=lambda place: (len(place[0]), place))]
    return PolicyDiff(
        tuple(each for each in every if isinstance(each, Difference)),
        tuple(each for each in every if isinstance(each, Gap)),
    )


def _confirmed(gain: Gain, gap: Gap, old: Policy, new: Policy) -> Difference | Gap:
    """The difference as the engines decide it: what they do not confirm is not shown as one."""
    access = (
        Access("repository", gain.repository, (gap.action,))
        if gain.repository
        else Access("registry", CATALOG_NAME, ("*",))
    )
    context = gain.context
    question = Question(gain.subject, (access,), context.service, context.address, context.now)
    ((_, (before,)),) = old.decide(question).verdicts
    ((_, (after,)),) = new.decide(question).verdicts
    if (isinstance(before, Granted), isinstance(after, Granted)) != (gap.change == "loss", gap.change == "gain"):
        return replace(gap, bound=f"the decisions on {gain.repository or CATALOG} contradict the proof; report this")
    return Difference(gap.who, gap.change, gap.action, gain.repository, gain.subject, context, before, after)


def _rank(found: Difference | Gap) -> tuple[int, int, str]:
    """What is not proved first, so that nothing hides it, then the shortest name."""
    return (1, len(found.repository), found.repository) if isinstance(found, Difference) else (0, 0, "")
