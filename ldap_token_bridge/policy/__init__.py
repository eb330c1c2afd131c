"""Who may do what with which repository: a policy file's text in, decisions with their reasons out.

Owns the file's format, its checks, its compiled form and its tests. Reads its own file and does no other I/O. Knows
nothing of how people log in, of LDAP, of tokens or HTTP: who asks comes in as a Subject, the time as an argument.
"""

from .cases import TestResult
from .decision import Decision, Denied, DenyReason, Granted, Question, Verdict
from .load import Policy, load_policy, parse_policy
from .model import policy_schema
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
from .who import Who

__all__ = [
    "Capture",
    "Decision",
    "Deep",
    "Denied",
    "DenyReason",
    "Exact",
    "Expected",
    "Glob",
    "Granted",
    "GroupReference",
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
    "TestResult",
    "Verdict",
    "Who",
    "load_policy",
    "parse_policy",
    "policy_schema",
]
