"""What has misled the users of another token server (docker_auth), each with its issue there."""

from tests.support.policies import granted, policy, problems, user


def test_a_missing_space_gives_nobody_everything() -> None:
    """#326: `{account:"x"}` is a key without a value, and an empty match matched everybody."""
    (problem,) = problems("""\
version: 1
allow:
  - id: a
    who: [{user:"alice"}]
    repositories: ["**"]
    actions: [push]
""")
    assert str(problem.where) == "policy.yaml:4:12"
    assert "a space is missing after 'user:'" in problem.what


def test_rules_have_no_order() -> None:
    """#237: the first match decided, so a rule for everybody hid the rules below it."""
    general = '  - {id: general, who: [signed-in], repositories: ["**"], actions: [pull]}\n'
    special = '  - {id: special, who: ["user:alice"], repositories: ["a/**"], actions: [push]}\n'
    for text in (general + special, special + general):
        assert granted(policy("allow:\n" + text), user(), "a/b") == {"pull", "push"}


def test_a_star_stays_within_its_segment() -> None:
    """#366: `*` matched across slashes, and gave away what stood below."""
    rules = policy('allow:\n  - {id: a, who: [anyone], repositories: ["team/*"], actions: [pull]}\n')
    assert granted(rules, user(), "team/app") == {"pull"}
    assert granted(rules, user(), "team/secret/app") == set()


def test_there_is_no_regular_expression_to_get_wrong() -> None:
    """#340: one that was not anchored, or whose dot was any character, matched more; here both are what they look."""
    rules = policy('allow:\n  - {id: a, who: [anyone], repositories: ["team.a/app"], actions: [pull]}\n')
    assert granted(rules, user(), "team.a/app") == {"pull"}
    for near in ("teamxa/app", "my/team.a/app", "team.a/app2", "team.a/app/x"):
        assert granted(rules, user(), near) == set()
    for slip in ("/^team-[a-z]+/", "^team/app$", "team/.*", "team/app|other", "(team)/app", "team/[ab]"):
        (problem,) = problems(
            f"version: 1\nallow:\n  - {{id: a, who: [anyone], repositories: ['{slip}'], actions: [pull]}}\n"
        )
        assert "no repository name can match" in problem.what


def test_case_is_no_way_around_a_rule() -> None:
    """#332: USER7 was somebody else than user7; and a rule with upper-case letters never matched a repository."""
    rules = policy("""\
allow:
  - {id: a, who: [signed-in], repositories: ["**"], actions: [pull, push]}
deny:
  - {id: d, who: ["user:user7"], repositories: ["**"], actions: [push]}
""")
    assert granted(rules, user("user7"), "a") == granted(rules, user("USER7"), "a") == {"pull"}
    own = policy('allow:\n  - {id: a, who: [signed-in], repositories: ["{user}/**"], actions: [push]}\n')
    assert granted(own, user("User7"), "user7/a") == {"pull", "push"}
