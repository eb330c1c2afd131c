"""A large policy as a company has it, and the same with a part of its rules replaced: allow and deny rules alike."""

import random

_WORD = ("{{team}}/**", "teams/{{team}}/**", "{{team}}/app-*")
_PLAIN = ("team-{0}/**", "*/release-{0}-*", "proj-{0}/app-*", "**/base-{0}", "shared/{0}")
_ACTIONS = ("[pull]", "[pull, push]", "[pull, push, delete]")
_FAMILIES = ("family:team-write", "family:team-read")


def two_policies(rules: int, groups: int, changed: float) -> tuple[str, str]:
    """The texts before and after a change of that part of the rules; a tenth are deny rules."""
    head = ["version: 1", "groups:", *(f"  g{each}: CN=G{each},OU=Groups,DC=corp,DC=example" for each in range(groups))]
    head += ["families:"]
    head += [f"  team-{each}: 'CN=reg-{{team}}-{each},OU=Registry,DC=corp,DC=example'" for each in ("write", "read")]
    chance = random.Random(7)  # noqa: S311 -- the same each time, and no secret
    before: dict[str, list[str]] = {"allow": [], "deny": []}
    after: dict[str, list[str]] = {"allow": [], "deny": []}
    for number in range(rules):
        kind = "deny" if chance.random() < 0.1 else "allow"
        rule = _rule(chance, f"r{number}", rules, groups)
        other = _rule(chance, f"n{number}", rules, groups)
        before[kind].append(rule)
        after[kind].append(other if chance.random() < changed else rule)
    first, second = (
        "\n".join([*head, "allow:", *said["allow"], "deny:", *said["deny"], ""]) for said in (before, after)
    )
    return first, second


def _rule(chance: random.Random, identifier: str, rules: int, groups: int) -> str:
    group = f"group:g{chance.randrange(groups)}"
    others = (*_FAMILIES, "signed-in", f"user:u{chance.randrange(50)}", f"robot:r{chance.randrange(20)}")
    who = chance.choice((*[group] * 8, *others))
    own = () if who.startswith("robot") else ("users/{{user}}/**",)
    pattern = chance.choice(_WORD if who in _FAMILIES else (*_PLAIN, *own)).format(chance.randrange(rules))
    if who == group and chance.random() < 0.2:
        who += f", group:g{chance.randrange(groups)}"
    narrowed = ""
    if chance.random() < 0.05:
        narrowed += f", networks: [10.{chance.randrange(20)}.0.0/16]"
    if chance.random() < 0.05:
        narrowed += f", until: 2027-0{chance.randrange(1, 9)}-01"
    actions = chance.choice(_ACTIONS)
    return f"  - {{id: {identifier}, who: [{who}], repositories: ['{pattern}'], actions: {actions}{narrowed}}}"
