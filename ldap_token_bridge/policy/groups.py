"""Directory groups as a policy names them: one by its DN or SID, or a family of them by a template with one {word}."""

import re
from typing import Any

from ldap_token_bridge.dn import DistinguishedName, InvalidName, RelativeName
from ldap_token_bridge.registry import is_path_component
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import refuse

from .pattern import USER_WORD, WORD

_SID = re.compile(r"S-1(?:-[0-9]+){2,15}").fullmatch
_BRACES = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(WORD).fullmatch
# Stands for the word while a template is parsed: private use, so normalisation and case folding keep it as it is.
_MARK = "\ue000"
_LONGEST = 4096  # characters; far more than directories take
_EXAMPLE = "CN=Platform,OU=Groups,DC=corp,DC=example,DC=com"


@dataclass(frozen=True, slots=True)
class GroupName:
    """One group: its text as written, and either the parsed DN or the SID in upper case."""

    text: str
    dn: DistinguishedName | None
    sid: str


@dataclass(frozen=True, slots=True)
class FamilyTemplate:
    """Groups whose names differ in one word. `rdn` is the position of the relative name that holds the word."""

    text: str
    word: str
    rdn: int
    before: tuple[RelativeName, ...]
    after: tuple[RelativeName, ...]
    others: RelativeName  # what stands beside the word's attribute in a name such as CN=a+OU=b
    attribute: str
    prefix: str
    suffix: str

    def word_of(self, name: DistinguishedName) -> str:
        """The word that the group `name` has in place of the braces; empty if it is none of the family."""
        word = self.text_in(name)
        return word if is_path_component(word) else ""

    def text_in(self, name: DistinguishedName) -> str:
        """What the group `name` has in place of the braces, legal or not; empty if the rest does not fit."""
        position = self.rdn
        rdns = name.rdns
        if rdns[:position] != self.before or rdns[position + 1 :] != self.after or len(rdns) <= position:
            return ""
        rest = rdns[position] - self.others
        if len(rest) != 1 or len(rdns[position]) != len(self.others) + 1:
            return ""
        ((attribute, value),) = rest
        end = len(value) - len(self.suffix)
        if attribute != self.attribute or not value.startswith(self.prefix) or not value.endswith(self.suffix):
            return ""
        # Names come normalised and case folded, which for a legal path component is lower case.
        return value[len(self.prefix) : end]

    def fill(self, word: str) -> str:
        """The DN of the family's group with that word, which must be a legal path component."""
        return _BRACES.sub(word, self.text)


def is_sid(text: str) -> bool:
    """Whether `text` is a security identifier such as S-1-5-21-1004336348-1177238915-682003330-1131."""
    return _SID(text.upper()) is not None


def parse_group(value: Any) -> GroupName:
    """A DN or a SID; a bare CN is refused."""
    if not isinstance(value, str) or not value.strip():
        refuse("a group must be text: a DN or a SID", f"Write the DN of the group, as in {_EXAMPLE}.")
    if is_sid(value):
        return GroupName(value, None, value.upper())
    if _BRACES.search(value):
        refuse(f"{value!r} is a template, not a group", "Move it to 'families'.")
    return GroupName(value, _parse_dn(value, value), "")


def parse_family(value: Any) -> FamilyTemplate:
    """A DN with exactly one {word}."""
    example = "Write a DN with one word in braces, as in CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com."
    if not isinstance(value, str):
        refuse("a family must be text", example)
    words = _BRACES.findall(value)
    if len(words) != 1 or value.count("{") != 1 or value.count("}") != 1 or _MARK in value:
        refuse(f"a family needs exactly one word in braces, {value!r} has {len(words)}", example)
    word = words[0]
    if not _WORD(word):
        refuse(f"{{{word}}} is no word", "A word is lower-case letters, digits, '_' and '-', as in {team}.")
    if word == USER_WORD:
        refuse("{user} is the account of the person and no word of a family", "Choose another word, as in {team}.")
    rdns = _parse_dn(_BRACES.sub(_MARK, value), value).rdns
    for position, rdn in enumerate(rdns):
        for attribute, text in rdn:
            if _MARK in text:
                prefix, _, suffix = text.partition(_MARK)
                before, after = rdns[:position], rdns[position + 1 :]
                others = rdn - {(attribute, text)}
                return FamilyTemplate(value, word, position, before, after, others, attribute, prefix, suffix)
    raise AssertionError("the mark stands in a value, for an attribute cannot hold it")


def _parse_dn(text: str, written: str) -> DistinguishedName:
    remedy = f"Write its whole DN, as in {_EXAMPLE}, or its SID."
    if len(text) > _LONGEST:
        refuse(f"{written!r} is no DN: it has {len(text)} characters", remedy)
    if "=" not in text:
        refuse(f"{written!r} is a bare name, which can exist in several places of a directory", remedy)
    try:
        name = DistinguishedName.parse(text)
    except InvalidName as error:
        refuse(f"{written!r} is no DN: {error} (character {error.column})", remedy)
    if len(name.rdns) == 1:
        refuse(f"{written!r} is a bare CN, which can exist in several places of a directory", remedy)
    return name
