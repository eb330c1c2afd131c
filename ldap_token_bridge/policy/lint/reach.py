"""Grants that reach further than people tend to mean."""

from collections.abc import Iterable, Iterator, Sequence

from ldap_token_bridge.dn import RelativeName, fold
from ldap_token_bridge.policy.pattern import Deep
from ldap_token_bridge.policy.rules import NamedFamily, Rule
from ldap_token_bridge.policy.who import ANYONE, SIGNED_IN

from .finding import Lint


def open_to_all(rules: Iterable[Rule]) -> Iterator[Lint]:
    """Everything for everyone: to read for those not even signed in, to change for everybody."""
    for rule in rules:
        if rule.reference.kind != "allow" or rule.networks is not None:
            continue
        if not any(placed.pattern.segments == (Deep(),) for placed in rule.patterns):
            continue
        kinds = {who.kind for who in rule.who}
        changes = sorted(rule.effective - {"pull"})
        if ANYONE in kinds:
            what = f"the rule {rule.id!r} lets everyone, signed in or not, {' and '.join(sorted(rule.effective))} all"
        elif SIGNED_IN in kinds and changes:
            what = f"the rule {rule.id!r} lets everyone who signs in {' and '.join(changes)} all"
        else:
            continue
        remedy = "Name a group in 'who', or a part of the names in 'repositories'."
        yield Lint("everything-for-everyone", f"{what} repositories", rule.reference.place, remedy)


def words_of_two_places(rules: Iterable[Rule], families: Sequence[NamedFamily]) -> Iterator[Lint]:
    """One word, given by groups in two places: who may make groups in either is given the other's repositories."""
    by_name = {fold(family.name): family for family in families}
    for rule in rules:
        if rule.reference.kind != "allow":
            continue
        giving = {name: by_name[fold(name)] for placed in rule.patterns for name in placed.families}
        places: dict[tuple[RelativeName, ...], tuple[str, str, str]] = {}
        for name, family in giving.items():
            places.setdefault(family.template.after, (name, family.template.fill("x"), family.template.word))
        if len(places) > 1:
            (one, first, word), (two, second, _), *_ = places.values()
            what = (
                f"the rule {rule.id!r} takes {{{word}}} from groups in two places, by the families {one!r} and {two!r}:"
                f" {first} and {second} are given the same repositories"
            )
            remedy = "Use a rule for each, if not the same people make the groups in both places."
            yield Lint("word-of-two-places", what, rule.reference.place, remedy)
