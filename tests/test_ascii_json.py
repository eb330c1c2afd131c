"""JSON for tokens, answers and audit lines."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.ascii_json import to_json
from ldap_token_bridge.identity import Refusal

_TEXTS = st.text(st.characters()) | st.text("\x7f\u2028\ud800é", max_size=5)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_what_is_read_back_is_what_was_written(value: object) -> None:
    """Whatever the library cannot write or leaves as it is: one line of ASCII, without control characters."""
    text = to_json(value)
    assert all(0x20 <= octet < 0x7F for octet in text)
    assert json.loads(text) == value


def test_reasons_are_written_as_their_text() -> None:
    """As the audit line has them; a tuple is a list."""
    assert to_json({"reason": Refusal.WRONG_CREDENTIALS, "rules": ("a",)}) == (
        b'{"reason":"wrong-credentials","rules":["a"]}'
    )


def test_what_json_does_not_know_is_an_error() -> None:
    """And no text that looks like one."""
    with pytest.raises(TypeError):
        to_json({"secret": object()})


@dataclass(frozen=True)
class _Issued:
    token: str = field(repr=False)


@pytest.mark.parametrize("value", [_Issued("eyJ"), {"way": (_Issued("eyJ"),)}, datetime(2026, 1, 1, tzinfo=UTC)])
def test_no_object_is_written_with_what_it_holds(value: object) -> None:
    """An outcome that gets into an audit line by mistake would show its token there, for all that its `repr` hides."""
    with pytest.raises(TypeError):
        to_json(value)
