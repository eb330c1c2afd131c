"""Policies that were written to do harm: refused or bounded, and nothing grows out of proportion."""

import gc
import weakref
from collections.abc import Sized
from datetime import date
from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Group
from ldap_token_bridge.policy import Policy, check, index, load_policy, parse_policy
from ldap_token_bridge.policy.proof import Work
from ldap_token_bridge.policy.proof.diff import diff_policies
from ldap_token_bridge.yamlfile import reader
from tests.support.policies import granted, policy, problems, user

MEGABYTE = 1024 * 1024
RULE = "version: 1\nallow:\n  - {{id: a, who: [{who}], repositories: ['{pattern}'], actions: [pull]}}\n"


def rules(number: int, who: str, pattern: str) -> str:
    """That many rules that differ in id and, where %d stands, in a number."""
    lines = (
        f"  - {{id: r{each}, who: ['{who.replace('%d', str(each))}'],"
        f" repositories: ['{pattern.replace('%d', str(each))}'], actions: [pull]}}\n"
        for each in range(number)
    )
    return "version: 1\nallow:\n" + "".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * MEGABYTE, "nested deeper than 32 levels"),
        ("{a: " * MEGABYTE, "nested deeper than 32 levels"),
        ("{" + "[" * MEGABYTE, "nested deeper than 32 levels"),
        ("? " * MEGABYTE, "nested deeper than 32 levels"),
        ("a: [" + "x," * (reader.MAX_VALUES + 1) + "]", "more than 500,000 values"),
    ],
    ids=["lists", "mappings", "within a key", "keys of keys", "values"],
)
def test_a_file_that_would_not_end_is_left_at_once(text: str, words: str) -> None:
    """One problem, and what stands behind it is not read."""
    found = problems(text)
    assert words in found[-1].what


@pytest.mark.parametrize("item", ["*a,", "!x a,", "&b x,"])
def test_no_more_problems_than_anybody_reads(item: str) -> None:
    """A megabyte of aliases, tags or anchors gives a page of them."""
    assert len(problems("a: &a [x]\nb: [" + item * (MEGABYTE // 4) + "]")) == reader.MAX_PROBLEMS


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    """A hundred megabytes are refused by the first sixteen; nothing is made of them."""
    path = tmp_path / "policy.yaml"
    with path.open("wb") as file:
        file.truncate(100 * MEGABYTE)
    with pytest.raises(Misconfigured, match="larger than 16 MiB"):
        load_policy(path)


@pytest.mark.parametrize(
    "text",
    [
        RULE.format(who="'user:" + "x" * MEGABYTE + "'", pattern="a"),
        RULE.format(who="anyone", pattern="a/" * (MEGABYTE // 2) + "a"),
        RULE.format(who="anyone", pattern="*" * MEGABYTE),
        RULE.format(who="anyone", pattern="*a" * (MEGABYTE // 2)),
        RULE.format(who="anyone", pattern="**/" * (MEGABYTE // 3) + "a"),
        "version: 1\ngroups:\n  g: 'CN=" + "x" * MEGABYTE + ",DC=x'\n",
        "version: 1\ngroups:\n  g: '" + "CN=x," * (MEGABYTE // 5) + "DC=x'\n",
        "version: 1\nfamilies:\n  f: 'CN={t}" + "x" * MEGABYTE + ",DC=x'\n",
        "version: 1\nallow:\n  - {id: " + "x" * MEGABYTE + ", who: [anyone], catalog: true}\n",
    ],
    ids=["user", "pattern", "stars", "globs", "deep", "group", "group of parts", "family", "id"],
)
def test_names_of_megabytes_are_refused_in_a_few_words(text: str) -> None:
    """One problem each, which does not repeat the megabyte."""
    (problem,) = problems(text)
    assert len(str(problem)) < 3000


def test_thousands_of_unknown_names_are_not_searched_for_thousands_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones get a suggestion, with a bound on the names that were looked at; all are reported."""
    looked_at: list[int] = []

    def counted(_: str, known: Sized) -> str:
        looked_at.append(len(known))
        return ""

    monkeypatch.setattr(check, "suggest", counted)
    groups = "groups:\n" + "".join(f"  g{each}: CN=g{each},DC=x\n" for each in range(2000))
    assert len(problems(rules(2000, "group:h%d", "a") + groups)) == 2000
    assert 0 < sum(looked_at) <= 60_000


def _states(text: str, name: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps a decision takes in the trie."""
    compiled = parse_policy([("policy.yaml", text)])
    steps = 0
    step = index._step

    def counted(*arguments: object) -> None:
        nonlocal steps
        steps += 1
        step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "_step", counted)
    granted(compiled, user(), name)
    monkeypatch.undo()
    return steps


def test_many_double_stars_cost_nodes_times_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backtracking would take more steps than there are atoms in the sun."""
    stars = 40
    pattern = "/".join(["**", "a"] * stars)
    steps = _states(RULE.format(who="anyone", pattern=pattern), "/".join("a" * 120), monkeypatch)
    assert 0 < steps <= (2 * stars + 2) * 120


def test_thousands_of_globs_cost_their_shapes_and_not_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many globs of the same shape are as many steps."""
    few = _states(rules(100, "anyone", "x-%d-*/a").replace("x-", "x-1"), "x-15-y/a", monkeypatch)
    many = _states(rules(1000, "anyone", "x-%d-*/a").replace("x-", "x-1"), "x-15-y/a", monkeypatch)
    assert many <= few + 2


def test_ten_thousand_families_are_looked_up_by_their_shape() -> None:
    """A group is held against those alone that stand in its place, and still finds its own."""
    families = "families:\n" + "".join(f"  f{n}: 'CN=reg-{{team}}-w,OU=U{n},DC=x'\n" for n in range(10_000))
    compiled = parse_policy([("policy.yaml", rules(1, "family:f7", "{team}/**") + families)])
    assert granted(compiled, user("alice", Group("CN=reg-blue-w,OU=U7,DC=x", "S-1")), "blue/x") == {"pull"}
    assert granted(compiled, user("alice", Group("CN=reg-blue-w,OU=U8,DC=x", "S-1")), "blue/x") == set()


def test_a_policy_that_is_replaced_leaves_nothing_behind() -> None:
    """It holds no cycles: what a reload has put out of the collector's sight must go by itself."""
    text = "allow:\n  - {id: a, who: ['family:team-write'], repositories: ['{team}/**'], actions: [pull]}\n"
    compiled: Policy | None = policy(text)
    assert compiled is not None
    granted(compiled, user(), "a/b")
    gc.disable()
    try:
        parts = [weakref.ref(part) for part in (compiled._engine, compiled._engine._terms, compiled._engine._allow)]
        compiled = None
        assert [part() for part in parts] == [None] * 3
    finally:
        gc.enable()


def _hard(salt: int) -> str:
    """Rules of stars upon stars, most of which overlap; the letters depend on `salt`, a plain rule does too."""
    lines = {"allow": [], "deny": []}  # type: dict[str, list[str]]
    for number in range(40):
        one, other = "abcd"[(number * salt) % 4], "abcd"[(number // 4 + salt) % 4]
        pattern = f"**/*{one}*{other}*/**/{other}-{number}/**/*{one}*"
        kind = "deny" if number % 3 == 0 else "allow"
        lines[kind].append(f"  - {{id: r{number}, who: [signed-in], repositories: ['{pattern}'], actions: [pull]}}")
    plain = f"  - {{id: plain, who: ['user:ci'], repositories: [plain-{salt}], actions: [push]}}"
    return "\n".join(["version: 1", "allow:", *lines["allow"], plain, "deny:", *lines["deny"], ""])


def test_a_comparison_that_would_not_end_says_what_it_could_not_prove() -> None:
    """It counts its work, so it comes to the same each time; what is easy is told all the same, the gate refuses."""
    old, new = (parse_policy([("policy.yaml", _hard(salt))]) for salt in (1, 2))
    found, again = (diff_policies(old, new, date(2026, 6, 1), work=Work(200_000, 20_000)) for _ in range(2))
    assert found == again
    assert found.gaps
    assert all("steps of search" in gap.bound for gap in found.gaps)
    assert ("user:ci",) in [each.who for each in found.differences]
    assert found.may_gain
    assert not found.equivalent


def test_without_any_work_left_nothing_counts_as_proved() -> None:
    """One line for each kind of question that was not put: nobody may read silence as a proof."""
    old, new = (parse_policy([("policy.yaml", _hard(salt))]) for salt in (1, 2))
    found = diff_policies(old, new, date(2026, 6, 1), work=Work(10, 10))
    assert found.differences == ()
    assert {gap.change for gap in found.gaps if not gap.who} == {"gain", "loss"}
    assert found.may_gain


def test_more_work_than_is_needed_changes_no_answer() -> None:
    """The bounds alone decide whether there is an answer, and never which."""
    text = "allow:\n  - {id: a, who: [group:platform], repositories: ['a/**', '*/b-*'], actions: [pull, push]}\n"
    more = "deny:\n  - {id: d, who: [group:auditors], repositories: ['a/*'], actions: [push]}\n"
    old, new = policy(text), policy(text + more)
    usual = diff_policies(old, new, date(2026, 6, 1))
    assert usual.gaps == ()
    assert usual.differences
    assert diff_policies(old, new, date(2026, 6, 1), work=Work.of_effort(1000)) == usual
