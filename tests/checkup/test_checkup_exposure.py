"""What `check` says about how long someone can go on, and about traces."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, Item
from ldap_token_bridge.checkup.exposure import revocation_item
from ldap_token_bridge.checkup.tracing import tracing_items
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.observe import NoSpans
from ldap_token_bridge.serve.tracing import spans_for
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import write_settings

WITHOUT = ("checkup.tracing", "serve.tracing")


def _item(folder: Path, **changes: Any) -> Item:
    return revocation_item(load_settings(write_settings(folder, **changes), {}))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({}, "21m: cache.groups 5m + token.lifetime 15m + registries forgive 1m"),
        ({"cache__groups": "off", "token__lifetime": "60s"}, "2m: token.lifetime 1m + registries forgive 1m"),
        (
            {"cache__stale_if_down": "1h"},
            (
                "21m: cache.groups 5m + token.lifetime 15m + registries forgive 1m; while no directory answers,"
                " 81m: cache.groups 5m + token.lifetime 15m + registries forgive 1m + cache.stale_if_down 1h"
            ),
        ),
    ],
)
def test_how_long_someone_can_go_on(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    """The sum of what is set, with its parts."""
    item = _item(tmp_path, **changes)
    assert (item.topic, item.grade) == ("revocation", Grade.FINE)
    assert item.what == f"someone disabled now can pull for at most {what}"


def test_traces_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for in bridge.yaml: an error with its place, from `check` and at a start. By the environment: a warning."""
    asked = load_settings(write_settings(tmp_path, tracing__otlp_endpoint="http://127.0.0.1:4318"), {})
    (fine,) = tracing_items(asked)
    assert (fine.grade, fine.what) == (Grade.FINE, "spans go to http://127.0.0.1:4318")
    for module in WITHOUT:
        monkeypatch.setattr(f"ldap_token_bridge.{module}.has_opentelemetry", lambda: False)
    (item,) = tracing_items(asked)
    assert (item.grade, item.where and item.where.line) == (Grade.UNUSABLE, 13)
    assert "pip install '.[otel]' in a checkout" in item.remedy
    with pytest.raises(Misconfigured) as raised:
        spans_for(asked, {})
    assert raised.value.problems == (item.problem,)
    not_asked = load_settings(write_settings(tmp_path), {})
    assert tracing_items(not_asked) == []
    assert isinstance(spans_for(not_asked, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}), NoSpans)
    assert isinstance(spans_for(not_asked, {}), NoSpans)
