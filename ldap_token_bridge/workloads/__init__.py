"""Jobs and pods that log in with a token of their own platform: GitLab, GitHub, a Kubernetes cluster.

Owns what such a token must say, which workload of the policy it then is, and the issuers' keys: where they come from
and how long they count (aiohttp fetches them). Knows nothing of the directory, where no such name or token is ever
sent, nor of what a workload may do: that is the policy's.
"""

from .fetch import CannotFetch, fetch_keys
from .gate import WorkloadGate, WorkloadLogin, issuer_name
from .keys import IssuerUnavailable
from .model import Entry, Issuer, KeysAddress, WorkloadRefusal
from .pattern import ClaimPattern, parse_claim

__all__ = [
    "CannotFetch",
    "ClaimPattern",
    "Entry",
    "Issuer",
    "IssuerUnavailable",
    "KeysAddress",
    "WorkloadGate",
    "WorkloadLogin",
    "WorkloadRefusal",
    "fetch_keys",
    "issuer_name",
    "parse_claim",
]
