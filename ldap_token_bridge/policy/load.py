"""From a file or a folder to a Policy, checked whole."""

import hashlib
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path

from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.identity import Group, Subject
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import read_text

from .cases import TestResult, build_tests, find_group, run_test
from .check import Checker
from .decision import Decision, Question
from .engine import Engine
from .rules import GroupReference, NamedFamily, NamedGroup, PolicyTest, Rule
from .source import read_source
from .who import ANYONE

_WHAT = "the policy"
_HASH_LENGTH = 12
_COPIES = ("~", "#", ".bak", ".old", ".orig", ".rej", ".save", ".swp", ".tmp")  # of editors, patch and merges


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy as loaded: immutable, replaced whole. `hash` names its content in logs and metrics, `files` its files.

    `allows_anonymous`: whether any rule grants something to a client that is not signed in.
    """

    hash: str
    files: tuple[str, ...]
    rules: tuple[Rule, ...] = field(repr=False)
    tests: tuple[PolicyTest, ...] = field(repr=False)
    groups: tuple[NamedGroup, ...] = field(repr=False)
    families: tuple[NamedFamily, ...] = field(repr=False)
    allows_anonymous: bool
    _engine: Engine = field(repr=False)

    def decide(self, question: Question) -> Decision:
        """What of the access asked for is granted, and why."""
        return self._engine.decide(question)

    def memberships(self, subject: Subject) -> tuple[tuple[str, str], ...]:
        """Which `group:NAME` and `family:NAME` of this policy a subject is in, a family's beside each word it gives."""
        return self._engine.memberships(subject)

    def run_tests(self, now: datetime) -> tuple[TestResult, ...]:
        """A result for each line under `can` and `cannot`; tests that name no day take place at `now`."""
        rules = {rule.id: rule for rule in self.rules}
        return tuple(result for test in self.tests for result in run_test(self._engine, rules, test, now))

    def group_references(self) -> tuple[GroupReference, ...]:
        """The groups that the policy defines, to be looked up in the directory."""
        return tuple(
            GroupReference(named.name, "" if named.group.sid else named.group.text, named.group.sid, named.place)
            for named in self.groups
        )

    def group(self, text: str) -> Group | None:
        """The group that people name by its name in the policy, a DN or a SID, for decisions without a directory."""
        return find_group(text, {fold(named.name): named for named in self.groups})


def load_policy(path: Path) -> Policy:
    """The policy in a file, or in all `*.yaml` of a folder; raises Misconfigured with every problem."""
    files, problems = _read(path)
    return _build(files, problems)


def parse_policy(files: Sequence[tuple[str, str]]) -> Policy:
    """The policy in texts, each with the name that people know it by; raises Misconfigured with every problem."""
    return _build(files, [])


def policy_files(path: Path) -> list[Path]:
    """What `load_policy` would look at, there or not; raises OSError if the folder cannot be listed."""
    return _listed(path) if path.is_dir() else [path]


def _read(path: Path) -> tuple[list[tuple[str, str]], list[Problem]]:
    """The files with their texts by name, and what is wrong with the folder. Hidden files are left alone."""
    if not _is_folder(path):
        return [(str(path), read_text(path, _WHAT))], []
    files: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for file in _list(path):
        if file.suffix != ".yaml" or file.is_dir():
            problems.append(Problem("it is not read", Place(str(file)), _remedy_of_unread(file)))
            continue
        try:
            files.append((str(file), read_text(file, _WHAT)))
        except Misconfigured as unreadable:
            problems.extend(unreadable.problems)
    if not files and not problems:
        raise Misconfigured.one("the policy folder holds no *.yaml file", str(path), "Add one, or correct the path.")
    return files, problems


def _is_folder(path: Path) -> bool:
    """Not so what nobody may look at: that is told when it is read."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _remedy_of_unread(file: Path) -> str:
    if file.is_dir():
        return "A policy's folder has no folders: move the files up into it, or move this one elsewhere."
    if file.name.startswith("#") or file.name.endswith(_COPIES):
        return "It seems to be an editor's copy: remove it, or keep it elsewhere."
    return "Rename it to end in .yaml, or remove it."


def _list(folder: Path) -> list[Path]:
    try:
        return _listed(folder)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        what, remedy = f"the policy folder cannot be read: {reason}", "Check the path and the folder's permissions."
        raise Misconfigured.one(what, str(folder), remedy) from None


def _listed(folder: Path) -> list[Path]:
    """Hidden files are left alone: editors and the kubelet keep theirs there."""
    found = (file for file in folder.iterdir() if not file.name.startswith("."))
    return sorted(filter(_looks_like_policy, found), key=lambda file: file.name)


def _looks_like_policy(file: Path) -> bool:
    """What someone may take for a part of the policy; if it is none, a deny rule could be lost in silence."""
    if file.is_dir():
        return any(map(_looks_like_policy, file.iterdir()))
    name = file.name.lower()
    return ".yaml" in name or ".yml" in name


def _build(files: Sequence[tuple[str, str]], problems: list[Problem]) -> Policy:
    sources = [read_source(file, text) for file, text in files]
    checker = Checker(sources)
    tests = tuple(test for source in sources for test in build_tests(source, checker))
    problems = [*problems, *checker.problems]
    if problems:
        raise Misconfigured(sorted(problems, key=_position))
    groups, families = tuple(checker.groups.values()), tuple(checker.families.values())
    digest = hashlib.sha256()
    for _, text in files:
        digest.update(text.encode())
    allowed = (rule for rule in checker.rules if rule.reference.kind == "allow")
    return Policy(
        hash=digest.hexdigest()[:_HASH_LENGTH],
        files=tuple(file for file, _ in files),
        rules=tuple(checker.rules),
        tests=tests,
        groups=groups,
        families=families,
        allows_anonymous=any(who.kind == ANYONE for rule in allowed for who in rule.who),
        _engine=Engine(checker.rules, groups, families),
    )


def _position(problem: Problem) -> tuple[str, int, int]:
    where = problem.where
    return (where.file, where.line, where.column) if where else ("", 0, 0)
