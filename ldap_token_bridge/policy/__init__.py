"""Who may do what with which repository: a policy file's text in, decisions with their reasons out.

Owns the file's format, its checks, its compiled form and its tests. Reads its own file and does no other I/O. Knows
nothing of how people log in, of LDAP, of tokens or HTTP: who asks comes in as a Subject, the time as an argument.
"""

from .cases import TestResult
from .clauses import Atom, Atoms, Meanings
from .comparison import ask_shadow, compare
from .decision import Change, Decision, Denied, DenyReason, Granted, Question, Shadowed, Verdict
from .explain import ActionReasons, Explanation, Holding, Miss, explain
from .load import Policy, load_policy, parse_policy, policy_files
from .memory import DecisionMemory
from .model import policy_schema
from .obstacles import Obstacle, ObstacleKind
from .pattern import Capture, Deep, Exact, Glob, Pattern, Segment
from .proof import Work
from .proof.diff import Difference, Gap, PolicyDiff, diff_policies
from .replay import PastRequest, Replayed, Unread, count_alike, people_of, read_requests, replay
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
from .what_can import Allowance, Holder, holder_of, holder_of_subject, what_can
from .who import Who, parse_who
from .who_can import Exemption, Grant, WhoCan, who_can

__all__ = [
    "ActionReasons",
    "Allowance",
    "Atom",
    "Atoms",
    "Capture",
    "Change",
    "Decision",
    "DecisionMemory",
    "Deep",
    "Denied",
    "DenyReason",
    "Difference",
    "Exact",
    "Exemption",
    "Expected",
    "Explanation",
    "Gap",
    "Glob",
    "Grant",
    "Granted",
    "GroupReference",
    "Holder",
    "Holding",
    "Meanings",
    "Miss",
    "NamedFamily",
    "NamedGroup",
    "Obstacle",
    "ObstacleKind",
    "PastRequest",
    "Pattern",
    "Policy",
    "PolicyDiff",
    "PolicyTest",
    "Question",
    "Replayed",
    "Rule",
    "RulePattern",
    "RuleReference",
    "Segment",
    "Shadowed",
    "TestResult",
    "Unread",
    "Verdict",
    "Who",
    "WhoCan",
    "Work",
    "ask_shadow",
    "compare",
    "count_alike",
    "diff_policies",
    "explain",
    "holder_of",
    "holder_of_subject",
    "load_policy",
    "parse_policy",
    "parse_who",
    "people_of",
    "policy_files",
    "policy_schema",
    "read_requests",
    "replay",
    "what_can",
    "who_can",
]
