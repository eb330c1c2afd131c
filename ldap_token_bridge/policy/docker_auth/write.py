"""A translation as the text of a policy file, with the lines that it comes from."""

import json
from collections.abc import Iterable, Iterator, Sequence

from ldap_token_bridge.errors import Problem

from .translate import RuleDraft, Translation

_HEAD = """\
# yaml-language-server: $schema=policy.schema.json
#
# Translated from docker_auth's access list in {file}.
# Read it before you use it: accounts are here those of the directory, in its spelling and without regard to case, and
# groups of the directory could stand in place of most of them.
version: 1
"""


def write_policy(translation: Translation, file: str) -> str:
    """The file's text; `file` is the name of what was translated."""
    lines = [_HEAD.format(file=_plain(file))]
    for section, drafts in (("allow", translation.allow), ("deny", translation.deny)):
        if drafts:
            lines += [f"{section}:", *(line for draft in drafts for line in _rule(draft, section)), ""]
    if translation.suggested:
        lines += ["# Left out, since it depends on the order of the entries. As allow rules they would give too much:"]
        lines += [f"# {line}" for draft in translation.suggested for line in _rule(draft, "allow")]
        lines.append("")
    if translation.left_out:
        lines += ["# What is not translated, and why:", *_reasons(translation.left_out)]
    return "\n".join(lines).rstrip() + "\n"


def _rule(draft: RuleDraft, section: str) -> Iterator[str]:
    entry = draft.entry
    yield f"  # {_plain(str(entry.place))}"
    yield f"  - id: {draft.id}"
    if entry.comment.strip():
        yield f"    why: {_quoted(entry.comment)}"
    yield f"    who: {_list([_who(draft, section)])}"
    if draft.actions:
        yield f"    repositories: {_list([pattern.text for pattern in entry.patterns])}"
        yield f"    actions: [{', '.join(sorted(draft.actions, key=_ORDER.index))}]"
    if draft.catalog:
        yield "    catalog: true"
    if entry.network is not None:
        yield f"    networks: {_list([str(entry.network)])}"
    if entry.service:
        yield f"    services: {_list([entry.service])}"


def _who(draft: RuleDraft, section: str) -> str:
    entry = draft.entry
    if entry.account:
        return f"user:{entry.account}"
    # For anonymous clients alone there is no term; such entries come here only where everyone else has as much.
    return "anyone" if section == "allow" and entry.whom == "anonymous" else entry.whom


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _reasons(problems: Iterable[Problem]) -> Iterator[str]:
    for problem in problems:
        yield f"# {_plain(f'{problem.where}: {problem.what}')}"


def _plain(text: str) -> str:
    """Text in a comment: nothing in it ends the line."""
    return _quoted(text)[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _quoted(text: str) -> str:
    """Text as YAML reads it back. JSON's own escapes do not serve: in YAML half a character is an error."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in written)


_ORDER = ("pull", "push", "delete")
