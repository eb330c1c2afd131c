"""The policy's semantics read slowly and literally: every rule, every pattern, every word, by regular expressions.

Shares no code with the policy room. Works on the plain values of a policy file; knows only the groups defined here.
"""

import re
from collections.abc import Iterator
from typing import Any

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy import Question

GROUPS = {"ga": "CN=A,OU=G,DC=x", "gb": "CN=B,OU=G,DC=x", "gs": "S-1-5-21-7", "gt": "S-1-5-21-8"}
FAMILIES = {"fw": "CN=reg-{team}-w,OU=R,DC=x", "fr": "CN=reg-{team}-r,OU=R,DC=x", "fp": "CN={proj},OU=P,DC=x"}
WORDS = {"fw": "team", "fr": "team", "fp": "proj"}
_COMPONENT = r"[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*"

Rule = dict[str, Any]
# What each action comes to: whether it is granted, and the ids of the rules that say so.
Outcome = dict[str, tuple[bool, list[str]]]


def outcome(policy: dict[str, Any], question: Question, name: str | None) -> Outcome:
    """For each action on the repository `name`, or for the catalogue's `*` if it is None."""
    result: Outcome = {}
    for action in ("pull", "push", "delete") if name else ("*",):
        allowed = [rule["id"] for rule in policy["allow"] if _speaks(rule, question, name, action, deny=False)]
        denied = [rule["id"] for rule in policy["deny"] if _speaks(rule, question, name, action, deny=True)]
        deciding = [] if not allowed else (denied or allowed)
        result[action] = (bool(allowed) and not denied, sorted(deciding))
    return result


def _speaks(rule: Rule, question: Question, name: str | None, action: str, *, deny: bool) -> bool:
    if not counts(rule, question, unknown=deny):
        return False
    subject = question.subject
    if name is None:
        return bool(rule.get("catalog")) and any(_meets(term, subject, unknown=deny) for term in rule["who"])
    actions = set(rule.get("actions", ()))
    if deny and "pull" in actions:
        actions.add("push")
    if not deny and "push" in actions:
        actions.add("pull")
    return action in actions and any(
        _matches(pattern, rule["who"], subject, name, unknown=deny) for pattern in rule.get("repositories", ())
    )


def counts(rule: Rule, question: Question, *, unknown: bool) -> bool:
    """Whether the rule is in force at that time, for that service and address; `unknown` if one is not known."""
    if "until" in rule and question.now.date().isoformat() > rule["until"]:
        return False
    if "services" in rule and not (question.service in rule["services"] if question.service else unknown):
        return False
    if "networks" in rule:
        # The networks of the tests are all of 10.*.*.*.
        return str(question.address).startswith("10.") if question.address else unknown
    return True


def _meets(term: str, subject: Subject | None, *, unknown: bool) -> bool:
    if subject is None or term in ("anyone", "signed-in"):
        return term == "anyone" or subject is not None
    kind, _, name = term.partition(":")
    if kind == "family":
        return bool(_words(name, subject)) or (unknown and _has_nameless(subject))
    if kind != "group":
        return kind == subject.kind.value and name.lower() == subject.name.lower()
    wanted = GROUPS[name]
    if wanted.startswith("S-"):
        return any(wanted == group.sid or (unknown and not group.sid) for group in subject.groups)
    return any(wanted.lower() == group.dn.lower() or (unknown and not group.dn) for group in subject.groups)


def _has_nameless(subject: Subject) -> bool:
    return any(not group.dn for group in subject.groups)


def _words(family: str, subject: Subject) -> set[str]:
    before, after = FAMILIES[family].lower().split("{" + WORDS[family] + "}")
    found = {
        group.dn.lower()[len(before) : len(group.dn) - len(after)]
        for group in subject.groups
        if group.dn.lower().startswith(before) and group.dn.lower().endswith(after)
    }
    return {word for word in found if re.fullmatch(_COMPONENT, word)}


def _matches(pattern: str, who: list[str], subject: Subject | None, name: str, *, unknown: bool) -> bool:
    return any(
        re.fullmatch(_expression(pattern, word, subject), name) is not None
        for word in _bindings(pattern, who, subject, unknown=unknown)
    )


def _bindings(pattern: str, who: list[str], subject: Subject | None, *, unknown: bool) -> Iterator[str]:
    """The expressions that a family's word can stand for; one that is never used if the pattern has no such word."""
    used = next((word for word in ("team", "proj") if "{" + word + "}" in pattern), None)
    if used is None:
        if any(_meets(term, subject, unknown=unknown) for term in who):
            yield ""
        return
    families = [term.removeprefix("family:") for term in who if term.startswith("family:")]
    for family in families:
        if WORDS[family] == used and subject is not None:
            yield from map(re.escape, _words(family, subject))
            if unknown and _has_nameless(subject):
                yield _COMPONENT


def _expression(pattern: str, word: str, subject: Subject | None) -> str:
    account = subject.name.lower() if subject and subject.kind.value == "user" else ""
    out = ""
    bound = False
    segments = pattern.split("/")
    for number, segment in enumerate(segments, 1):
        last = number == len(segments)
        if segment == "**":
            out += "[^/]+(?:/[^/]+)*" if last else "(?:[^/]+/)*"
            continue
        if segment == "{user}":
            out += re.escape(account) if re.fullmatch(_COMPONENT, account) else "(?!)"
        elif segment.startswith("{"):
            out += "(?P=word)" if bound else f"(?P<word>{word})"
            bound = True
        elif segment == "*":
            out += "[^/]+"
        else:
            out += "[^/]*".join(map(re.escape, segment.split("*")))
        out += "" if last else "/"
    return out
