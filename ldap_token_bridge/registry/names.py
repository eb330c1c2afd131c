"""Legal repository names (distribution, reference/regexp.go: path-component and name length)."""

import re

MAX_NAME_LENGTH = 255

# Lower-case letters and digits, joined by one period, one or two underscores, or any number of dashes.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
# A name may begin with a host, with or without a port (`host:5000/a/b`); only there can upper-case letters stand.
_HOST_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"{_HOST_LABEL}(?:\.{_HOST_LABEL})*(?::[0-9]+)?"
_IS_COMPONENT = re.compile(_COMPONENT).fullmatch
_IS_NAME = re.compile(rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*").fullmatch


def is_path_component(text: str) -> bool:
    """Whether `text` is one legal segment of a repository name."""
    return len(text) <= MAX_NAME_LENGTH and _IS_COMPONENT(text) is not None


def is_repository_name(text: str) -> bool:
    """Whether `text` is a repository name that a registry accepts: at most 255 characters long."""
    return len(text) <= MAX_NAME_LENGTH and _IS_NAME(text) is not None


def host_of(name: str) -> str:
    """The host that clients would read at the beginning of an image's name; empty if they see none there.

    Source: distribution/reference, normalize.go (splitDockerDomain).
    """
    first, slash, _ = name.partition("/")
    return first if slash and (first == "localhost" or "." in first or ":" in first) else ""
