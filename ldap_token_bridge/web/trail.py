"""What is known of one request while it is answered, and the audit line that comes of it."""

from collections.abc import Mapping
from dataclasses import field

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.token_service import Issued, NotIssued, TokenRequest
from ldap_token_bridge.values import dataclass

from .addresses import Address

# What a client may write into the audit line by itself.
_MAX_TOLD = 200


@dataclass(slots=True)
class Trail:
    """`start` in seconds of `time.perf_counter`; `reply` is the whole reply in octets, if it was given at once."""

    request_id: str
    address: Address | None
    method: str
    user_agent: str
    start: float
    deadline: Deadline
    asked: TokenRequest | None = None
    outcome: Issued | NotIssued | None = None
    reason: str = ""
    fields: dict[str, object] = field(default_factory=dict)
    reply: bytes | None = field(default=None, repr=False)

    def record(self, status: int, outcome: str, seconds: float) -> dict[str, object]:
        """The audit line's fields."""
        record: dict[str, object] = {
            "request_id": self.request_id,
            "outcome": outcome,
            "reason": self.reason,
            "status": status,
            "client": str(self.address or ""),
            "method": self.method,
            "user_agent": self.user_agent[:_MAX_TOLD],
        }
        self._add_decided(record)
        record["ms"] = round(seconds * 1000, 2)
        record.update(self.fields)
        return record

    def _add_decided(self, record: dict[str, object]) -> None:
        """What only a request that could be read has.

        Names as typed are not written down: people type passwords into the wrong field.
        """
        asked, outcome = self.asked, self.outcome
        if asked is not None:
            record["grant"] = asked.grant
            record["client_id"] = asked.client_id[:_MAX_TOLD]
        if outcome is None:
            return
        way, spent = outcome.way, outcome.way.spent
        granted = outcome.decision if isinstance(outcome, Issued) and not self.reason else None
        record |= {
            "account": outcome.subject,
            "service": outcome.service,
            "refresh_id": way.refresh_id,
            "asked": [access.text for access in outcome.asked],
            "granted": [access.text for access in granted.granted] if granted else (),
            "rules": granted.rule_ids if granted else (),
            "policy": outcome.policy_hash,
            "cache": way.cache,
            "search_ms": round(spent.search, 2),
            "bind_ms": round(spent.bind, 2),
            "groups_ms": round(spent.groups, 2),
            "sign_ms": round(spent.sign, 2),
        }
        if isinstance(outcome, Issued) and granted:
            record["key"] = outcome.key_id

    def attributes(self, status: int, outcome: str) -> Mapping[str, str | int]:
        """What a span tells: neither who asked, nor for what."""
        return {
            "http.request.method": self.method,
            "http.response.status_code": status,
            "ltb.outcome": outcome,
            "ltb.reason": self.reason or "ok",
            "ltb.cache": self.outcome.way.cache if self.outcome else "none",
        }
