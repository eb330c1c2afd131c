"""YAML as it is written: what other programs read is what was meant."""

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ldap_token_bridge.yamlfile import write_yaml

SCALARS = st.text() | st.booleans() | st.integers() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


@given(VALUES)
@example("\x85")
@example({"service": "Müller's: registry #1"})
def test_what_is_written_is_read_back(value: object) -> None:
    """By another reader, whatever stands in it."""
    assert yaml.safe_load(write_yaml(value)) == value


def test_the_form_is_what_people_write() -> None:
    """Keys in their order, lists indented, quotes where YAML 1.1 or 1.2 would read something else."""
    value = {"b": {"x": "on", "y": "0x10"}, "a": [{"name": "1", "url": "https://x/token"}], "long": "word " * 40}
    assert write_yaml(value) == (
        "b:\n  x: 'on'\n  y: '0x10'\na:\n  - name: '1'\n    url: https://x/token\nlong: '" + "word " * 40 + "'\n"
    )
