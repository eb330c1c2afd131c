"""What a policy's entries mean together: names that exist, ids that are unique, rules that can match."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Place, Problem
from ldap_token_bridge.yamlfile import suggest

from .groups import FamilyTemplate, parse_family, parse_group
from .model import RuleEntry
from .pattern import USER_WORD
from .rules import NamedFamily, NamedGroup, Rule, RuleKind, RulePattern, RuleReference
from .source import Source
from .who import Who

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}").fullmatch
_SEARCHED_NAMES = 50_000


class Checker:
    """Goes through all files of a policy; collects what is usable, and every problem."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.problems: list[Problem] = [problem for source in sources for problem in source.problems]
        # With a file of which not even the names are known, "undefined" would be said of what stands there.
        self._all_known = all(source.readable for source in sources)
        group_places = self._define(sources, "groups")
        family_places = self._define(sources, "families")
        self.groups = {
            fold(name): NamedGroup(name, group, source.place("groups", name))
            for source in sources
            for name, group in source.definitions("groups", parse_group)
        }
        self.families = {
            fold(name): NamedFamily(name, template, source.place("families", name))
            for source in sources
            for name, template in source.definitions("families", parse_family)
        }
        self._defined = {"group": group_places, "family": family_places}
        self._ids: dict[str, Place] = {}
        self.rules = [rule for source in sources for rule in self._rules(source)]

    def undefined(self, kind: str, name: str, place: Place) -> bool:
        """Whether no group or family has this name; reports it."""
        known = self._defined[kind]
        if fold(name) in known or not self._all_known:
            return fold(name) not in known
        section = "groups" if kind == "group" else "families"
        remedy = self._suggest(name, known)
        if not remedy.startswith("Did"):
            remedy = f"Define it under '{section}'. {remedy}".strip()
        self.report(f"no {kind} has the name {name!r}", place, remedy)
        return True

    def _suggest(self, word: str, known: Collection[str]) -> str:
        """The nearest known word; with thousands of names each search takes its time, so only the first get one."""
        return suggest(word, known) if len(self.problems) * len(known) < _SEARCHED_NAMES else ""

    def report(self, what: str, place: Place, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(what, place, remedy))

    def _define(self, sources: Sequence[Source], section: str) -> dict[str, Place]:
        """The names under a section of all files, folded; each may stand once."""
        places: dict[str, Place] = {}
        for source in sources:
            for name in source.names(section):
                place = source.key_place(section, name)
                if not _NAME(name):
                    remedy = "Use letters, digits, '.', '_' and '-', 128 at most."
                    self.report(f"{name!r} is no name", place, remedy)
                first = places.setdefault(fold(name), place)
                if first != place:
                    self.report(f"{name!r} is defined twice", place, f"It is first defined in {first}.")
        return places

    def _rules(self, source: Source) -> Iterator[Rule]:
        kinds: tuple[RuleKind, ...] = ("allow", "deny")
        for kind in kinds:
            self._check_names(source, kind)
            for number, entry in source.rules(kind):
                yield self._rule(source, kind, number, entry)

    def _check_names(self, source: Source, kind: RuleKind) -> None:
        """Ids are unique, groups and families exist; also in rules that are broken elsewhere."""
        for place, who in source.terms(kind):
            if who.kind in ("group", "family"):
                self.undefined(who.kind, who.name, place)
        for place, identifier in source.ids(kind):
            first = self._ids.setdefault(identifier, place)
            if first != place:
                remedy = f"It first stands in {first}. The audit log names rules by their id."
                self.report(f"two rules have the id {identifier!r}", place, remedy)

    def _rule(self, source: Source, kind: RuleKind, number: int, entry: RuleEntry) -> Rule:
        place = source.place(kind, number)
        self._check_shape(source, (kind, number), entry)
        patterns = tuple(
            RulePattern(pattern, (), source.place(kind, number, "repositories", position))
            for position, pattern in enumerate(entry.repositories)
        )
        return Rule(
            reference=RuleReference(entry.id, place, kind),
            why=entry.why or "",
            who=entry.who,
            patterns=self._bind(entry.who, patterns),
            actions=frozenset(entry.actions),
            catalog=entry.catalog,
            networks=entry.networks,
            services=None if entry.services is None else frozenset(entry.services),
            until=entry.until,
        )

    def _check_shape(self, source: Source, path: tuple[str | int, ...], entry: RuleEntry) -> None:
        """A rule with nothing in it matches nothing, which nobody means."""
        place = source.place(*path)
        what = f"the rule {entry.id!r}"
        if not entry.who:
            self.report(f"{what} is for nobody: 'who' is empty", source.place(*path, "who"), "Name somebody.")
        if not entry.repositories and not entry.catalog:
            self.report(f"{what} speaks of nothing", place, "Add 'repositories' and 'actions', or 'catalog: true'.")
        if entry.repositories and not entry.actions:
            self.report(f"{what} has repositories but no actions", place, "Add 'actions', as in [pull, push].")
        if entry.actions and not entry.repositories:
            where = source.key_place(*path, "actions")
            self.report(f"{what} has actions but no repositories", where, "Add 'repositories', or remove 'actions'.")
        narrowed: dict[str, Any] = {"networks": entry.networks, "services": entry.services}
        for key, value in narrowed.items():
            if value is not None and not value:
                remedy = "Name at least one, or remove the key."
                self.report(f"{what} never holds: {key!r} is empty", source.place(*path, key), remedy)

    def _bind(self, who: tuple[Who, ...], patterns: tuple[RulePattern, ...]) -> tuple[RulePattern, ...]:
        """The patterns with the families that give their words; reports words that nobody or too many give."""
        named = {fold(term.name) for term in who if term.kind == "family"}
        if not named <= self.families.keys():
            return patterns  # reported already, and the missing one may be the one that gives the word
        words: dict[str, list[str]] = {}
        for name in sorted(named):
            words.setdefault(self.families[name].template.word, []).append(self.families[name].name)
        used: str | None = None
        bound: list[RulePattern] = []
        for placed in patterns:
            for word in placed.pattern.words:
                if word == USER_WORD:
                    self._check_user(who, placed)
                    continue
                if word not in words:
                    self._report_word(word, placed)
                elif used not in (None, word):
                    remedy = "Write two rules: in one, each of several words could belong to a different group."
                    self.report(
                        f"the rule uses the words of two families, {{{used}}} and {{{word}}}", placed.place, remedy
                    )
                used = used or word
            given = tuple(name for word in placed.pattern.words for name in words.get(word, ()))
            bound.append(RulePattern(placed.pattern, given, placed.place))
        return tuple(bound)

    def _check_user(self, who: tuple[Who, ...], placed: RulePattern) -> None:
        if who and all(term.kind in ("robot", "workload") for term in who):
            what = "{user} stands for the account of a person, and 'who' names none"
            self.report(what, placed.place, "Write the repository's name out, or name people in 'who'.")

    def _report_word(self, word: str, placed: RulePattern) -> None:
        templates: dict[str, FamilyTemplate] = {named.name: named.template for named in self.families.values()}
        giving = sorted(name for name, template in templates.items() if template.word == word)
        if giving:
            what = f"{{{word}}} needs a family in 'who' that has this word"
            remedy = f"Add {' or '.join(f'family:{name}' for name in giving)} to 'who'."
        else:
            what = f"no family has the word {{{word}}}"
            remedy = self._suggest(word, {USER_WORD, *(template.word for template in templates.values())})
        self.report(what, placed.place, remedy)
