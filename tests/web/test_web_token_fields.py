"""The fields of a query or form, held against the library's own reading."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ldap_token_bridge.errors import BadRequest
from ldap_token_bridge.web.token_request import _fields

_PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "=",
            "&",
            "+",
            "%",
            "%41",
            "%2",
            "%C3%A4",
            "%C3",
            "%26",
            "%3D",
            "%3A",
            "%25",
            "%3a",
            "%2F",
            "%2C",
            "3A",
            "ä",
            ":",
            ";",
            ",",
        ]
    )
).map("".join)


def _by_library(text: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="strict"):
        fields.setdefault(name, []).append(value)
    return fields


@given(_PIECES)
@example("a+a=a+a")
def test_fields_are_read_as_the_library_reads_them(text: str) -> None:
    """Blank ones, escapes and half escapes, and in the same order; what the library cannot read is refused."""
    try:
        expected = _by_library(text)
    except UnicodeDecodeError:
        with pytest.raises(BadRequest):
            _fields(text)
        return
    assert _fields(text) == expected
    assert list(_fields(text)) == list(expected)


def test_what_is_not_utf_8_is_refused() -> None:
    """A name that was mended would not be the one that was asked for."""
    with pytest.raises(BadRequest, match="not UTF-8"):
        _fields("scope=repository:%FF:pull")


def test_fields_are_bounded() -> None:
    """A hostile body becomes no hundred thousand objects."""
    assert _fields("&".join(["a=1"] * 2000))
    with pytest.raises(BadRequest, match="2000 fields"):
        _fields("&".join(["a=1"] * 2001))
