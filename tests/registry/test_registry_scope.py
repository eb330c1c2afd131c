"""The scope grammar, by example and by property."""

from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.registry import Access, parse_scopes
from ldap_token_bridge.registry.scope import REPOSITORY_ACTIONS

NAMES = st.from_regex(r"[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,2}", fullmatch=True)
ACCESSES = st.builds(
    lambda name, actions: Access("repository", name, tuple(a for a in REPOSITORY_ACTIONS if a in actions)),
    NAMES,
    st.sets(st.sampled_from(REPOSITORY_ACTIONS), min_size=1),
)


def test_scopes_of_one_repository_are_merged_in_order_of_mention() -> None:
    """Repeated parameters and spaces within one mean the same."""
    parsed = parse_scopes(["repository:b:pull repository:a:push", "repository:b:push,pull"])
    assert parsed == (Access("repository", "b", ("pull", "push")), Access("repository", "a", ("push",)))


def test_a_name_may_hold_colons_and_a_type_a_class() -> None:
    """The type ends at the first colon, the actions begin after the last, a class is dropped."""
    assert parse_scopes(["repository(plugin):host:5000/a/b:pull"]) == (
        Access("repository", "host:5000/a/b", ("pull",)),
    )


def test_what_is_not_understood_is_dropped_beside_what_is() -> None:
    """One malformed scope does not spoil the others."""
    texts = [
        "",
        "x",
        "repository",
        "repository:a",
        "repository::pull",
        ":a:pull",
        "unknown:a:pull",
        "repository:a:PULL",
    ]
    texts += [
        "repository:A/B:pull",
        "repository:a:",
        "registry:catalog:pull",
        "registry:other:*",
        "repository(A):a:pull",
    ]
    assert parse_scopes([*texts, "repository:good:pull"]) == (Access("repository", "good", ("pull",)),)


def test_the_catalogue_is_the_only_registry_resource() -> None:
    """`registry:catalog:*` is what clients ask for."""
    assert parse_scopes(["registry:catalog:*"]) == (Access("registry", "catalog", ("*",)),)


@given(st.lists(ACCESSES, unique_by=lambda access: access.name))
def test_formatting_and_parsing_are_inverse(accesses: list[Access]) -> None:
    """What was granted can be told in the `scope` of an answer and read back."""
    assert parse_scopes([" ".join(map(str, accesses))]) == tuple(accesses)


@given(st.lists(st.text()))
def test_no_text_raises(texts: list[str]) -> None:
    """Scopes come from anyone; none is an error."""
    for access in parse_scopes(texts):
        assert access.actions
