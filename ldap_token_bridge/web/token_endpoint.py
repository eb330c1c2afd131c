"""The token endpoint: reads a request, has it answered within its deadline, and writes the audit line."""

import asyncio
import secrets
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from aiohttp import web

from ldap_token_bridge.ascii_json import to_json
from ldap_token_bridge.cache import RevocationsUnreadable
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.observe import (
    Metrics,
    RequestSpan,
    log,
    read_traceparent,
    spans,
    traced_lines,
    write_audit,
)
from ldap_token_bridge.policy import Shadowed
from ldap_token_bridge.robots import TooManyRobots
from ldap_token_bridge.token_service import Issued, NotIssued, TokenRequest, TokenService
from ldap_token_bridge.tokens import RefreshRefusal
from ldap_token_bridge.workloads import IssuerUnavailable, WorkloadRefusal

from . import answers
from .addresses import Address, client_address
from .token_request import is_form, read_request

# ggcr reads no more of a reply; proxies commonly refuse a header beyond 8 kB.
_MAX_BODY = 64 * 1024
_LARGE_TOKEN = 8 * 1024
_SUCCESS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
# What a client may write into the audit line by itself.
_MAX_TOLD = 200
_CLIENT_ERROR = 400
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How requests are answered; replaced whole by a reload. `deadline` in seconds."""

    deadline: float
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    messages: Mapping[str, str]


@dataclass(slots=True)
class _Trail:
    """What is known of a request so far, for the audit line."""

    request_id: str
    address: Address | None
    start: float
    asked: TokenRequest | None = None
    outcome: Issued | NotIssued | None = None
    reason: str = ""
    fields: dict[str, object] = field(default_factory=dict)


class TokenEndpoint:
    """GET and POST on every token path."""

    def __init__(self, service: TokenService, options: EndpointOptions, metrics: Metrics) -> None:
        self.options = options
        self._service = service
        self._metrics = metrics

    async def answer(self, request: web.Request) -> web.Response:
        """Always an answer of the protocol, and always one audit line."""
        options = self.options
        peer = request.transport.get_extra_info("peername") if request.transport else None
        address = client_address(
            peer[0] if peer else None, request.headers.getall("X-Forwarded-For", []), options.trusted_proxies
        )
        trail = _Trail(secrets.token_hex(8), address, time.perf_counter())
        parent = read_traceparent(request.headers.getall("traceparent", []))
        with spans().request(parent) as span, traced_lines(span.context):
            if span.context:
                trail.fields["trace_id"] = span.context.trace_id
                trail.fields["span_id"] = span.context.span_id
            self._metrics.in_flight.inc()
            try:
                response = await self._answer(request, trail, options)
            finally:
                self._metrics.in_flight.dec()
            response.headers["X-Request-Id"] = trail.request_id
            self._record(request, response, trail, span)
        return response

    async def _answer(self, request: web.Request, trail: _Trail, options: EndpointOptions) -> web.Response:
        deadline = Deadline.after(options.deadline)
        try:
            # A form's body has half the time to come.
            asked = trail.asked = await read_request(request, trail.address, deadline.within(options.deadline / 2))
            outcome = self._service.issue_at_once(asked, deadline)
            if outcome is None:
                async with asyncio.timeout_at(deadline.at):
                    outcome = await self._service.issue(asked, deadline)
            trail.outcome = outcome
            return self._answer_with(outcome, asked, request, trail, options)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log a line
            trail.reason, response = answers.answer_to(problem, options.messages)
            _log_failure(problem, trail)
            return response

    def _answer_with(
        self,
        outcome: Issued | NotIssued,
        asked: TokenRequest,
        request: web.Request,
        trail: _Trail,
        options: EndpointOptions,
    ) -> web.Response:
        shadow = outcome.decision.shadow if isinstance(outcome, Issued) else outcome.shadow
        if outcome.way.workload:
            trail.fields["workload"] = dict(outcome.way.workload)
        if shadow:
            self._tell_shadow(shadow, trail)
        if outcome.way.stale_seconds:
            trail.fields["stale"] = True
            trail.fields["stale_seconds"] = outcome.way.stale_seconds
            self._metrics.stale_logins.inc()
        if isinstance(outcome, NotIssued):
            trail.reason = outcome.reason
            if outcome.block:
                trail.fields["budget"] = outcome.block.budget
                self._metrics.budget_blocks.labels(outcome.block.budget).inc()
                return answers.throttled(outcome.block, options.messages)
            if asked.refresh_token is not None or isinstance(outcome.reason, RefreshRefusal):
                return answers.refresh_refused(options.messages)
            if isinstance(outcome.reason, WorkloadRefusal):
                return answers.workload_refused(outcome.reason, options.messages)
            return answers.refused(outcome.reason, options.messages)
        return self._success(outcome, trail, to_form=is_form(request))

    def _success(self, issued: Issued, trail: _Trail, *, to_form: bool) -> web.Response:
        body: dict[str, object] = {
            "token": issued.token,
            "access_token": issued.token,
            "expires_in": issued.expires_in,
        }
        if issued.issued_at is not None:
            # RFC 3339 with Z: distribution, docs/content/spec/auth/token.md.
            body["issued_at"] = f"{datetime.fromtimestamp(issued.issued_at, UTC):%Y-%m-%dT%H:%M:%SZ}"
        if issued.refresh_token:
            body["refresh_token"] = issued.refresh_token
        if to_form:
            body["scope"] = " ".join(map(str, issued.decision.granted))
        if len(issued.token) > _LARGE_TOKEN:
            self._metrics.large_tokens.inc()
            trail.fields["token_bytes"] = len(issued.token)
        text = to_json(body)
        if len(text) > _MAX_BODY:
            trail.reason = "too-many-scopes"
            message = "The request asks for more repositories than fit into one token; ask for fewer at once."
            return answers.error(400, "UNSUPPORTED", message)
        return web.Response(body=text, headers=_SUCCESS)

    def _tell_shadow(self, shadow: Shadowed, trail: _Trail) -> None:
        for result in shadow.results:
            self._metrics.shadow_decisions.labels(result).inc()
        if shadow.change:
            trail.fields["shadow"] = {
                "policy": shadow.policy_hash,
                "gained": [str(access) for access in shadow.change.gained],
                "lost": [str(access) for access in shadow.change.lost],
                "rules": list(shadow.change.after),
            }

    def _count_refresh(self, trail: _Trail) -> None:
        """Refresh tokens issued with a password, and used: taken or refused."""
        outcome, asked = trail.outcome, trail.asked
        if asked is not None and asked.refresh_token is not None and outcome is not None:
            self._metrics.refresh_tokens.labels("refused" if isinstance(outcome, NotIssued) else "used").inc()
        elif isinstance(outcome, Issued) and outcome.refresh_token:
            self._metrics.refresh_tokens.labels("issued").inc()

    def _record(self, request: web.Request, response: web.Response, trail: _Trail, span: RequestSpan) -> None:
        outcome = "issued" if response.status < _CLIENT_ERROR else "refused"
        outcome = "error" if response.status >= _SERVER_ERROR else outcome
        elapsed = time.perf_counter() - trail.start
        self._metrics.token_request(outcome, trail.reason or "ok", elapsed)
        self._count_refresh(trail)
        span.tell(_attributes(request, response, trail, outcome), failed=response.status >= _SERVER_ERROR)
        write_audit(
            {
                "request_id": trail.request_id,
                "outcome": outcome,
                "reason": trail.reason,
                "status": response.status,
                "client": str(trail.address or ""),
                "method": request.method,
                "user_agent": request.headers.get("User-Agent", "")[:_MAX_TOLD],
                **_decided(trail),
                "ms": round(elapsed * 1000, 2),
                **trail.fields,
            }
        )


def _attributes(request: web.Request, response: web.Response, trail: _Trail, outcome: str) -> Mapping[str, str | int]:
    """What a span tells: neither who asked, nor for what."""
    return {
        "http.request.method": request.method,
        "http.response.status_code": response.status,
        "ltb.outcome": outcome,
        "ltb.reason": trail.reason or "ok",
        "ltb.cache": trail.outcome.way.cache if trail.outcome else "none",
    }


def _decided(trail: _Trail) -> dict[str, object]:
    """The part of the audit line that only a request that could be read has.

    Names as typed are not written down: people type passwords into the wrong field.
    """
    asked, outcome = trail.asked, trail.outcome
    sent = {"grant": asked.grant, "client_id": asked.client_id[:_MAX_TOLD]} if asked else {}
    if outcome is None:
        return dict(sent)
    way, spent = outcome.way, outcome.way.spent
    told: dict[str, object] = {
        **sent,
        "account": outcome.subject,
        "service": outcome.service,
        "refresh_id": way.refresh_id,
        "asked": [str(access) for access in outcome.asked],
        "granted": (),
        "rules": (),
        "policy": outcome.policy_hash,
        "cache": way.cache,
        "search_ms": round(spent.search, 2),
        "bind_ms": round(spent.bind, 2),
        "groups_ms": round(spent.groups, 2),
        "sign_ms": round(spent.sign, 2),
    }
    if isinstance(outcome, Issued) and not trail.reason:
        told |= {
            "granted": [str(access) for access in outcome.decision.granted],
            "rules": outcome.decision.rule_ids,
            "key": outcome.key_id,
        }
    return told


def _log_failure(problem: Exception, trail: _Trail) -> None:
    if isinstance(problem, IssuerUnavailable):
        log().warning("a workload's token could not be verified", request_id=trail.request_id, why=problem.detail)
    elif isinstance(problem, RevocationsUnreadable):
        log().warning("a refresh token could not be checked", request_id=trail.request_id, why=problem.detail)
    elif isinstance(problem, TooManyRobots):
        log().warning("more robots' secrets wait to be checked than can be in time", request_id=trail.request_id)
    elif isinstance(problem, Unavailable):
        log().warning("the directory could not answer", request_id=trail.request_id, why=problem.detail)
    elif trail.reason == answers.INTERNAL:
        log().error(
            "a request failed in a way that it should not; please report this",
            request_id=trail.request_id,
            error=type(problem).__name__,
            # Places only: the text of an unforeseen exception could hold anything.
            where=[f"{Path(at.filename).name}:{at.lineno}" for at in traceback.extract_tb(problem.__traceback__)],
        )
