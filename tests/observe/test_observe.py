"""Log, audit trail and metrics."""

import io
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from ldap_token_bridge.observe import LineWriter, Metrics, configure_logging, log, write_audit
from ldap_token_bridge.observe.tally import Durations


def test_log_lines_are_json_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, with level and time; nothing below the level that is set."""
    configure_logging("json", "warning")
    log().info("not this")
    log().warning("this", number=5)
    captured = capsys.readouterr()
    told = json.loads(captured.err)
    assert (told["event"], told["level"], told["number"]) == ("this", "warning", 5)
    assert told["timestamp"].endswith("Z")
    assert captured.out == ""


def test_log_lines_are_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Without colours where no terminal is."""
    configure_logging("text", "info")
    log().info("listening", address="x")
    line = capsys.readouterr().err
    assert line.endswith(" info    listening  address=x\n")
    assert "\x1b" not in line


def test_a_log_line_is_in_colour_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its level, at which people look first."""
    configure_logging("text", "info")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    log().error("down")
    assert "\x1b[31merror" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_name_steers_a_terminal_or_begins_a_line(
    form: Literal["json", "text"], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever may choose a name in the directory writes nobody's log."""
    configure_logging(form, "info")
    log().warning(
        "who\nis this", entry="cn=a\n2026-01-01T00:00:00Z error   down \x1b[2J\u202e", groups=["\x9b1m\u2028"]
    )
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line[:-1].isprintable()


def test_what_belongs_together_in_a_text_line_is_in_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    """A value with a space in it could be taken for two, and one with `=` for a field."""
    configure_logging("text", "debug")
    log().debug("seen", where="", name="a b=c", number=3, names=["jürgen"])
    assert capsys.readouterr().err.endswith(' debug   seen  where=""  name="a b=c"  number=3  names=["jürgen"]\n')


def test_a_value_of_any_type_makes_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """To log is often the last thing that is done about an error."""
    configure_logging("json", "info")
    log().error("odd", value=b"\xff")  # type: ignore[arg-type]
    assert json.loads(capsys.readouterr().err)["value"] == "b'\\xff'"


def test_an_audit_line_is_one_object_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """In ASCII, with the time in front."""
    write_audit({"account": "jürgen\n", "granted": []})
    captured = capsys.readouterr()
    assert captured.out.isascii()
    assert captured.out.count("\n") == 1
    assert json.loads(captured.out)["account"] == "jürgen\n"


def test_a_trail_that_cannot_be_written_is_logged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a closed pipe fails no login."""
    configure_logging("json", "info")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    write_audit({"account": "alice"})
    assert "audit line could not be written" in capsys.readouterr().err


def test_durations_are_told_as_the_library_tells_them() -> None:
    """Line by line, with labels and without; with labels, nothing before something was timed."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    plain = Durations("a", "A", (0.5, 2), ours), Histogram("a", "A", buckets=(0.5, 2), registry=theirs)
    labelled = (
        Durations("b", "B", (0.5, 2), ours, ("x", "y")),
        Histogram("b", "B", ("x", "y"), buckets=(0.5, 2), registry=theirs),
    )
    for _ in range(2):
        assert _lines(ours) == _lines(theirs)
        for seconds in (0.1, 0.5, 1, 3):
            plain[0].observe(seconds)
            plain[1].observe(seconds)
            for labels in (("1", '"'), ("2", "b")):
                labelled[0].observe(seconds, *labels)
                labelled[1].labels(*labels).observe(seconds)


def _lines(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


def test_no_metric_is_labelled_by_person_or_repository() -> None:
    """Their number has no bound, and they are nobody's business who may read metrics."""
    metrics = Metrics()
    metrics.token_request("issued", "ok", 0.1)
    metrics.ldap_operation("bind", "ldaps://dc1", 0.1, "ok")
    metrics.cache_lookup("people", hit=True)
    text = metrics.render().decode()
    assert 'ltb_token_requests_total{outcome="issued",reason="ok"} 1.0' in text
    assert 'ltb_cache_lookups_total{cache="people",result="hit"} 1.0' in text
    assert not any(label in text for label in ("account=", "user=", "repository=", "client="))


@pytest.mark.parametrize("blocking", [True, False])
def test_a_reader_that_stalls_stops_nobody(*, blocking: bool) -> None:
    """What finds no room is dropped and counted; what was taken is written when the reader goes on.

    Whoever starts the bridge may have made the pipe one that does not block, as some supervisors do for themselves.
    """
    read, write = os.pipe()
    os.set_blocking(write, blocking)
    dropped: list[int] = []
    with os.fdopen(write, "w") as stream:
        writer = LineWriter(stream, lambda: dropped.append(1))
        lines = [f"{number:01000}\n" for number in range(12_000)]
        for line in lines:
            writer.write(line)
        lost = len(dropped)
        assert 3_500 < lost <= 4_000, "8 MiB wait"
        time.sleep(0.3)  # the pipe is full by now, and the rest waits
        received = bytearray()

        def drain() -> None:
            while chunk := os.read(read, 65536):
                received.extend(chunk)

        reader = threading.Thread(target=drain)
        reader.start()
        writer.close()
    reader.join()
    os.close(read)
    written = received.decode().splitlines(keepends=True)
    assert len(written) == len(lines) - len(dropped)
    assert len(dropped) == lost
    assert written == sorted(set(written)), "whole lines, each once, in their order"


def test_a_closed_pipe_is_counted() -> None:
    """And is no error for those who write."""
    read, write = os.pipe()
    os.close(read)
    dropped: list[int] = []
    with os.fdopen(write, "w") as stream:
        writer = LineWriter(stream, lambda: dropped.append(1))
        writer.write("lost\n")
        writer.close()
    assert dropped == [1]


def test_a_full_disk_tears_one_line_and_no_other(tmp_path: Path) -> None:
    """What was written is not counted as lost, and what comes when there is room again begins a line of its own."""
    dropped: list[int] = []
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "audit.log"
    with path.open("w") as stream:
        writer = LineWriter(stream, lambda: dropped.append(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (25, before[1]))  # as a disk with so much room
        try:
            for number in range(4):
                writer.write(f"line {number} abc\n")
            _wait_until(lambda: len(dropped) == 2)
            writer.write("lost as well\n")
            _wait_until(lambda: len(dropped) == 3)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        writer.write("there is room again\n")
        writer.close()
    assert path.read_text().splitlines() == ["line 0 abc", "line 1 abc", "lin", "there is room again"]
    assert len(dropped) == 3


def _wait_until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_lines_of_two_streams_never_run_together() -> None:
    """Both may go to one file or terminal, and `print` sends the line break by itself."""
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        one, other = LineWriter(stream, lambda: None), LineWriter(stream, lambda: None)
        for _ in range(200):
            print("one", file=one)
            print("other", file=other)
        one.close()
        other.close()
    with os.fdopen(read) as stream:
        assert sorted(stream) == ["one\n"] * 200 + ["other\n"] * 200


@pytest.mark.parametrize("moment", [0.0, 0.03, 0.05, 0.07])
def test_an_end_is_heeded_whenever_it_comes(moment: float) -> None:
    """Before the thread has looked, while lines are gathered, and when all are written; nothing is lost or counted."""
    read, write = os.pipe()
    dropped: list[int] = []
    with os.fdopen(write, "w") as stream:
        writer = LineWriter(stream, lambda: dropped.append(1))
        writer.write("first\n")
        time.sleep(moment)
        writer.write("last\n")
        writer.write("")
        writer.close()
        assert not writer._thread.is_alive()
    with os.fdopen(read) as stream:
        assert list(stream) == ["first\n", "last\n"]
    assert dropped == []


def test_who_writes_on_does_not_hold_up_the_end() -> None:
    """Another thread may log behind the last line."""
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        writer = LineWriter(stream, lambda: None)
        writer.write("first\n")
        writer._lines.put(b"")  # as `close` does, a moment before the other thread
        writer.write("behind it\n")
        writer._thread.join(10)
        assert not writer._thread.is_alive()
    with os.fdopen(read) as stream:
        assert list(stream) == ["first\n", "behind it\n"]


def test_a_writer_of_nothing_ends() -> None:
    """Nobody has to write a line for the thread to see the end."""
    with Path(os.devnull).open("w", encoding="utf-8") as stream:
        writer = LineWriter(stream, lambda: None)
        writer.close()
        assert not writer._thread.is_alive()
