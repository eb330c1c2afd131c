"""The caller's place in a trace, and the spans of a request."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from ldap_token_bridge.demo.people import PEOPLE
from ldap_token_bridge.observe import (
    NoSpans,
    TraceContext,
    configure_logging,
    log,
    otlp_spans,
    read_traceparent,
    spans,
    traced_lines,
    use_spans,
)
from ldap_token_bridge.observe.otlp import OtlpSpans
from tests.support import canaries
from tests.support.http import request
from tests.support.in_process import InProcess, running_in_process

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PASSWORD = next(person.password for person in PEOPLE if person.account == "alice")
HEADER = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    """Spans as OpenTelemetry's SDK hands them to an exporter."""
    exporter = InMemorySpanExporter()
    mine = OtlpSpans(SimpleSpanProcessor(exporter), {})
    before = use_spans(mine)
    yield exporter
    use_spans(before)
    mine.close()


def test_a_traceparent_is_read() -> None:
    """As W3C Trace Context has it; a later version may have more behind it."""
    assert read_traceparent([HEADER]) == TraceContext(TRACE, PARENT, sampled=True)
    assert read_traceparent([HEADER[:-2] + "00"]) == TraceContext(TRACE, PARENT, sampled=False)
    assert read_traceparent([f"cc-{TRACE}-{PARENT}-01-what-the-future-brings"]) == TraceContext(
        TRACE, PARENT, sampled=True
    )


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        [HEADER, HEADER],
        [HEADER.upper()],
        [f" {HEADER}"],
        [f"{HEADER}\n"],
        [f"{HEADER}-more"],
        [f"ff-{TRACE}-{PARENT}-01"],
        [f"cc-{TRACE}-{PARENT}-01more"],
        [f"00-{'0' * 32}-{PARENT}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"00-{TRACE}-{PARENT}"],
        [f"00-{TRACE[:-1]}\u0661-{PARENT}-01"],
        [f"00-{TRACE}-{PARENT}-01" + "x" * 100_000],
    ],
)
def test_whatever_is_not_as_the_standard_has_it_is_ignored(headers: list[str]) -> None:
    """Nobody writes into log and audit line by it."""
    assert read_traceparent(headers) is None


def test_log_lines_say_to_which_trace_they_belong(capsys: pytest.CaptureFixture[str]) -> None:
    """Within the request, and not after it."""
    configure_logging("json", "info")
    with traced_lines(TraceContext(TRACE, PARENT, sampled=True)):
        log().info("within")
    log().info("after")
    within, after = map(json.loads, capsys.readouterr().err.splitlines())
    assert (within["trace_id"], within["span_id"]) == (TRACE, PARENT)
    assert "trace_id" not in after


def test_off_is_nothing() -> None:
    """One object for all steps, and the caller's own place."""
    off = NoSpans()
    assert off.step("search") is off.step("sign")
    parent = TraceContext(TRACE, PARENT, sampled=True)
    with off.request(parent) as span:
        assert span.context == parent


def test_an_exception_is_told_to_nobody(recorded: InMemorySpanExporter) -> None:
    """Its text could hold anything."""
    secret = canaries.password("in an exception")
    with pytest.raises(ValueError, match=secret), spans().request(None), spans().step("bind"):
        raise ValueError(secret)
    found = recorded.get_finished_spans()
    assert len(found) == 2
    assert not any(span.events or span.status.description for span in found)
    assert not canaries.leaks("".join(span.to_json() for span in found))


def test_sampling_is_the_callers(recorded: InMemorySpanExporter) -> None:
    """A caller that records nothing has nothing recorded here; its trace goes on all the same."""
    with spans().request(TraceContext(TRACE, PARENT, sampled=False)) as span:
        assert span.context is not None and span.context.trace_id == TRACE
    assert recorded.get_finished_spans() == ()


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """One bridge for these tests."""
    with running_in_process(tmp_path_factory.mktemp("bridge")) as running:
        yield running


def _ask(bridge: InProcess, password: str) -> int:
    query = [("scope", "repository:team-a/app:pull")]
    url = f"http://127.0.0.1:{bridge.port}/token"
    return request(url, query=query, basic=("alice", password), headers={"traceparent": HEADER}).status


def test_a_requests_spans(
    bridge: InProcess, recorded: InMemorySpanExporter, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the caller's: the request, and in it each step; nobody's name in any of them."""
    assert _ask(bridge, PASSWORD) == 200
    found = {span.name: span for span in recorded.get_finished_spans()}
    assert set(found) == {"token request", "search", "bind", "groups", "policy", "sign"}
    whole = found.pop("token request")
    assert whole.parent is not None
    assert (f"{whole.parent.trace_id:032x}", f"{whole.parent.span_id:016x}") == (TRACE, PARENT)
    assert all(
        each.parent and whole.context and each.parent.span_id == whole.context.span_id for each in found.values()
    )
    assert dict(whole.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "ltb.outcome": "issued",
        "ltb.reason": "ok",
        "ltb.cache": "miss",
    }
    assert not any(re.search("alice|team-a|eyJ", _told(span)) for span in (whole, *found.values()))
    audit = json.loads(next(line for line in capsys.readouterr().out.splitlines() if "token-request" in line))
    assert (audit["trace_id"], audit["span_id"]) == (TRACE, f"{whole.context.span_id:016x}" if whole.context else "")


def test_a_refusal_is_no_error(bridge: InProcess, recorded: InMemorySpanExporter) -> None:
    """A wrong password is an outcome; its span says which."""
    assert _ask(bridge, "wrong") == 401
    (whole,) = [span for span in recorded.get_finished_spans() if span.name == "token request"]
    assert whole.attributes and whole.attributes["ltb.reason"] == "wrong-credentials"
    assert whole.status.status_code is StatusCode.UNSET


def test_the_incoming_trace_stands_in_the_audit_line(bridge: InProcess, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where no spans are recorded; the span is then the caller's."""
    _ask(bridge, PASSWORD)
    audit = json.loads(next(line for line in capsys.readouterr().out.splitlines() if "token-request" in line))
    assert (audit["trace_id"], audit["span_id"]) == (TRACE, PARENT)


def test_a_collector_that_is_not_there(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are lost, and one line of our own says so; OpenTelemetry's own texts are not shown."""
    configure_logging("json", "info")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    sending = otlp_spans("http://127.0.0.1:9", {})
    with sending.request(None):
        pass
    sending.close()
    logging.getLogger("opentelemetry.sdk").error("a second complaint with %s", "details")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["traces cannot be sent; requests are not touched"]


def _told(span: ReadableSpan) -> str:
    return str(span.to_json())


def test_only_one_file_knows_opentelemetry() -> None:
    """Without the extra nothing of it is imported at the start."""
    package = Path(__file__).parents[2] / "ldap_token_bridge"
    knowing = [
        path.name for path in package.rglob("*.py") if re.search(r"(from|import) opentelemetry", path.read_text())
    ]
    assert knowing == ["otlp.py"]
