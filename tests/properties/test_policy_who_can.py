"""`who-can` and `what-can` read as formulas, against the engine, on generated policies and people."""

from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from ldap_token_bridge.dn import fold
from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import Atoms, Policy, Question, Rule
from ldap_token_bridge.policy.fit import fit
from ldap_token_bridge.policy.narrowing import Narrowing
from ldap_token_bridge.policy.terms import Person, Terms
from ldap_token_bridge.policy.what_can import Allowance, Holder, _filled, holder_of_subject, what_can
from ldap_token_bridge.policy.who_can import Exemption, who_can
from ldap_token_bridge.registry import Access
from tests.properties.test_policy_engine import ACTIONS, DNS, MOMENTS, NAMES, Plain, load, names_near, policies
from tests.support.examples import examples
from tests.support.policy_oracle import GROUPS

NO_SID = "S-1-5-21-9"
KNOWN = [Group(dn, NO_SID) for dn in DNS if dn] + [Group("CN=Z,DC=x", sid) for sid in GROUPS.values() if "S-1" in sid]
UNKNOWN = [Group("", NO_SID), Group("CN=Z,DC=x"), *(Group(dn) for dn in DNS if dn)]


def people(groups: list[Group]) -> st.SearchStrategy[Subject]:
    """People in some of these groups."""
    return st.builds(
        Subject,
        st.sampled_from([SubjectKind.USER, *SubjectKind]),
        st.sampled_from(["alice", "ALICE", "a", "ci", "no name"]),
        st.lists(st.sampled_from(groups), max_size=4).map(tuple),
    )


PEOPLE = people(KNOWN)


@st.composite
def cases(draw: st.DrawFn, subjects: st.SearchStrategy[Subject] = PEOPLE) -> tuple[Policy, list[Question]]:
    """A policy, and questions of one action each by these people."""
    plain: Plain = draw(policies())
    questions = []
    for _ in range(draw(st.integers(5, 10))):
        name = draw(st.one_of(names_near(plain), NAMES))
        access = Access("repository", name, (draw(ACTIONS)[0].replace("*", "push"),))
        if draw(st.integers(0, 5)) == 0:
            access = Access("registry", "catalog", ("*",))
        service, address = draw(st.sampled_from([("one", "10.1.1.1"), ("two", "10.1.1.1"), ("one", "192.0.2.1")]))
        subject = draw(st.one_of(subjects, subjects, subjects, st.none()))
        questions.append(Question(subject, (access,), service, ip_address(address), draw(st.sampled_from(MOMENTS))))
    return load(plain), questions


@settings(max_examples=examples(100))
@given(cases())
def test_who_can_names_exactly_those_who_can(case: tuple[Policy, list[Question]]) -> None:
    """Whoever meets one of the grants and none of its exceptions, and nobody else; a void grant helps nobody."""
    policy, questions = case
    terms = Terms(policy.groups, policy.families)
    for question in questions:
        found = who_can(policy, question.access[0], question.now.date())
        person, narrowing = terms.person(question.subject), Narrowing(question)
        held = [grant for grant in found.grants if _is(person, grant.atoms) and narrowing.holds_for_sure(grant.rule)]
        left = [grant for grant in held if not any(_takes(each, person, narrowing) for each in grant.unless)]
        # An exception that is another grant's as well takes that one away, too: it is a deny rule that holds.
        decided = bool(policy.decide(question).granted)
        assert decided == bool(left)
        assert decided == (bool(held) and left == held)
        assert not any(grant.is_void for grant in left)


@settings(max_examples=examples(100))
@given(cases(people([*KNOWN, *UNKNOWN])))
def test_what_can_names_exactly_what_a_person_can(case: tuple[Policy, list[Question]]) -> None:
    """Each name that a pattern matches but no exception's, and no other; also where a group is not known whole."""
    policy, questions = case
    for question in questions:
        if question.subject is None:
            continue
        holder = holder_of_subject(policy, question.subject)
        narrowing = Narrowing(question)
        (access,) = question.access
        held = [
            each
            for each in what_can(policy, holder, question.now.date())
            if _gives(each, access) and narrowing.holds_for_sure(each.rule)
        ]
        left = [each for each in held if not any(_hits(one.rule, holder, access, narrowing) for one in each.unless)]
        assert bool(policy.decide(question).granted) == bool(left)


def _is(person: Person, atoms: Atoms) -> bool:
    return all(
        fold(atom.name) in {fold(name) for name in person.words.get(atom.word, ())}
        if atom.word
        else (f"{atom.kind}:{fold(atom.name)}" if atom.name else atom.kind) in person.terms
        for atom in atoms
    )


def _takes(each: Exemption, person: Person, narrowing: Narrowing) -> bool:
    return each.whole or (_is(person, each.atoms) and narrowing.may_hold(each.rule))


def _gives(each: Allowance, access: Access) -> bool:
    if access.type == "registry":
        return each.rule.catalog
    segments = access.name.split("/")
    return access.actions[0] in each.rule.effective and any(fit(one, segments).bindings for one in each.patterns)


def _hits(rule: Rule, holder: Holder, access: Access, narrowing: Narrowing) -> bool:
    if not narrowing.may_hold(rule):
        return False
    if access.type == "registry":
        return rule.catalog
    segments = access.name.split("/")
    return access.actions[0] in rule.effective and any(
        fit(one, segments).bindings for placed in rule.patterns for one in _filled(placed, holder, possibly=True)
    )
