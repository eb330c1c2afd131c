"""Where the store is: what can be written, and what is refused without showing a password."""

import pytest

from ldap_token_bridge.cache import StoreAddress, parse_store


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("redis://cache", StoreAddress("single", (("cache", 6379),))),
        ("valkeys://bridge@cache:6380/2", StoreAddress("single", (("cache", 6380),), "", True, "", "bridge", 2)),
        ("rediss://[fd00::1]:6380", StoreAddress("single", (("fd00::1", 6380),), tls=True)),
        ("unix:///run/valkey/s", StoreAddress("single", path="/run/valkey/s")),
        ("unix://bridge@/run/s", StoreAddress("single", path="/run/s", user="bridge")),
        (
            "redis+sentinel://a,b:1/main/3",
            StoreAddress("sentinel", (("a", 26379), ("b", 1)), master="main", database=3),
        ),
        ("valkeys+cluster://a,b", StoreAddress("cluster", (("a", 6379), ("b", 6379)), tls=True)),
    ],
)
def test_what_can_be_written(text: str, address: StoreAddress) -> None:
    """Each form, with its own port where none is named."""
    assert parse_store(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "cache", "http://cache", "redis://", "redis://:6379", "redis://a:0", "redis://a:99999", "redis://a:x"),
        *(
            "redis://a,b",
            "redis://a/b",
            "redis://a/1/2",
            "redis+cluster://a/1",
            "redis+sentinel://a",
            "unix:",
            "unix:x",
        ),
        *(
            "unix://host/s",
            "redis://a?x=1",
            "redis://a#x",
            "redis://[fd00::1",
            "redis://[a]",
            "redis://a b",
            "redis://-a",
        ),
    ],
)
def test_what_is_refused(text: str) -> None:
    """Rather than taken for something that was not meant."""
    with pytest.raises(ValueError, match=r"^(is|does|has|names|holds) ") as caught:
        parse_store(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["redis://:hidden@a", "rediss://b:hidden@a/1", "redis://b:hidden@", "unix://:hidden@/s"]
)
def test_a_password_is_no_part_of_it(text: str) -> None:
    """An address stands in logs and in answers of `check`."""
    with pytest.raises(ValueError, match="holds a password") as caught:
        parse_store(text)
    assert "hidden" not in str(caught.value)


def test_an_address_for_people() -> None:
    """As it stands in the log; who signs in is nobody's business."""
    texts = ["redis://bridge@a/2", "redis+sentinel://a,[::1]/main", "unix:///run/s"]
    assert [str(parse_store(text)) for text in texts] == ["a:6379", "a:26379,[::1]:26379/main", "unix:/run/s"]
