"""docker_auth's patterns for names: globs as Go's path.Match has them, and what they are as a policy's patterns.

A star does not cross a slash there either, also not as `**`. Regular expressions stand between slashes; those that
match everything are read, no others.
"""

import re

from ldap_token_bridge.policy.fit import fit
from ldap_token_bridge.policy.pattern import Pattern, parse_pattern
from ldap_token_bridge.registry import CATALOG
from ldap_token_bridge.values import dataclass

ANY_NAME = parse_pattern("**")
_ANYTHING = ("/.*/", "/.+/", "/^.*$/", "/^.+$/")
_ACCOUNT = "${account}"
_OWN = "{user}"
_SPECIAL = frozenset("*?[\\")


class Unfit(Exception):
    """A policy has no pattern that matches the same names; the text says why, `remedy` what to do."""

    def __init__(self, why: str, remedy: str = "Write the repositories by hand, as in team/** or team/*.") -> None:
        super().__init__(why)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Names:
    """The patterns that match the same legal names, none if there are none; `notes` for people.

    `is_own`: they hold {user}. `on_catalog`: it matches the name of the catalog, too.
    """

    patterns: tuple[Pattern, ...]
    on_catalog: bool
    is_own: bool = False
    notes: tuple[str, ...] = ()


def is_regex(text: str) -> bool:
    """Whether docker_auth takes it for a regular expression."""
    return len(text) > 2 and text.startswith("/") and text.endswith("/")  # noqa: PLR2004 -- as docker_auth: "//" is none


def is_glob(text: str) -> bool:
    """Whether it can match more than itself, or something else."""
    return is_regex(text) or "${" in text or not _SPECIAL.isdisjoint(text)


def names_of(text: str, account: str) -> Names:
    """What a glob matches; `account` is the only account that the entry is for, empty if there are others."""
    if text in _ANYTHING:
        return Names((ANY_NAME,), on_catalog=True)
    if is_regex(text):
        raise Unfit("it is a regular expression, which matches anywhere in a name unless it is anchored")
    if _SPECIAL.intersection("?[").intersection(text):
        raise Unfit("it holds '?' or '[', which a policy's patterns do not have")
    is_own = _ACCOUNT in text and not account
    if account:
        text = text.replace(_ACCOUNT, account)
    parts = [_OWN if part == _ACCOUNT else part for part in text.split("/")]
    if any("${" in part for part in parts):
        raise Unfit("it holds a variable; only a whole segment ${account} has a counterpart, {user}")
    if is_own and len(parts) == 1:
        raise Unfit("for an account called catalog it would match the catalog")
    return _read(parts, is_own=is_own)


def _read(parts: list[str], *, is_own: bool) -> Names:
    if len(parts) > 1 and parts[0] != parts[0].lower():
        raise Unfit("a policy's patterns are lower-case, and a host in a name may be upper-case")
    notes = []
    if any("**" in part for part in parts):
        notes.append("'**' does not cross a slash in docker_auth, so it is a single '*' here")
    last = len(parts) - 1
    plain = [
        part if is_own and part == _OWN else _unescaped(part, is_last=number == last)
        for number, part in enumerate(parts)
    ]
    try:
        if any(part is None or ("{" in part and part != _OWN) or (part == _OWN and not is_own) for part in plain):
            raise ValueError  # noqa: TRY301 -- as any other text that no legal name has
        pattern = parse_pattern("/".join(re.sub(r"\*+", "*", part or "") for part in plain))
    except ValueError:
        return Names((), on_catalog=False, notes=("no legal repository name matches it, so the entry does nothing",))
    return Names((pattern,), bool(fit(pattern, [CATALOG]).bindings) and not is_own, is_own, tuple(notes))


def _unescaped(part: str, *, is_last: bool) -> str | None:
    """The part without backslashes; None if it matches no legal name, since such have no special characters."""
    out = []
    characters = iter(part)
    for character in characters:
        if character == "\\":
            following = next(characters, "\\" if is_last else "")  # else it stands before a slash
            if following in _SPECIAL:
                return None
            out.append(following)
        else:
            out.append(character)
    return "".join(out)
