"""What servers ask for in WWW-Authenticate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.registry import basic_challenge, read_challenges


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        (
            'Bearer realm="https://b/token",service="r",scope="repository:a/b:pull,push",error="invalid_token"',
            {
                "bearer": {
                    "realm": "https://b/token",
                    "service": "r",
                    "scope": "repository:a/b:pull,push",
                    "error": "invalid_token",
                }
            },
        ),
        (
            'Basic realm="x", Bearer realm=y, Negotiate',
            {"basic": {"realm": "x"}, "bearer": {"realm": "y"}, "negotiate": {}},
        ),
        ('BEARER REALM = "a b" , service=""', {"bearer": {"realm": "a b", "service": ""}}),
        (r'Basic realm="a\"b\\c"', {"basic": {"realm": 'a"b\\c'}}),
        ("Bearer realm=a,realm=b", {"bearer": {"realm": "a"}}),
        ("Bearer realm=a, Bearer realm=b", {"bearer": {"realm": "a"}}),
        ("Negotiate", {"negotiate": {}}),
        ('Bearer realm="never ends', {"bearer": {}}),
        ("", {}),
        ('"', {}),
    ],
)
def test_challenges(header: str, challenges: dict[str, dict[str, str]]) -> None:
    """Several in one header, in quotes or not; what cannot be read ends it."""
    assert read_challenges(header) == challenges


@given(st.text())
def test_what_is_written_can_be_read(realm: str) -> None:
    """Whatever stands in the realm."""
    assert read_challenges(basic_challenge(realm)) == {"basic": {"realm": realm, "charset": "UTF-8"}}


@given(st.text(alphabet='ab=",\\ \t;/'))
def test_nothing_is_too_strange(header: str) -> None:
    """It comes from whoever answers: it is read to some end, and never raises."""
    assert isinstance(read_challenges(header), dict)
