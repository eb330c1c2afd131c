"""A policy of as many rules as one likes, as a large company would have it: every kind of pattern, a group a rule."""

from collections.abc import Callable, Iterator

from ldap_token_bridge.identity import Group, Subject, SubjectKind

_HEAD = """\
version: 1
families:
  team-write: CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com
"""
_PATTERNS = ('"team-{0}/**"', '"*/release-{0}-*"', '"team-{0}/app-*", shared/{0}', '"**/base-{0}"')
_MATCHES = ("team-{0}/some/image", "some/release-{0}-image", "shared/{0}", "some/path/base-{0}")


def group_dn(number: int) -> str:
    """The group that rule `number` is for."""
    return f"CN=Group {number},OU=Groups,DC=corp,DC=example,DC=com"


def policy_text(rules: int, more: str = "", group: Callable[[int], str] = group_dn) -> str:
    """Allow rules, each for the DN of its `group`; a tenth as many deny rules. `more` are lines of allow rules."""
    return "\n".join([_HEAD, *_lines(rules, more, group), ""])


def allow_rules(rules: int) -> int:
    """How many rules of such a policy allow something: the first ones."""
    return rules - rules // 10


def repository(number: int) -> str:
    """One that allow rule `number` is about."""
    return _MATCHES[number % len(_MATCHES)].format(number)


def member(groups: int, rules: int) -> Subject:
    """Someone in as many groups, spread over the policy of so many rules; in other groups where it has fewer."""
    numbers = (number * stride(groups, rules) for number in range(groups))
    return Subject(SubjectKind.USER, "alice", tuple(Group(group_dn(number)) for number in numbers))


def stride(groups: int, rules: int) -> int:
    """The numbers of a member's groups are multiples of this."""
    return max(1, rules // groups)


def _lines(rules: int, more: str, group: Callable[[int], str]) -> Iterator[str]:
    allows = allow_rules(rules)
    yield "groups:"
    yield from (f"  group-{number}: {group(number)}" for number in range(rules))
    yield "allow:"
    for number in range(allows):
        pattern = _PATTERNS[number % len(_PATTERNS)].format(number)
        who = f"group:group-{number}"
        yield f"  - {{id: allow-{number}, who: [{who}], repositories: [{pattern}], actions: [pull, push]}}"
    yield more
    yield "deny:"
    for number in range(allows, rules):
        yield f'  - {{id: deny-{number}, who: [signed-in], repositories: ["team-{number}/**"], actions: [delete]}}'
