"""What rules grant and take away."""

from datetime import UTC, datetime

import pytest

from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import Denied, DenyReason, Granted, Question
from ldap_token_bridge.registry import Access
from tests.support.policies import AUDITORS, NOW, PLATFORM, decide, granted, policy, robot, team, user

EVERYTHING = '  - {id: all, who: [anyone], repositories: ["**"], actions: [pull, push, delete], catalog: true}\n'


def test_nothing_is_granted_without_a_rule() -> None:
    """A policy without rules grants nothing, and says that no rule does."""
    decision = decide(policy(""), user(), "a/b:pull", "catalog")
    assert decision.granted == ()
    assert [verdict for _, (verdict,) in decision.verdicts] == [
        Denied("pull", DenyReason.NO_RULE, ()),
        Denied("*", DenyReason.NO_RULE, ()),
    ]


def test_allow_rules_are_united_and_all_named() -> None:
    """What several rules grant is united; each action names every rule that grants it, sorted by id."""
    rules = policy("""\
allow:
  - {id: z, who: [signed-in], repositories: ["a/*"], actions: [pull]}
  - {id: b, who: ["user:alice"], repositories: ["a/b"], actions: [push]}
""")
    decision = decide(rules, user(), "a/b:pull,push,delete")
    assert decision.granted == (Access("repository", "a/b", ("pull", "push")),)
    ((_, (pull, push, delete)),) = decision.verdicts
    assert isinstance(pull, Granted)
    assert [rule.id for rule in pull.rules] == ["b", "z"]
    assert isinstance(push, Granted)
    assert [(rule.id, rule.kind, rule.place) for rule in push.rules] == [("b", "allow", Place("policy.yaml", 11, 5))]
    assert delete == Denied("delete", DenyReason.NO_RULE, ())
    assert decision.rule_ids == ("b", "z")


def test_a_deny_rule_wins_wherever_it_stands() -> None:
    """A deny rule above the allow rules takes away all the same, and is named."""
    rules = policy(
        """\
deny:
  - {id: freeze, why: the new year, who: [signed-in], repositories: ["prod/**"], actions: [push, delete]}
allow:
"""
        + EVERYTHING
    )
    decision = decide(rules, user(), "prod/app:pull,push,delete")
    assert decision.granted == (Access("repository", "prod/app", ("pull",)),)
    ((_, (_, push, delete)),) = decision.verdicts
    for verdict in (push, delete):
        assert isinstance(verdict, Denied)
        assert verdict.reason is DenyReason.TAKEN_AWAY
        assert [rule.id for rule in verdict.rules] == ["freeze"]
    assert granted(rules, None, "prod/app") == {"pull", "push", "delete"}


@pytest.mark.parametrize(
    ("allowed", "denied", "left"),
    [
        ("pull", "", {"pull"}),
        ("push", "", {"pull", "push"}),
        ("delete", "", {"delete"}),
        ("pull, push, delete", "pull", {"delete"}),
        ("pull, push, delete", "push", {"pull", "delete"}),
        ("pull, push, delete", "delete", {"pull", "push"}),
        ("push", "pull", set()),
    ],
)
def test_push_and_pull_stand_and_fall_together(allowed: str, denied: str, left: set[str]) -> None:
    """Allowing push allows pull, denying pull denies push; delete is never implied and stands alone."""
    text = f"allow:\n  - {{id: a, who: [anyone], repositories: [x], actions: [{allowed}]}}\n"
    if denied:
        text += f"deny:\n  - {{id: d, who: [anyone], repositories: [x], actions: [{denied}]}}\n"
    assert granted(policy(text), user(), "x") == left


def test_only_what_is_asked_for_is_granted() -> None:
    """Push asked alone gives push alone: the client did not ask for pull."""
    decision = decide(policy("allow:\n" + EVERYTHING), user(), "a:push", "b:pull")
    assert decision.granted == (Access("repository", "a", ("push",)), Access("repository", "b", ("pull",)))


def test_a_star_is_answered_with_the_explicit_actions() -> None:
    """`*` on a repository asks for all actions; the answer never holds the star itself."""
    rules = policy('allow:\n  - {id: a, who: [anyone], repositories: ["**"], actions: [push]}\n')
    decision = decide(rules, user(), "a:*", "b:pull,*")
    assert [access.actions for access in decision.granted] == [("pull", "push"), ("pull", "push")]


def test_unknown_actions_and_illegal_names_are_never_granted() -> None:
    """A caller that skips the scope parser gains nothing by it."""
    rules = policy("allow:\n" + EVERYTHING)
    odd = (
        Access("repository", "a", ("PULL", "admin")),
        Access("repository", "A", ("pull",)),
        Access("repository", "a//b", ("pull",)),
        Access("repository", "a/../b", ("pull",)),
        Access("registry", "other", ("*",)),
        Access("registry", "catalog", ("pull",)),
    )
    decision = rules.decide(Question(user(), odd, "s", None, NOW))
    assert decision.granted == ()
    assert decision.verdicts == tuple(
        (access, tuple(Denied(action, DenyReason.NO_RULE, ()) for action in access.actions)) for access in odd
    )


def test_the_catalogue_is_granted_and_taken_away_by_itself() -> None:
    """Rules on repositories say nothing of the catalogue, `**` neither."""
    rules = policy("""\
allow:
  - {id: everything, who: [anyone], repositories: ["**"], actions: [pull]}
  - {id: list, who: [signed-in], catalog: true}
deny:
  - {id: not-bob, who: ["user:bob"], catalog: true}
""")
    assert decide(rules, user(), "catalog").granted == (Access("registry", "catalog", ("*",)),)
    assert decide(rules, None, "catalog").granted == ()
    taken = decide(rules, user("bob"), "catalog")
    assert (taken.granted, taken.rule_ids) == ((), ("not-bob",))
    assert granted(rules, user("bob"), "x") == {"pull"}


def test_narrowed_rules_speak_of_the_catalogue_too() -> None:
    """An allow rule holds where it is known to, a deny rule where it is not known not to."""
    rules = policy("""\
allow:
  - {id: list, who: [anyone], catalog: true}
deny:
  - {id: not-near, who: [anyone], catalog: true, networks: [10.20.0.0/16]}
""")
    reached = [bool(decide(rules, None, "catalog", address=address).granted) for address in ("10.20.0.7", "::1", None)]
    assert reached == [False, True, False]
    near = policy("allow:\n  - {id: list, who: [anyone], catalog: true, networks: [10.20.0.0/16]}\n")
    reached = [bool(decide(near, None, "catalog", address=address).granted) for address in ("10.20.0.7", "::1", None)]
    assert reached == [True, False, False]


def test_a_deny_rule_takes_away_only_what_was_there() -> None:
    """Where no rule grants, that is the reason: whoever mends the policy would look at the deny rule in vain."""
    rules = policy('deny:\n  - {id: d, who: [anyone], repositories: ["**"], actions: [pull]}\n')
    ((_, verdicts),) = decide(rules, user(), "a:pull").verdicts
    assert verdicts == (Denied("pull", DenyReason.NO_RULE, ()),)


def test_who_tells_people_robots_workloads_and_the_anonymous_apart() -> None:
    """`user:` never matches a robot of that name, nor the other way round; `anyone` matches all, `signed-in` most."""
    rules = policy("""\
allow:
  - {id: person, who: ["user:ci"], repositories: [person], actions: [pull]}
  - {id: robot, who: ["robot:ci"], repositories: [robot], actions: [pull]}
  - {id: workload, who: ["workload:ci"], repositories: [workload], actions: [pull]}
  - {id: signed-in, who: [signed-in], repositories: [signed-in], actions: [pull]}
  - {id: anyone, who: [anyone], repositories: [anyone], actions: [pull]}
""")
    names = ("person", "robot", "workload", "signed-in", "anyone")

    def reached(subject: Subject | None) -> set[str]:
        return {name for name in names if granted(rules, subject, name)}

    assert reached(user("ci")) == {"person", "signed-in", "anyone"}
    assert reached(robot("ci")) == {"robot", "signed-in", "anyone"}
    assert reached(Subject(SubjectKind.WORKLOAD, "ci")) == {"workload", "signed-in", "anyone"}
    assert reached(None) == {"anyone"}


@pytest.mark.parametrize(("written", "name"), [("strasse", "straße"), ("ff", "\ufb00"), ("s", "\u017f")])
def test_names_that_directories_keep_apart_are_apart(written: str, name: str) -> None:
    """Two accounts never share a rule because their letters fold alike."""
    text = f"""\
allow:
  - {{id: a, who: ["user:{written}"], repositories: [x], actions: [pull]}}
"""
    assert granted(policy(text), user(written), "x") == {"pull"}
    assert granted(policy(text), user(name), "x") == set()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("alice", "ALICE"),
        ("ALICE", "alice"),
        ("jürgen", "JÜRGEN"),
        ("ju\u0308rgen", "jürgen"),
    ],
)
def test_names_compare_without_regard_to_case_and_composition(written: str, name: str) -> None:
    """As in the directory: who types USER7 is user7, also for the rules against user7."""
    text = f"""\
allow:
  - {{id: a, who: [signed-in], repositories: [x], actions: [pull]}}
deny:
  - {{id: d, who: ["user:{written}"], repositories: [x], actions: [pull]}}
"""
    assert granted(policy(text), user(name), "x") == set()
    assert granted(policy(text), user("other"), "x") == {"pull"}


def test_groups_match_by_whole_dn_or_by_sid() -> None:
    """The spelling of a DN does not matter, its place does; a SID stands for itself."""
    rules = policy("""\
allow:
  - {id: p, who: ["group:platform"], repositories: [p], actions: [pull]}
  - {id: a, who: ["group:Auditors"], repositories: [a], actions: [pull]}
""")
    assert granted(rules, user("x", Group("cn=PLATFORM, ou=groups,dc=corp,dc=example,dc=com")), "p") == {"pull"}
    assert granted(rules, user("x", Group("CN=Platform,OU=Elsewhere,DC=corp,DC=example,DC=com")), "p") == set()
    assert granted(rules, user("x", Group("CN=Platform")), "p") == set()
    assert granted(rules, user("x", Group("", AUDITORS.sid.lower())), "a") == {"pull"}
    assert granted(rules, user("x", Group(AUDITORS.dn)), "a") == set()
    assert granted(rules, user("x", Group("", PLATFORM.sid)), "p") == set()


def test_a_family_binds_every_word_the_person_has() -> None:
    """Several groups of one family give several words; a word that is no path component gives none."""
    rules = policy('allow:\n  - {id: t, who: ["family:team-write"], repositories: ["{team}/**"], actions: [push]}\n')
    someone = user("x", team("team-a"), team("TEAM-B"), team("not legal"), team("a..b"), team("team-c", "read"))
    reached = {name for name in ("team-a", "team-b", "team-c", "not", "legal") if granted(rules, someone, f"{name}/x")}
    assert reached == {"team-a", "team-b"}
    assert granted(rules, someone, "team-a") == set()
    assert granted(rules, someone, "x/team-a/x") == set()


def test_a_word_that_stands_twice_is_the_same_word() -> None:
    """`{team}/{team}` is for one team, whatever other teams the person is in."""
    rules = policy("""\
allow:
  - {id: t, who: ["family:team-write"], repositories: ["{team}/**/cache/{team}"], actions: [pull]}
""")
    someone = user("x", team("a"), team("b"))
    assert granted(rules, someone, "a/cache/a") == {"pull"}
    assert granted(rules, someone, "b/x/y/cache/b") == {"pull"}
    assert granted(rules, someone, "a/x/cache/b") == set()


def test_two_families_with_one_word_each_give_it() -> None:
    """Any term of `who` suffices, so the word may come from either family."""
    rules = policy("""\
allow:
  - {id: t, who: ["family:team-write", "family:team-read"], repositories: ["{team}/**"], actions: [pull]}
""")
    someone = user("x", team("a"), team("b", "read"))
    assert [granted(rules, someone, f"{name}/x") for name in "abc"] == [{"pull"}, {"pull"}, set()]


def test_a_family_without_its_word_is_all_its_members() -> None:
    """A pattern without braces is for whoever is in any group of the family, and for the others in `who`."""
    rules = policy("""\
allow:
  - id: t
    who: ["family:team-write", "user:bob"]
    repositories: [shared, "{team}/x"]
    actions: [pull]
""")
    assert granted(rules, user("x", team("a")), "shared") == {"pull"}
    assert granted(rules, user("bob"), "shared") == {"pull"}
    assert granted(rules, user("bob"), "a/x") == set()
    assert granted(rules, user("x"), "shared") == set()
    assert granted(rules, user("x", team("not legal")), "shared") == set()


def test_rules_at_one_place_of_the_own_space_all_count() -> None:
    """Several patterns go through one `{user}`: none takes the place of another."""
    rules = policy("""\
allow:
  - {id: whole, who: [signed-in], repositories: ["{user}/**"], actions: [pull]}
  - {id: part, who: [signed-in], repositories: ["{user}/app"], actions: [push]}
deny:
  - {id: closed, who: [signed-in], repositories: ["{user}/closed"], actions: [pull]}
  - {id: other, who: [signed-in], repositories: ["{user}/other"], actions: [pull]}
""")
    reached = {name: granted(rules, user(), f"alice/{name}") for name in ("x", "app", "closed", "other")}
    assert reached == {"x": {"pull"}, "app": {"pull", "push"}, "closed": set(), "other": set()}


def test_what_someone_is_to_the_policy() -> None:
    """The named groups and the families with each word; neither their account nor a group that is not named."""
    rules = policy("")
    someone = user("alice", PLATFORM, AUDITORS, team("a"), team("b"), team("a", "read"), Group("CN=Other,DC=x"))
    assert rules.memberships(someone) == (
        ("family:team-read", "a"),
        ("family:team-write", "a"),
        ("family:team-write", "b"),
        ("group:auditors", ""),
        ("group:platform", ""),
    )
    assert rules.memberships(user()) == ()


@pytest.mark.parametrize(
    ("subject", "repository", "reached"),
    [
        (user("Alice"), "users/alice/app", True),
        (user("alice"), "users/bob/app", False),
        (user("alice"), "users/alice", False),
        (user("j.doe"), "users/j.doe/x/y", True),
        (user("j doe"), "users/j/x", False),
        (user("*"), "users/alice/x", False),
        (user(".."), "users/x/x", False),
        (user("\u212aim"), "users/kim/x", False),
        (robot("alice"), "users/alice/app", False),
        (None, "users/alice/app", False),
    ],
)
def test_the_own_space_is_only_the_persons_own(subject: Subject | None, repository: str, *, reached: bool) -> None:
    """`{user}` is a person's account in lower case, and only if that is a legal path component."""
    rules = policy('allow:\n  - {id: own, who: [anyone], repositories: ["users/{user}/**"], actions: [push]}\n')
    assert bool(granted(rules, subject, repository)) is reached


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 4, 1, tzinfo=UTC), False),
        (datetime.fromisoformat("2027-04-01T01:00:00+02:00"), True),
        (datetime.fromisoformat("2027-03-31T23:00:00-02:00"), False),
    ],
)
def test_until_is_the_last_day_in_utc(now: datetime, *, holds: bool) -> None:
    """The rule holds through the end of that day, UTC, wherever the clock stands."""
    rules = policy("allow:\n  - {id: a, who: [anyone], repositories: [x], actions: [pull], until: 2027-03-31}\n")
    assert bool(granted(rules, None, "x", now=now)) is holds


def test_a_time_without_a_zone_is_refused() -> None:
    """A naive time would be read in the zone of the machine."""
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        policy("").decide(Question(None, (), "", None, naive))


NARROWED = """\
allow:
  - {id: all, who: [anyone], repositories: [d], actions: [pull]}
  - {id: a, who: [anyone], repositories: [a], actions: [pull], KEY: VALUE}
deny:
  - {id: d, who: [anyone], repositories: [d], actions: [pull], KEY: VALUE}
"""


@pytest.mark.parametrize(
    ("address", "allow_holds", "deny_holds"),
    [
        ("10.20.0.7", True, True),
        ("::ffff:10.20.0.7", True, True),
        ("fd00::7", True, True),
        ("10.21.0.7", False, False),
        ("::1", False, False),
        (None, False, True),
    ],
)
def test_networks_narrow_a_rule(address: str | None, *, allow_holds: bool, deny_holds: bool) -> None:
    """An unknown address fails closed: no allow rule with networks holds, every such deny rule does."""
    rules = policy(NARROWED.replace("KEY: VALUE", "networks: [10.20.0.0/16, 'fd00::/8']"))
    assert bool(granted(rules, user(), "a", address=address)) is allow_holds
    assert (not granted(rules, user(), "d", address=address)) is deny_holds


@pytest.mark.parametrize(
    ("service", "allow_holds", "deny_holds"), [("one", True, True), ("two", False, False), ("", False, True)]
)
def test_services_narrow_a_rule(service: str, *, allow_holds: bool, deny_holds: bool) -> None:
    """An unknown service fails closed, as an unknown address does."""
    rules = policy(NARROWED.replace("KEY: VALUE", "services: [one]"))
    assert bool(granted(rules, user(), "a", service=service)) is allow_holds
    assert (not granted(rules, user(), "d", service=service)) is deny_holds


def test_all_narrowings_must_hold() -> None:
    """networks, services and until are joined by "and"."""
    narrowing = "networks: [10.0.0.0/8], services: [one], until: 2027-01-01"
    rules = policy(NARROWED.replace("KEY: VALUE", narrowing))
    assert granted(rules, user(), "a", service="one") == {"pull"}
    assert granted(rules, user(), "a", service="two") == set()
    assert granted(rules, user(), "a", service="one", address="11.0.0.1") == set()
    assert granted(rules, user(), "a", service="one", now=datetime(2027, 1, 2, tzinfo=UTC)) == set()


def test_a_deny_rule_holds_for_a_group_that_cannot_be_ruled_out() -> None:
    """A group of which only the SID is known may be the one that a deny rule names by its DN, and so for the SID."""
    rules = policy("""\
allow:
  - {id: all, who: [anyone], repositories: ["**"], actions: [pull]}
deny:
  - {id: by-dn, who: ["group:platform"], repositories: [dn], actions: [pull]}
  - {id: by-sid, who: ["group:auditors"], repositories: [sid], actions: [pull]}
  - {id: by-word, who: ["family:team-write"], repositories: ["{team}/word"], actions: [pull]}
""")

    def left(*groups: Group) -> set[str]:
        return {name for name in ("dn", "sid", "a/word") if granted(rules, user("x", *groups), name)}

    assert left() == {"dn", "sid", "a/word"}
    assert left(Group("CN=Other,DC=example,DC=com", "S-1-5-21-9")) == {"dn", "sid", "a/word"}
    assert left(Group("", "S-1-5-21-9")) == {"sid"}
    assert left(Group("no DN at all", "S-1-5-21-9")) == {"sid"}
    assert left(Group("CN=Other,DC=example,DC=com")) == {"dn", "a/word"}
    assert left(PLATFORM) == {"sid", "a/word"}
    assert left(team("a")) == {"dn", "sid"}


def test_an_allow_rule_needs_a_word_that_is_known() -> None:
    """A group without a name could give any word: that takes away, and never grants."""
    rules = policy("""\
allow:
  - {id: word, who: ["family:team-write", signed-in], repositories: ["{team}/x"], actions: [pull]}
""")
    assert granted(rules, user("x", Group("", "S-1-5-21-9")), "a/x") == set()
    assert granted(rules, user("x", Group("", "S-1-5-21-9"), team("a")), "a/x") == {"pull"}


def test_a_client_without_a_login_has_no_word() -> None:
    """A deny rule on words is no rule for them, though it is for anyone: their groups are known to be none."""
    rules = policy("""\
allow:
  - {id: all, who: [anyone], repositories: ["**"], actions: [pull]}
deny:
  - {id: word, who: ["family:team-write", anyone], repositories: ["{team}/x"], actions: [pull]}
""")
    assert granted(rules, None, "a/x") == {"pull"}
    assert granted(rules, user("x", team("a")), "a/x") == set()


def test_anonymous_access_is_known_in_advance() -> None:
    """Whether a client without credentials can get anything is a property of the policy."""
    assert policy("allow:\n" + EVERYTHING).allows_anonymous
    assert not policy("allow:\n  - {id: a, who: [signed-in], catalog: true}\n").allows_anonymous
    assert not policy("deny:\n  - {id: a, who: [anyone], catalog: true}\n").allows_anonymous
