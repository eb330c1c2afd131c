"""Every surprise in a policy file is an error with its line and column and a remedy."""

import pytest

from tests.support.policies import HEAD, only_problem, problems

# The head has eight lines, so a first rule stands in line 10.
RULE = HEAD + "allow:\n  - "


@pytest.mark.parametrize(
    ("text", "place", "what", "remedy"),
    [
        ("", "1:1", "the file is empty", "version: 1"),
        ("groups: {}\n", "1:1", "'version' is missing", "Add 'version'"),
        ("version: 2\n", "1:10", "format is 2", "reads version 1"),
        ("version: '1'\n", "1:10", "format is '1'", "reads version 1"),
        ("version: 1.0\n", "1:10", "format is 1.0", "reads version 1"),
        ("version: true\n", "1:10", "format is True", "reads version 1"),
        ("version: 1\nalow: []\n", "2:1", "unknown key 'alow'", "Did you mean 'allow'?"),
        ("version: 1\nallow: []\nallow: []\n", "3:1", "'allow' stands twice", "line 2"),
        ("version: 1\nallow:\n", "2:1", "'allow' has no value", "remove the key"),
        ("version: 1\nallow: {id: a}\n", "2:8", "allow must be a list", "with a dash before it"),
        ("version: 1\nallow: [a]\n", "2:9", "must be a mapping", "a mapping"),
        ("- version: 1\n", "1:1", "the file must be a mapping", "a mapping"),
        # groups
        ("version: 1\ngroups:\n  a: Platform\n", "3:6", "'Platform' is a bare name", "whole DN"),
        ("version: 1\ngroups:\n  a: CN=Platform\n", "3:6", "is a bare CN", "whole DN"),
        ("version: 1\ngroups:\n  a: CN=Platform,Groups\n", "3:6", "is no DN", "whole DN"),
        ("version: 1\ngroups:\n  a: CN={team},DC=x\n", "3:6", "is a template", "'families'"),
        ("version: 1\ngroups:\n  a: 7\n", "3:6", "a DN or a SID", "CN=Platform"),
        ("version: 1\ngroups:\n  a b: CN=a,DC=x\n", "3:3", "'a b' is no name", "letters, digits"),
        ("version: 1\ngroups:\n  a: CN=a,DC=x\n  A: CN=b,DC=x\n", "4:3", "'A' is defined twice", "policy.yaml:3:3"),
        # families
        ("version: 1\nfamilies:\n  a: CN=a,DC=x\n", "3:6", "exactly one word in braces", "CN=reg-{team}-write"),
        ("version: 1\nfamilies:\n  a: CN={a}-{b},DC=x\n", "3:6", "has 2", "CN=reg-{team}-write"),
        ("version: 1\nfamilies:\n  a: CN={{a}},DC=x\n", "3:6", "exactly one word in braces", "CN=reg-{team}-write"),
        ("version: 1\nfamilies:\n  a: CN={Team},DC=x\n", "3:6", "{Team} is no word", "lower-case"),
        ("version: 1\nfamilies:\n  a: CN={user},DC=x\n", "3:6", "{user} is the account", "another word"),
        ("version: 1\nfamilies:\n  a: CN={team}\n", "3:6", "is a bare CN", "whole DN"),
        ("version: 1\nfamilies:\n  a: '{team}'\n", "3:6", "is a bare name", "whole DN"),
        ('version: 1\nfamilies:\n  a: "{team}=x,DC=x"\n', "3:6", "is no DN", "whole DN"),
    ],
)
def test_what_stands_around_the_rules(text: str, place: str, what: str, remedy: str) -> None:
    """The frame of the file, groups and families."""
    problem = only_problem(text)
    assert str(problem.where) == f"policy.yaml:{place}"
    assert what in problem.what
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("rule", "column", "what", "remedy"),
    [
        ("{who: [anyone], catalog: true}", 5, "'allow.0.id' is missing", "Add 'id'"),
        ("{id: A, who: [anyone], catalog: true}", 10, "'A' is no id", "begins with a-z"),
        ("{id: -a, who: [anyone], catalog: true}", 10, "'-a' is no id", "begins with a-z"),
        ("{id: 7, who: [anyone], catalog: true}", 10, "7 is not text", 'quotes: "7"'),
        ("{id: a, catalog: true}", 5, "'allow.0.who' is missing", "Add 'who'"),
        ("{id: a, who: [], catalog: true}", 18, "for nobody", "Name somebody"),
        ("{id: a, who: [anyone]}", 5, "'a' speaks of nothing", "catalog: true"),
        ("{id: a, who: [anyone], catalog: false}", 5, "'a' speaks of nothing", "catalog: true"),
        ('{id: a, who: [anyone], repositories: ["**"]}', 5, "no actions", "[pull, push]"),
        ("{id: a, who: [anyone], catalog: true, actions: [pull]}", 43, "no repositories", "Add 'repositories'"),
        ("{id: a, who: anyone, catalog: true}", 18, "allow.0.who must be a list", 'as in who: ["group:platform"]'),
        (
            "{id: a, who: [anyone], repositories: a, actions: [pull]}",
            42,
            "allow.0.repositories must be a list",
            'repositories: ["team-a/**"]',
        ),
        ("{id: a, who: [anyone], catalog: yes}", 37, "true or false", "true or false"),
        ("{id: a, who: [anyone], catalog: true, whi: x}", 43, "unknown key 'whi'", "Did you mean 'why'?"),
        ("{id: a, who: [anyone], catalog: true, networks: []}", 53, "'networks' is empty", "remove the key"),
        ("{id: a, who: [anyone], catalog: true, services: []}", 53, "'services' is empty", "remove the key"),
        ("{id: a, who: [anyone], catalog: true, networks: }", 43, "'networks' has no value", "remove the key"),
        ("{id: a, who: [anyone], catalog: true, networks: [10.1.2.3/8]}", 54, "bits set", "Write 10.0.0.0/8"),
        ("{id: a, who: [anyone], catalog: true, networks: ['::ffff:10.0.0.0/104']}", 54, "IPv4", "Write 10.0.0.0/8"),
        ("{id: a, who: [anyone], catalog: true, until: tomorrow}", 50, "'tomorrow' is not a date", "2027-03-31"),
        ("{id: a, who: [anyone], catalog: true, until: 20270331}", 50, "20270331 is not a date", "2027-03-31"),
        ("{id: a, who: [anyone], catalog: true, until: 2027-02-30}", 50, "is not a date", "a day that exists"),
        ("{id: a, who: [alice], catalog: true}", 19, "'alice' names nobody", "user:NAME"),
        ("{id: a, who: [grp:platform], catalog: true}", 19, "names nobody", "Did you mean 'group:platform'?"),
        ("{id: a, who: [signedin], catalog: true}", 19, "names nobody", "Did you mean 'signed-in'?"),
        ("{id: a, who: [{user: alice}], catalog: true}", 19, "makes this a mapping", '"user:alice"'),
        ("{id: a, who: [7], catalog: true}", 19, "7 names nobody", "user:NAME"),
        ('{id: a, who: ["user:"], catalog: true}', 19, "a name is missing", "user:NAME"),
        ('{id: a, who: ["user: alice"], catalog: true}', 19, "spaces around", "'user:alice'"),
        ('{id: a, who: ["robot:ci-*"], catalog: true}', 19, "names are not patterns", "a group"),
        ('{id: a, who: ["user:a\\tb"], catalog: true}', 19, "control characters", "Correct"),
        ('{id: a, who: ["group:platfrom"], catalog: true}', 19, "no group has the name", "Did you mean 'platform'?"),
        ('{id: a, who: ["group:zzz"], catalog: true}', 19, "no group has the name", "Define it under 'groups'"),
        (
            '{id: a, who: ["family:team-wirte"], catalog: true}',
            19,
            "no family has the name",
            "Did you mean 'team-write'?",
        ),
        ("{id: a, who: [anyone], repositories: [a], actions: [pul]}", 57, "'pul' is no action", "Did you mean 'pull'?"),
        ('{id: a, who: [anyone], repositories: [a], actions: ["*"]}', 57, "'*' is no action", "pull, push and delete"),
        ("{id: a, who: [anyone], repositories: [7], actions: [pull]}", 43, "7 is not text", 'quotes: "7"'),
        (
            "{id: a, who: [anyone], repositories: [{a: b}], actions: [pull]}",
            43,
            "without quotes",
            'quotes, as in "{user}',
        ),
        (
            '{id: a, who: [anyone], repositories: ["{team}/x"], actions: [pull]}',
            43,
            "{team} needs a family in 'who'",
            "Add family:team-read or family:team-write to 'who'",
        ),
        (
            '{id: a, who: [anyone], repositories: ["{tema}/x"], actions: [pull]}',
            43,
            "no family has the word {tema}",
            "Did you mean 'team'?",
        ),
        (
            '{id: a, who: ["family:project"], repositories: ["{team}/x"], actions: [pull]}',
            53,
            "{team} needs a family in 'who'",
            "family:team-write",
        ),
        (
            '{id: a, who: ["family:project", "family:team-read"], repositories: ["{team}/{project}"], actions: [pull]}',
            73,
            "the words of two families, {team} and {project}",
            "Write two rules",
        ),
        (
            '{id: a, who: ["robot:ci"], repositories: ["users/{user}/x"], actions: [pull]}',
            47,
            "{user} stands for the account of a person",
            "Write the repository's name out",
        ),
    ],
)
def test_what_stands_in_a_rule(rule: str, column: int, what: str, remedy: str) -> None:
    """Each mistake is reported once, at the value or key that is wrong."""
    problem = only_problem(f"{RULE}{rule}\n")
    assert str(problem.where) == f"policy.yaml:10:{column}"
    assert what in problem.what
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("test", "column", "what", "remedy"),
    [
        ("{can: [catalog]}", 5, "exactly one subject", "anonymous: true"),
        ("{user: a, robot: b, can: [catalog]}", 5, "exactly one subject", "anonymous: true"),
        ("{user: a, anonymous: true, can: [catalog]}", 5, "exactly one subject", "anonymous: true"),
        ("{user: 7, can: [catalog]}", 12, "7 is not text", 'quotes: "7"'),
        ("{user: a}", 5, "expects nothing", "'can' or 'cannot'"),
        ("{anonymous: true, groups: [platform], can: [catalog]}", 5, "in no group", "name a user"),
        ("{user: a, groups: [platfrom], can: [catalog]}", 24, "no group has the name", "Did you mean 'platform'?"),
        ("{user: a, groups: [CN=x], can: [catalog]}", 24, "'CN=x' is no group", "a whole DN"),
        ("{user: a, families: {team-wriet: [a]}, can: [catalog]}", 26, "no family has", "Did you mean 'team-write'?"),
        ("{user: a, families: {team-write: [a b]}, can: [catalog]}", 39, "no legal path component", "one segment"),
        ("{user: a, can: [push]}", 21, "'push' is nothing to test", "push team-a/app"),
        ("{user: a, can: [pus a/b]}", 21, "'pus' is no action", "Did you mean 'push'?"),
        ("{user: a, can: [push A/B]}", 21, "'A/B' is no repository name", "lower-case"),
        ("{user: a, can: [pull a/**]}", 21, "is no repository name", "no pattern"),
        ("{user: a, address: 10.0.0.0/8, can: [catalog]}", 24, "is no address", "10.20.0.7"),
        ("{user: a, at: soon, can: [catalog]}", 19, "'soon' is not a date", "2027-03-31"),
        ("{user: a, cann: [catalog]}", 15, "unknown key 'cann'", "Did you mean 'can'?"),
    ],
)
def test_what_stands_in_a_test(test: str, column: int, what: str, remedy: str) -> None:
    """A test that cannot mean anything is an error too; an unknown key leaves the test without expectations."""
    found = problems(f"{HEAD}tests:\n  - {test}\n")
    assert what in found[-1].what
    assert str(found[-1].where) == f"policy.yaml:10:{column}"
    assert remedy in found[-1].remedy


def test_ids_are_unique_across_allow_and_deny() -> None:
    """An id names one rule in the audit log; both places are told."""
    problem = only_problem("""\
version: 1
allow:
  - {id: a, who: [anyone], catalog: true}
deny:
  - {id: a, who: [anyone], catalog: true}
""")
    assert str(problem.where) == "policy.yaml:5:10"
    assert "two rules have the id 'a'" in problem.what
    assert "policy.yaml:3:10" in problem.remedy


def test_a_missing_space_is_no_rule_for_everybody() -> None:
    """`{account:"x"}` reads as a key without a value in YAML; elsewhere that matched everybody and gave everything."""
    found = problems('version: 1\nallow:\n  - {id: a, who:["user:alice"], catalog: true}\n')
    assert str(found[0].where).startswith("policy.yaml:3:")
    problem = only_problem('version: 1\nallow:\n  - {id:"a", who: [anyone], catalog: true}\n')
    assert str(problem.where) == "policy.yaml:3:6"
    assert "a space is missing after 'id:'" in problem.what


def test_all_problems_of_all_files_come_at_once() -> None:
    """Broken form in one rule hides neither what is wrong with the next rule nor with the next file."""
    first = """\
version: 1
groups: {platform: Platform}
allow:
  - {id: a, who: ["group:nobody"], catalog: true, foo: 1}
  - {id: b, who: ["group:platform", "group:nobody"], repositories: ["A"], actions: [pull]}
  - {id: c, who: ["group:nobody"], catalog: true}
"""
    second = "version: 1\ndeny:\n  - {id: c, who: [anyone]}\n"
    assert [str(problem.where) for problem in problems(first, second)] == [
        "1.yaml:2:20",
        "1.yaml:4:19",
        "1.yaml:4:51",
        "1.yaml:5:37",
        "1.yaml:5:69",
        "1.yaml:6:19",
        "2.yaml:3:5",
        "2.yaml:3:10",
    ]


def test_a_file_without_form_does_not_make_names_undefined() -> None:
    """What is defined in a file that is no YAML is not said to be missing."""
    good = "version: 1\nallow:\n  - {id: c, who: ['group:platform'], catalog: true}\n"
    (problem,) = problems("version: 1\ngroups: {", good)
    assert "not valid YAML" in problem.what
