"""A document against a model: every problem at once, with place, name and remedy."""

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.yamlfile import (
    Duration,
    FilePath,
    Model,
    Network,
    format_duration,
    parse_duration,
    read_document,
    validate,
)


class Inner(Model):
    """A nested mapping."""

    ca_file: FilePath | None = None


class Outer(Model):
    """A file."""

    tls: Inner = Inner()
    wait: Duration = 1.0
    networks: tuple[Network, ...] = ()
    name: str
    rules: tuple[Inner, ...] = ()


def problems(text: str) -> list[str]:
    """What is wrong with a text, one string a problem."""
    with pytest.raises(Misconfigured) as caught:
        validate(read_document(text, "f.yaml"), Outer)
    return [str(problem) for problem in caught.value.problems]


def test_a_good_file_becomes_the_model() -> None:
    """Values are typed, defaults are filled in."""
    outer = validate(read_document("name: x\nwait: 1.5s\nnetworks: [10.0.0.0/8, '::1']", "f"), Outer)
    assert outer.wait == 1.5
    assert [str(network) for network in outer.networks] == ["10.0.0.0/8", "::1/128"]


def test_every_problem_is_told_with_its_place() -> None:
    """Unknown, missing, wrong type and wrong value in one go."""
    found = problems("tls: {ca_fil: x}\nwait: 5\nnetworks: [10.0.0.1/8]\nrules: [{cafile: y}, 3]\n")
    assert [problem.splitlines()[0] for problem in found] == [
        "f.yaml:1:7: unknown key 'ca_fil'",
        "f.yaml:2:7: wait: is not a duration",
        "f.yaml:3:12: networks.0: '10.0.0.1/8' has bits set behind the prefix",
        "f.yaml:1:1: the key 'name' is missing",
        "f.yaml:4:10: unknown key 'cafile'",
        "f.yaml:4:22: rules.1 must be a mapping of keys to values",
    ]
    assert "Did you mean 'ca_file'?" in found[0]
    assert "Write 10.0.0.0/8." in found[2]
    assert "Did you mean 'ca_file'?" in found[4]


def test_nothing_is_coerced() -> None:
    """A number is no text and text is no number."""
    assert problems("name: 5") == ["f.yaml:1:7: name must be text\n    Write text."]


@pytest.mark.parametrize("text", ["500ms", "1.5s", "8s", "15m", "2h", "30d"])
def test_a_duration_is_written_as_it_was_read(text: str) -> None:
    """Formatting and parsing are inverse."""
    assert format_duration(parse_duration(text)) == text
