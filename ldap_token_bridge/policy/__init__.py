"""Who may do what with which repository: a policy file's text in, decisions with their reasons out.

Owns the file's format, its checks, its compiled form and its tests. Reads its own file and does no other I/O. Knows
nothing of how people log in, of LDAP, of tokens or HTTP: who asks comes in as a Subject, the time as an argument.

What commands alone need is not imported with the room, for `serve` would carry it around: `explain`, `who_can`,
`what_can`, `replay`, `proof`, `lint` and `docker_auth` are imported by their own names.
"""

from .cases import TestResult
from .clauses import Atom, Atoms, Meanings
from .comparison import ask_shadow, compare
from .decision import Change, Decision, Denied, DenyReason, Granted, Question, Shadowed, Verdict
from .load import Policy, load_policy, parse_policy, policy_files
from .memory import DecisionMemory
from .model import ACTIONS, policy_schema
from .pattern import Capture, Deep, Exact, Glob, Pattern, Segment
from .rules import (
    Expected,
    GroupReference,
    NamedFamily,
    NamedGroup,
    PolicyTest,
    Rule,
    RulePattern,
    RuleReference,
)
from .who import Who, parse_who

__all__ = [
    "ACTIONS",
    "Atom",
    "Atoms",
    "Capture",
    "Change",
    "Decision",
    "DecisionMemory",
    "Deep",
    "Denied",
    "DenyReason",
    "Exact",
    "Expected",
    "Glob",
    "Granted",
    "GroupReference",
    "Meanings",
    "NamedFamily",
    "NamedGroup",
    "Pattern",
    "Policy",
    "PolicyTest",
    "Question",
    "Rule",
    "RulePattern",
    "RuleReference",
    "Segment",
    "Shadowed",
    "TestResult",
    "Verdict",
    "Who",
    "ask_shadow",
    "compare",
    "load_policy",
    "parse_policy",
    "parse_who",
    "policy_files",
    "policy_schema",
]
