"""One question put to two policies: what the other would give more, and what less."""

from ldap_token_bridge.registry import Access

from .decision import Change, Decision, Granted, Question, Shadowed, Verdict
from .load import Policy


def compare(first: Decision, second: Decision) -> Change:
    """The change from the first decision to the second, both on the same question."""
    gained: list[Access] = []
    lost: list[Access] = []
    before: set[str] = set()
    after: set[str] = set()
    for (access, old), (_, new) in zip(first.verdicts, second.verdicts, strict=True):
        differing = [pair for pair in zip(old, new, strict=True) if _is_given(pair[0]) is not _is_given(pair[1])]
        for accesses, actions in (
            (gained, [now.action for _, now in differing if _is_given(now)]),
            (lost, [now.action for _, now in differing if not _is_given(now)]),
        ):
            if actions:
                accesses.append(Access(access.type, access.name, tuple(actions)))
        before.update(rule.id for was, _ in differing for rule in was.rules)
        after.update(rule.id for _, now in differing for rule in now.rules)
    return Change(tuple(gained), tuple(lost), tuple(sorted(before)), tuple(sorted(after)))


def _is_given(verdict: Verdict) -> bool:
    return isinstance(verdict, Granted)


def ask_shadow(shadow: Policy, question: Question, decision: Decision) -> Shadowed:
    """What `shadow` makes of a question that was decided. Never raises: it must not harm the request."""
    try:
        return Shadowed(shadow.hash, compare(decision, shadow.decide(question)))
    except Exception:  # noqa: BLE001 -- whatever it is, the policy in force has decided, and the metric tells
        return Shadowed(shadow.hash, Change(), failed=True)
