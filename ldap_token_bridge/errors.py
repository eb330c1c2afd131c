"""What went wrong, sorted by whose fault it is; each kind has one answer in HTTP and one exit code.

A wrong password is no error but an outcome (`identity.Refusal`). Everything here is raised.
"""

from collections.abc import Iterable

from ldap_token_bridge.values import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands. `line` and `column` count from 1; 0 means "not known"."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)


# Problems quote what stands in a file, and that can be a megabyte on one line.
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in a file or in the environment: what, where, and how. Long texts lose their middle."""

    what: str
    where: Place | None = None
    remedy: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", _shortened(self.what))
        object.__setattr__(self, "remedy", _shortened(self.remedy))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n    {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


def _shortened(text: str) -> str:
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} [...] {text[-half:]}"


class BridgeError(Exception):
    """Base of every error that the bridge raises on purpose. Its text is meant for people."""


class BadRequest(BridgeError):
    """The client sent something that no client in order would send. Answered with 400."""


class Unavailable(BridgeError):
    """The bridge cannot answer now through no fault of the client. Answered with 503.

    The text is safe for people; `detail` may name servers and causes and is for the log.
    """

    def __init__(self, message: str, *, detail: str = "", retry_after: int = 5) -> None:
        """`retry_after` in whole seconds."""
        super().__init__(message)
        self.detail = detail or message
        self.retry_after = retry_after


class Misconfigured(BridgeError):
    """Settings, policy, keys or certificates cannot be used. Holds every problem found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def one(cls, what: str, where: Place | str | None = None, remedy: str = "") -> "Misconfigured":
        """The common case: a single problem; a plain string as `where` is a file's path."""
        place = Place(where) if isinstance(where, str) else where
        return cls([Problem(what, place, remedy)])
