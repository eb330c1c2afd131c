"""The terms of `who`: whom a rule speaks of."""

import unicodedata
from typing import Any, Literal

from ldap_token_bridge.dn import fold
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import refuse, suggest

WhoKind = Literal["group", "family", "user", "robot", "workload", "signed-in", "anyone"]
NAMED: tuple[WhoKind, ...] = ("group", "family", "user", "robot", "workload")
SIGNED_IN: WhoKind = "signed-in"
ANYONE: WhoKind = "anyone"
MAX_NAME = 256
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # no login name holds them (directory/login_name.py)


@dataclass(frozen=True, slots=True)
class Who:
    """One term, with its name as written; `signed-in` and `anyone` have none."""

    kind: WhoKind
    name: str = ""

    @property
    def key(self) -> str:
        """The term in the form in which terms compare."""
        return term(self.kind, self.name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def term(kind: str, name: str) -> str:
    """The key of a term."""
    return f"{kind}:{fold(name)}" if name else kind


def parse_who(value: Any) -> Who:
    """One item of a `who` list."""
    if isinstance(value, dict) and len(value) == 1:
        ((kind, name),) = value.items()
        refuse("the space after the colon makes this a mapping", f'Write "{kind}:{name}".')
    if not isinstance(value, str):
        refuse(f"{value!r} names nobody", _everyone())
    if value in (SIGNED_IN, ANYONE):
        return Who(value)
    head, colon, name = value.partition(":")
    kind = next((known for known in NAMED if known == head), None)
    if kind is None or not colon:
        words = [*(f"{known}:{name}" for known in NAMED), SIGNED_IN, ANYONE] if colon else [*NAMED, SIGNED_IN, ANYONE]
        remedy = suggest(value, words)
        refuse(f"{value!r} names nobody", remedy if remedy.startswith("Did") and colon else _everyone(remedy))
    check_name(value, name)
    return Who(kind, name)


def check_name(value: str, name: str) -> None:
    """Refuse a name that no account can have; `value` is the text it stands in."""
    if not name:
        refuse(f"a name is missing after {value!r}", f"Write {value}NAME.")
    if name != name.strip():
        refuse(f"{value!r} has spaces around the name", f"Write {value.replace(name, name.strip())!r}.")
    if "*" in name:
        refuse(f"{value!r}: names are not patterns", "Name each one, a group, signed-in, or anyone.")
    if len(name) > MAX_NAME or any(unicodedata.category(character) in _INVISIBLE for character in name):
        what = "it is too long or holds control characters or invisible ones"
        refuse(f"{value!r} is no name: {what}", "Correct the name.")


def _everyone(hint: str = "") -> str:
    words = ", ".join([*(f"{kind}:NAME" for kind in NAMED), SIGNED_IN, ANYONE])
    return f"{hint} Write one of: {words}." if hint.startswith("Did") else f"Write one of: {words}."
