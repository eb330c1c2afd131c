"""The status line says why, for clients that show nothing else of an answer: containerd, BuildKit, docker at a 503."""

import pytest

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.web import DEFAULT_MESSAGES, answers, messages_with
from ldap_token_bridge.web.messages import DIRECTORY_DOWN, NOT_AVAILABLE


@pytest.mark.parametrize("reason", list(Refusal))
def test_the_reason_stands_behind_the_standard_words(reason: Refusal) -> None:
    """Which scripts and people look for."""
    refused = answers.refused(reason, DEFAULT_MESSAGES)
    assert refused.reason == f"Unauthorized: {DEFAULT_MESSAGES[reason]}"
    assert answers.octets(refused, "id").startswith(f"HTTP/1.1 401 {refused.reason}\r\n".encode())


def test_a_directory_that_is_down_is_told() -> None:
    """Docker shows of a 503 the status line alone."""
    _, response = answers.answer_to(Unavailable("for the log"), DEFAULT_MESSAGES)
    assert response.reason == f"Service Unavailable: {DEFAULT_MESSAGES[DIRECTORY_DOWN]}"


def test_a_text_of_several_lines_is_one_line_there() -> None:
    """The settings allow line breaks, which would end the line and begin a header."""
    texts = messages_with({"wrong-credentials": "Wrong.\n\nX-Evil: 1\nAsk Jürgen."})
    refused = answers.refused(Refusal.WRONG_CREDENTIALS, texts)
    assert refused.reason == "Unauthorized: Wrong. X-Evil: 1 Ask Jürgen."
    assert b"\r\nX-Evil" not in answers.octets(refused, "id")


def test_a_long_text_is_cut_at_a_word() -> None:
    """Proxies give a head some kilobytes: a long line would become a 502 there. The body has all of it."""
    texts = messages_with({"wrong-credentials": "word " * 400})
    refused = answers.refused(Refusal.WRONG_CREDENTIALS, texts)
    assert refused.reason.endswith("word ...")
    assert len(refused.reason) < 330
    assert isinstance(refused.body, bytes)
    assert refused.body.count(b"word") == 800


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31mred", "\u202eback", "\udcff"])
def test_what_is_no_plain_text_stays_out(text: str) -> None:
    """Whatever an error's text may hold one day."""
    assert answers.error(400, "UNSUPPORTED", text).reason == "Bad Request"


def test_nothing_is_said_twice() -> None:
    """A text that is the standard words."""
    assert answers.error(404, "UNSUPPORTED", "Not Found").reason == "Not Found"


@pytest.mark.parametrize("key", [DIRECTORY_DOWN, NOT_AVAILABLE])
def test_an_outage_says_whom_to_ask(key: str) -> None:
    """Who can only try again does not know when to stop, nor that it is not their password."""
    assert "ask who runs the registry" in DEFAULT_MESSAGES[key]
