"""Where the checks between keys put what they find."""

from dataclasses import field

from ldap_token_bridge.errors import Problem
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import Document, Examined, KeyPath

from .model import BridgeFile


@dataclass(slots=True)
class Findings:
    """Collects problems and warnings; says nothing about keys that are broken themselves."""

    document: Document
    examined: Examined[BridgeFile]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, path: KeyPath, what: str, remedy: str, *, also: tuple[KeyPath, ...] = ()) -> None:
        """A contradiction at `path`; `also` are the other keys that it rests on."""
        if all(map(self.examined.is_sound, (path, *also))):
            self.problems.append(Problem(what, self.document.place(path), remedy))

    def warning(self, path: KeyPath, what: str, remedy: str, *, also: tuple[KeyPath, ...] = ()) -> None:
        """As `problem`, for what works but should be known."""
        if all(map(self.examined.is_sound, (path, *also))):
            self.warnings.append(Problem(what, self.document.place(path), remedy))

    def from_file(self, path: KeyPath) -> bool:
        """Whether the value at `path` was written in the file itself."""
        return self.document.places.get(path, None) is not None and self.document.place(path).line > 0
