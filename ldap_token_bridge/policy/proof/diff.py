"""What two policies differ in, exactly: who gains or loses which action, each shown by a request that was decided."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy.decision import Granted, Question, Verdict
from ldap_token_bridge.policy.load import Policy
from ldap_token_bridge.policy.model import ACTIONS
from ldap_token_bridge.registry import CATALOG as CATALOG_NAME
from ldap_token_bridge.registry import Access
from ldap_token_bridge.values import dataclass

from .classes import Classes
from .contexts import Context
from .gains import Gain, Gains
from .sides import CATALOG, Key, Side
from .verdict import Unproved
from .work import Work

Change = Literal["gain", "loss"]
# How many of how many steps are done.
Progress = Callable[[int, int], None]
_Asked = tuple[Change, str, tuple[Key, ...]]
# A question that takes more than this part of the steps that it may take has to wait for the others.
_HARD = 100


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
    """What was not proved, and why. `who` is empty for all others, who were not looked at any more."""

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


def diff_policies(
    old: Policy,
    new: Policy,
    today: date,
    progress: Progress = lambda _done, _total: None,
    work: Work | None = None,
) -> PolicyDiff:
    """The differences between two policies, for every request on `today` (in UTC) or later.

    `work` bounds the search. What is hard comes last, so that everything else is told in any case.
    """
    work = work or Work()
    comparison = _Comparison(old, new, today, work)
    total = sum(1 for _ in comparison.questions())
    hard: list[_Asked] = []
    questions = enumerate(comparison.questions())
    for number, question in questions:
        progress(number, total)
        if work.is_used_up:
            rest = dict.fromkeys((change, action) for change, action, _ in (question, *(each for _, each in questions)))
            comparison.leave_out(rest)
            break
        if not comparison.answer(question, work.of_question // _HARD):
            hard.append(question)
    for question in hard:
        progress(total - 1, total)
        comparison.answer(question, work.of_question, is_last=True)
    progress(total, total)
    return comparison.result()


class _Comparison:
    """The questions by which two policies are compared, and what was found so far."""

    def __init__(self, old: Policy, new: Policy, today: date, work: Work) -> None:
        before, after = Side(old), Side(new)
        self._old, self._new, self._work = old, new, work
        self._classes = Classes(before, after)
        self._gains: dict[Change, Gains] = {
            "gain": Gains(before, after, today, work),
            "loss": Gains(after, before, today, work),
        }
        self._found: dict[tuple[tuple[str, ...], Change, str], Difference | Gap] = {}

    def questions(self) -> Iterator[_Asked]:
        """All of them, made anew each time: there may be more than memory has room for."""
        for change, gains in self._gains.items():
            for action in (*ACTIONS, CATALOG):
                for keys in gains.classes(action):
                    yield change, action, keys

    def answer(self, question: _Asked, steps: int, *, is_last: bool = False) -> bool:
        """Note the answer; False if so many steps do not suffice for one, unless this is the last try."""
        change, action, keys = question
        self._work.begin_question(steps)
        outcome = self._gains[change].find(keys, action)
        if isinstance(outcome, Unproved) and not is_last:
            return False
        if outcome is None:
            return True
        who = tuple(sorted(map(self._classes.name, keys)))
        gap = Gap(who, change, action, outcome.bound if isinstance(outcome, Unproved) else "")
        if isinstance(outcome, Unproved):
            self._note(gap)
        else:
            shown = _confirmed(outcome, gap, self._old, self._new)
            words = self._classes.words(keys, outcome.words)
            self._note(replace(shown, words=words) if isinstance(shown, Difference) else shown)
        return True

    def leave_out(self, rest: Iterable[tuple[Change, str]]) -> None:
        """Note that there was no work left for the rest of the questions."""
        for change, action in rest:
            self._note(Gap((), change, action, self._work.why_used_up))

    def result(self) -> PolicyDiff:
        """What was found, sorted."""
        every = [self._found[place] for place in sorted(self._found, key=lambda place: (len(place[0]), place))]
        return PolicyDiff(
            tuple(each for each in every if isinstance(each, Difference)),
            tuple(each for each in every if isinstance(each, Gap)),
        )

    def _note(self, found: Difference | Gap) -> None:
        place = (found.who, found.change, found.action)
        if place not in self._found or _rank(found) < _rank(self._found[place]):
            self._found[place] = found


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
