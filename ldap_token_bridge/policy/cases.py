"""The `tests` section: from its entries to questions, and from decisions to results that say what to mend."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.registry import is_path_component
from ldap_token_bridge.values import dataclass

from .check import Checker
from .decision import Decision, DenyReason, Granted, Question, Verdict
from .engine import Engine
from .groups import GroupName, parse_group
from .model import TestEntry
from .rules import Expected, NamedGroup, PolicyTest, Rule, RuleReference
from .source import Source

# A test knows its person's groups fully. These stand where a group has no DN or SID in the policy; no rule can name
# them, and they are not "unknown", which deny rules would have to assume the worst of.
_NO_DN = "CN=unnamed"
_NO_SID = "unnamed"


@dataclass(frozen=True, slots=True)
class TestResult:
    """The outcome of one line under `can` or `cannot`; `text` says what to mend and is empty if it passed."""

    __test__ = False  # no test of pytest's

    place: Place
    title: str
    expectation: str
    passed: bool
    text: str
    rules: tuple[RuleReference, ...]  # those that decided

    def __str__(self) -> str:
        return f"{self.place}: {self.text or f'{self.title} {self.expectation}'}"


def known_group(group: GroupName) -> Group:
    """A group of which nothing is unknown, as a member of which someone is imagined."""
    return Group(group.text if group.dn else _NO_DN, group.sid or _NO_SID)


def find_group(text: str, groups: dict[str, NamedGroup]) -> Group | None:
    """The group that `text` names: by its name in the policy, a DN or a SID. None if the policy has no such name."""
    named = groups.get(fold(text))
    if named:
        return known_group(named.group)
    try:
        return known_group(parse_group(text))
    except ValueError:
        return None


def build_tests(source: Source, checker: Checker) -> Iterator[PolicyTest]:
    """The tests of one file; problems go to the checker."""
    for number, entry in source.tests():
        place = source.place("tests", number)
        whom = [
            (kind, name)
            for kind, name in (("user", entry.user), ("robot", entry.robot), ("workload", entry.workload))
            if name
        ]
        if len(whom) + entry.anonymous != 1:
            checker.report(
                "a test is about exactly one subject", place, "Write one of: user, robot, workload, anonymous: true."
            )
            continue
        if not entry.can and not entry.cannot:
            checker.report("the test expects nothing", place, "Add 'can' or 'cannot'.")
        groups = tuple(_groups(source, number, entry, checker))
        subject = Subject(SubjectKind(whom[0][0]), whom[0][1], groups) if whom else None
        if subject is None and groups:
            checker.report("an anonymous client is in no group", place, "Remove the groups, or name a user.")
        yield PolicyTest(
            title=entry.name or _title(entry, subject),
            subject=subject,
            address=entry.address,
            service=entry.service or "",
            at=entry.at,
            expected=tuple(_expected(source, number, entry)),
            place=place,
        )


def run_test(engine: Engine, rules: dict[str, Rule], test: PolicyTest, now: datetime) -> Iterator[TestResult]:
    """A result for each line of a test, which takes place at `now` unless it names its day."""
    moment = datetime.combine(test.at, time(12), UTC) if test.at else now
    for expected in test.expected:
        question = Question(test.subject, (expected.access,), test.service, test.address, moment)
        verdict = _only(engine.decide(question))
        passed = isinstance(verdict, Granted) == expected.granted
        text = "" if passed else f"{test.title} {_contrary(expected)}: {_reason(verdict, rules)}"
        yield TestResult(expected.place, test.title, str(expected), passed, text, verdict.rules)


def _groups(source: Source, number: int, entry: TestEntry, checker: Checker) -> Iterator[Group]:
    for position, text in enumerate(entry.groups):
        group = find_group(text, checker.groups)
        place = source.place("tests", number, "groups", position)
        if group:
            yield group
        elif "=" in text:
            checker.report(f"{text!r} is no group", place, "Write a name from 'groups', a whole DN, or a SID.")
        else:
            checker.undefined("group", text, place)
    for name, words in entry.families.items():
        if checker.undefined("family", name, source.key_place("tests", number, "families", name)):
            continue
        family = checker.families.get(fold(name))
        for position, word in enumerate(words):
            if not is_path_component(word.lower()):
                place = source.place("tests", number, "families", name, position)
                checker.report(f"{word!r} is no legal path component", place, "Write one segment of a name.")
            elif family:
                yield Group(family.template.fill(word), _NO_SID)


def _expected(source: Source, number: int, entry: TestEntry) -> Iterator[Expected]:
    for key, accesses in (("can", entry.can), ("cannot", entry.cannot)):
        for position, access in enumerate(accesses):
            yield Expected(access, key == "can", source.place("tests", number, key, position))


def _title(entry: TestEntry, subject: Subject | None) -> str:
    if subject is None:
        return "an anonymous client"
    name = subject.name if subject.kind is SubjectKind.USER else f"{subject.kind}:{subject.name}"
    families = (f"{family}={word}" for family, words in entry.families.items() for word in words)
    groups = ", ".join([*entry.groups, *families])
    return f"{name} ({groups})" if groups else name


def _only(decision: Decision) -> Verdict:
    ((_, (verdict,)),) = decision.verdicts
    return verdict


def _contrary(expected: Expected) -> str:
    text = str(expected)
    if expected.granted:
        return f"cannot {text.removeprefix('can ')}, but should"
    return f"can {text.removeprefix('cannot ')}, but should not"


def _reason(verdict: Verdict, rules: dict[str, Rule]) -> str:
    named = ", ".join(str(reference) for reference in verdict.rules)
    if isinstance(verdict, Granted):
        return f"granted by {named}"
    if verdict.reason is DenyReason.NO_RULE:
        return "no allow rule grants it"
    whys = "; ".join(why for reference in verdict.rules if (why := rules[reference.id].why))
    return f"taken away by {named}" + (f": {whys}" if whys else "")
