"""What the schema says of a shared store's address: editors and the Helm chart have nothing else to go by."""

import jsonschema
import pytest

from ldap_token_bridge.cache import parse_store
from ldap_token_bridge.settings.reference import bridge_schema


def fits(address: str) -> bool:
    """Whether the schema takes it as `cache.shared`."""
    schema = bridge_schema()
    shared = {**schema["properties"]["cache"]["properties"]["shared"], "$defs": schema.get("$defs", {})}
    return jsonschema.Draft202012Validator(shared).is_valid(address)


@pytest.mark.parametrize(
    "address",
    [
        "redis://host",
        "rediss://user@host:6380/0",
        "valkeys://us%40er@host",
        "redis://[fd00::1]:6380/1",
        "rediss://user@[fd00::1]",
        "redis+sentinel://a,b:26380,[::1]:26379/main-1.x/3",
        "redis+cluster://user@a:6379,b",
        "unix:/run/store.sock",
        "unix:///run/a:b@c.sock",
        "unix://user@/run/store.sock",
    ],
)
def test_what_the_bridge_takes_the_schema_takes(address: str) -> None:
    """Every form of an address."""
    parse_store(address)
    assert fits(address)


@pytest.mark.parametrize(
    "address",
    [
        "redis://user:secret@host",
        "redis://:secret@host",
        "rediss://user:se@cret@host:6380/0",
        "redis+sentinel://user:secret@a,b/main",
        "redis+cluster://user:secret@[fd00::1]:6379",
        "redis://host?password=secret",
        "redis://host#secret",
        "unix://user:secret@/run/store.sock",
        "unix:/run/store.sock?password=secret",
    ],
)
def test_the_schema_takes_no_password(address: str) -> None:
    """Wherever one could stand; what looks at the schema alone would put it where everybody reads it."""
    with pytest.raises(ValueError, match=r"password|question mark"):
        parse_store(address)
    assert not fits(address)
