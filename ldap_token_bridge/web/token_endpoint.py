"""The token endpoint: reads a request, has it answered within its deadline, and writes the audit line."""

import os
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from aiohttp import web

from ldap_token_bridge.ascii_json import to_json
from ldap_token_bridge.cache import RevocationsUnreadable
from ldap_token_bridge.deadline import Backstop, Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.observe import Metrics, RequestSpan, log, read_traceparent, spans, traced_lines, write_audit
from ldap_token_bridge.policy import Shadowed
from ldap_token_bridge.robots import TooManyRobots
from ldap_token_bridge.token_service import Issued, NotIssued, TokenRequest, TokenService
from ldap_token_bridge.tokens import RefreshRefusal
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.workloads import IssuerUnavailable, WorkloadRefusal

from . import answers
from .addresses import client_address
from .token_request import Headers, read_form, read_query
from .trail import Trail

# ggcr reads no more of a reply; proxies commonly refuse a header beyond 8 kB.
_MAX_BODY = 64 * 1024
_LARGE_TOKEN = 8 * 1024
_TRACEPARENT = "traceparent"
_CLIENT_ERROR = 400
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How requests are answered; replaced whole by a reload. `deadline` in seconds."""

    deadline: float
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    messages: Mapping[str, str]


# The JSON that holds a token, or any other response.
_Answer = bytes | web.Response


class TokenEndpoint:
    """GET and POST on every token path."""

    def __init__(self, service: TokenService, options: EndpointOptions, metrics: Metrics) -> None:
        self.options = options
        self._service = service
        self._metrics = metrics
        self._backstop = Backstop()

    def begin(self, peer: str | None, path: str, headers: Headers) -> Trail | None:
        """Answer a GET for whom memory alone decides: the trail has the reply then, and `finish` gives it else.

        None if it is for `answer`. Raises nothing.
        """
        if spans().are_recorded or _TRACEPARENT in headers:
            return None  # a span, and log lines that name it, need a task's own context
        trail = self._trail(peer, "GET", headers)
        try:
            asked = trail.asked = read_query(path, headers, trail.address)
            outcome = trail.outcome = self._service.issue_at_once(asked, trail.deadline)
            if outcome is None:
                return trail
            answered = self._answer_to(outcome, asked, trail)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log a line
            answered = self._failure(problem, trail)
        self._end(answered, trail)
        return trail

    async def finish(self, trail: Trail) -> None:
        """Answer what `begin` could not; the trail has the reply then. Raises nothing."""
        self._end(await self._answer(trail), trail)

    async def answer(self, request: web.Request) -> web.Response:
        """Always an answer of the protocol, and always one audit line."""
        trail = self._trail(request.remote, request.method, request.headers)
        parent = read_traceparent(request.headers.getall(_TRACEPARENT, []))
        with spans().request(parent) as span, traced_lines(span.context):
            if span.context:
                trail.fields["trace_id"] = span.context.trace_id
                trail.fields["span_id"] = span.context.span_id
            answered = await self._answer(trail, request)
            response = answers.success(answered) if isinstance(answered, bytes) else answered
            response.headers[answers.REQUEST_ID] = trail.request_id
            self._record(response.status, trail, span)
        return response

    def _end(self, answered: _Answer, trail: Trail) -> None:
        if isinstance(answered, bytes):
            trail.reply = answers.success_octets(answered, trail.request_id)
            self._record(200, trail)
        else:
            trail.reply = answers.octets(answered, trail.request_id)
            self._record(answered.status, trail)

    def _trail(self, peer: str | None, method: str, headers: Headers) -> Trail:
        options = self.options
        return Trail(
            os.urandom(8).hex(),
            client_address(peer, headers.getall("X-Forwarded-For", ()), options.trusted_proxies),
            method,
            headers.get("User-Agent", ""),
            time.perf_counter(),
            Deadline.after(options.deadline),
        )

    async def _answer(self, trail: Trail, request: web.Request | None = None) -> _Answer:
        """The answer to `request`, or to what was asked already."""
        self._metrics.under_way += 1
        try:
            if (asked := trail.asked) is None:
                asked = trail.asked = await self._read(request, trail)
                trail.outcome = self._service.issue_at_once(asked, trail.deadline)
            if trail.outcome is None:
                trail.outcome = await self._backstop.hold(self._service.issue(asked, trail.deadline), trail.deadline)
            return self._answer_to(trail.outcome, asked, trail)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the client gets an answer and the log a line
            return self._failure(problem, trail)
        finally:
            self._metrics.under_way -= 1

    def _failure(self, problem: Exception, trail: Trail) -> web.Response:
        trail.reason, response = answers.answer_to(problem, self.options.messages)
        _log_failure(problem, trail)
        return response

    async def _read(self, request: Any, trail: Trail) -> TokenRequest:
        if trail.method == "POST":  # as OAuth 2 asks; a form's body has half the time to come
            return await read_form(request, trail.address, trail.deadline.within(self.options.deadline / 2))
        return read_query(request.raw_path, request.headers, trail.address)

    def _answer_to(self, outcome: Issued | NotIssued, asked: TokenRequest, trail: Trail) -> _Answer:
        messages = self.options.messages
        if isinstance(outcome, Issued):
            if body := _body_of(outcome, to_form=trail.method == "POST"):
                return body
            trail.reason = "too-many-scopes"
            message = "The request asks for more repositories than fit into one token; ask for fewer at once."
            return answers.error(400, "UNSUPPORTED", message)
        trail.reason = outcome.reason
        if outcome.block:
            return answers.throttled(outcome.block, messages)
        if asked.refresh_token is not None or isinstance(outcome.reason, RefreshRefusal):
            return answers.refresh_refused(messages)
        if isinstance(outcome.reason, WorkloadRefusal):
            return answers.workload_refused(outcome.reason, messages)
        return answers.refused(outcome.reason, messages)

    def _record(self, status: int, trail: Trail, span: RequestSpan | None = None) -> None:
        outcome = "issued" if status < _CLIENT_ERROR else "refused" if status < _SERVER_ERROR else "error"
        elapsed = time.perf_counter() - trail.start
        self._metrics.token_request(outcome, trail.reason or "ok", elapsed)
        if trail.outcome is not None:
            self._count(trail.outcome, trail)
        if span:
            span.tell(trail.attributes(status, outcome), failed=status >= _SERVER_ERROR)
        write_audit(trail.record(status, outcome, elapsed))

    def _count(self, outcome: Issued | NotIssued, trail: Trail) -> None:
        """What is rare about an outcome, for metrics and the audit line."""
        metrics, fields, way = self._metrics, trail.fields, outcome.way
        refreshes = trail.asked is not None and trail.asked.refresh_token is not None
        if isinstance(outcome, Issued):
            shadow = outcome.decision.shadow
            if len(outcome.token) > _LARGE_TOKEN:
                metrics.large_tokens.inc()
                fields["token_bytes"] = len(outcome.token)
            if refreshes or outcome.refresh_token:
                metrics.refresh_tokens.labels("used" if refreshes else "issued").inc()
        else:
            shadow = outcome.shadow
            if outcome.block:
                metrics.budget_blocks.labels(outcome.block.budget).inc()
                fields["budget"] = outcome.block.budget
            if refreshes:
                metrics.refresh_tokens.labels("refused").inc()
        if way.workload:
            fields["workload"] = dict(way.workload)
        if way.stale_seconds:
            metrics.stale_logins.inc()
            fields["stale"] = True
            fields["stale_seconds"] = way.stale_seconds
        if shadow:
            self._count_shadow(shadow, trail)

    def _count_shadow(self, shadow: Shadowed, trail: Trail) -> None:
        for result in shadow.results:
            self._metrics.shadow_decisions.labels(result).inc()
        if shadow.change:
            trail.fields["shadow"] = {
                "policy": shadow.policy_hash,
                "gained": [access.text for access in shadow.change.gained],
                "lost": [access.text for access in shadow.change.lost],
                "rules": list(shadow.change.after),
            }


def _body_of(issued: Issued, *, to_form: bool) -> bytes:
    """The JSON that holds the token; empty if clients would not read all of it."""
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
        body["scope"] = " ".join([access.text for access in issued.decision.granted])
    text = to_json(body)
    return text if len(text) <= _MAX_BODY else b""


def _log_failure(problem: Exception, trail: Trail) -> None:
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
