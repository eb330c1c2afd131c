"""Decisions on questions that come again: the same client asks for the same repository all day.

A decision is a pure function of the policy and the question, so it may be kept for as long as the policy: with another
policy begins another memory.
"""

from collections import OrderedDict
from collections.abc import Hashable

from .decision import Decision, Question
from .load import Policy
from .narrowing import day_of

# In accesses, since one question may be about two hundred, or about none: some 20 MB at most.
_ROOM = 20_000
# So many groups, which are held with a question, take the room of one access.
_GROUPS = 100


class DecisionMemory:
    """Decides as the policy does."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._heeds_network = any(rule.networks is not None for rule in policy.rules)
        # With each decision what it is about: held here, the groups keep their identity for themselves.
        self._kept: OrderedDict[Hashable, tuple[Decision, Question]] = OrderedDict()
        self._size = 0

    def decide(self, question: Question) -> Decision:
        """What of the access asked for is granted, and why."""
        key = self._key(question)
        kept = self._kept.get(key)
        if kept is not None:
            return kept[0]
        decision = self._policy.decide(question)
        self._kept[key] = decision, question
        self._size += _size(question)
        while self._size > _ROOM:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._size -= _size(oldest)
        return decision

    def _key(self, question: Question) -> Hashable:
        """Equal for questions with the same answer.

        Groups by the identity of their tuple, which stays the same while the directory's answer is remembered: to
        compare a thousand of them costs as much as to decide. Of the time, rules heed the day alone.
        """
        subject = question.subject
        who = (subject.kind, subject.name, id(subject.groups)) if subject else None
        where = question.address if self._heeds_network else None
        return who, question.access, question.service, where, day_of(question.now)


def _size(question: Question) -> int:
    """In accesses; never nothing, for anybody may ask about nothing from any number of addresses."""
    groups = question.subject.groups if question.subject else ()
    return 1 + len(question.access) + len(groups) // _GROUPS
