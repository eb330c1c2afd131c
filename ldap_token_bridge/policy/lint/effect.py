"""Rules without effect, proved: covered by others of their kind, or taken away whole by deny rules.

A rule is compared, term by term and action by action, with the rules that hold whenever it holds; then no name may be
left that fits it and none of theirs. Where the proof would take too much work, the rules in question are named.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from ldap_token_bridge.policy.narrowing import holds_throughout
from ldap_token_bridge.policy.pattern import Capture, Exact, Segment
from ldap_token_bridge.policy.proof import Unproved, Witness, Work, shortest_name
from ldap_token_bridge.policy.rules import Rule, RulePattern
from ldap_token_bridge.policy.who import ANYONE, SIGNED_IN, Who

from .finding import Lint

_MOST_NAMED = 3
# What a family's word is called in a proof, where the same group gives it, and where another one may.
_SAME_WORD, _OTHER_WORD = "word", "other word"


class _Proofs:
    """Asks whether patterns are covered, within the bounds of `work`; `unproved` are the rules that hit one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.unproved: dict[Rule, str] = {}

    def covering(self, rule: Rule, placed: RulePattern, others: Sequence[Rule]) -> Sequence[Rule]:
        """One of `others` that covers the pattern alone, if there is one; else all, if they do together; else none."""
        if not others:
            return ()
        found = self._left_by(placed, others)
        if isinstance(found, Unproved):
            self.unproved[rule] = found.bound
        if found is not None:
            return ()
        return next(((other,) for other in others if self._left_by(placed, [other]) is None), others)

    def notices(self, kind: str, question: str) -> Iterator[Lint]:
        """Which rules nothing can be said of."""
        if self.unproved:
            rules = sorted(self.unproved, key=lambda rule: (rule.reference.place.file, rule.reference.place.line))
            what = f"not proved whether {question}: {_named(rules)}; {self.unproved[rules[0]]}"
            remedy = "Write their patterns with fewer stars, if you want to know."
            yield Lint(kind, what, rules[0].reference.place, remedy, proved=False)

    def _left_by(self, placed: RulePattern, others: Sequence[Rule]) -> Witness | Unproved | None:
        against = [_renamed(each, placed) for other in others for each in other.patterns]
        return shortest_name([[_renamed(placed, placed)]], against, self._work)


class _Rules:
    """Rules by the first segment of their patterns, if it is written out, else under the empty text."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_head: dict[str, dict[str, Rule]] = {}
        for rule in rules:
            for head in {_head(placed) for placed in rule.patterns}:
                self._by_head.setdefault(head, {})[rule.id] = rule

    def near(self, placed: RulePattern) -> list[Rule]:
        """Those that may cover the pattern. What has endlessly many first segments is not covered by a few of them."""
        found = dict(self._by_head.get("", {}))
        if _head(placed):
            found.update(self._by_head.get(_head(placed), {}))
        return list(found.values())

    def remove(self, rule: Rule) -> None:
        """Leave the rule out from now on."""
        for rules in self._by_head.values():
            rules.pop(rule.id, None)


def covered_rules(rules: Sequence[Rule], today: date, work: Work) -> Iterator[Lint]:
    """Rules that change nothing, because others of their kind say all of it; of equal ones, the later."""
    proofs = _Proofs(work)
    for kind, does in (("allow", "grant"), ("deny", "take away")):
        living = [rule for rule in rules if rule.reference.kind == kind and _lives(rule, today)]
        others = _Rules(living)
        with_catalog = [rule for rule in living if rule.catalog]
        for rule in reversed(living):
            found = _covering(rule, others, with_catalog, proofs)
            if found:
                others.remove(rule)
                with_catalog = [each for each in with_catalog if each is not rule]
                what = f"the rule {rule.id!r} changes nothing: {_named(found)} {does} all of it"
                yield Lint("covered-rule", what, rule.reference.place, "Remove it, or say what it is to add.")
    yield from proofs.notices("covered-rule", "others say all that these rules say")


def taken_away_rules(rules: Sequence[Rule], today: date, work: Work) -> Iterator[Lint]:
    """Allow rules of which deny rules leave nothing."""
    proofs = _Proofs(work)
    living = [rule for rule in rules if _lives(rule, today)]
    denying = [rule for rule in living if rule.reference.kind == "deny"]
    others = _Rules(denying)
    with_catalog = [rule for rule in denying if rule.catalog]
    for rule in living:
        found = _covering(rule, others, with_catalog, proofs) if rule.reference.kind == "allow" else []
        if found:
            what = f"the rule {rule.id!r} grants nothing: {_named(found)} take all of it away"
            yield Lint("rule-without-effect", what, rule.reference.place, "Remove it, or narrow the deny rule.")
    yield from proofs.notices("rule-without-effect", "deny rules take away all that these rules grant")


def _covering(rule: Rule, others: _Rules, with_catalog: Sequence[Rule], proofs: _Proofs) -> list[Rule]:
    """The rules that together speak of all that `rule` speaks of; none if something is left, or it is not proved."""
    used: dict[str, Rule] = {}
    if rule.catalog:
        for who in rule.who:
            found = [other for other in with_catalog if other is not rule and _holds_with(other, rule, who)]
            if not found:
                return []
            used[found[0].id] = found[0]
    for placed in rule.patterns:
        near = [other for other in others.near(placed) if other is not rule]
        if not near:
            return []
        for others_then in _others_by_case(rule, near):
            covering = proofs.covering(rule, placed, others_then)
            if not covering:
                return []
            used.update((other.id, other) for other in covering)
    return list(used.values())


def _others_by_case(rule: Rule, near: Sequence[Rule]) -> list[tuple[Rule, ...]]:
    """For each term and action of the rule, those of `near` that hold then; each combination once."""
    cases: dict[tuple[Rule, ...], None] = {}
    for who in rule.who:
        holding = [other for other in near if _holds_with(other, rule, who)]
        for action in rule.effective:
            cases[tuple(other for other in holding if action in other.effective)] = None
    return list(cases)


def _renamed(placed: RulePattern, wanted: RulePattern) -> tuple[Segment, ...]:
    """Its segments; a family's word is the same as in `wanted` only if every group that gives that gives this."""
    if not placed.families:
        return placed.pattern.segments
    word = _SAME_WORD if wanted.families and set(wanted.families) <= set(placed.families) else _OTHER_WORD
    return tuple(
        Capture(word) if isinstance(part, Capture) and part.word in _family_words(placed) else part
        for part in placed.pattern.segments
    )


def _family_words(placed: RulePattern) -> set[str]:
    return {word for word in placed.pattern.words if word != "user"}


def _holds_with(other: Rule, rule: Rule, who: Who) -> bool:
    """Whether `other` holds for certain whenever `rule` holds for someone by its term `who`."""
    return (
        any(_includes(term, who) for term in other.who)
        and holds_throughout(other, rule)
        and (other.until is None or (rule.until is not None and rule.until <= other.until))
    )


def _includes(wide: Who, narrow: Who) -> bool:
    return wide.key == narrow.key or wide.kind == ANYONE or (wide.kind == SIGNED_IN and narrow.kind != ANYONE)


def _lives(rule: Rule, today: date) -> bool:
    return rule.until is None or rule.until >= today


def _head(placed: RulePattern) -> str:
    first = placed.pattern.segments[0]
    return first.text if isinstance(first, Exact) else ""


def _named(rules: Sequence[Rule]) -> str:
    names = [f"{rule.id!r} ({rule.reference.place})" for rule in rules[:_MOST_NAMED]]
    more = len(rules) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
