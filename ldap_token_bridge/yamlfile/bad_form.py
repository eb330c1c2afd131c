"""What is wrong with a text that is no YAML: where it begins, and how people most often come to it."""

import re
from typing import Any

import yaml

from ldap_token_bridge.errors import Place, Problem

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search  # YAML 1.2, 5.1
_BRACES = 'Put text with { or [ in quotes, as in "{user}/**".'
_SIGNS = 'Put text that begins with * or & in quotes, as in "**".'
_UNCLOSED = "Close it in its own line, or remove it."


def bad_form(error: yaml.YAMLError, text: str, file: str, loader: Any) -> Problem:
    """The problem that kept a parser from going on; `loader` reads the text's tokens once more."""
    if isinstance(error, yaml.MarkedYAMLError):
        return _explained(error, text, file, loader)
    found = _UNREADABLE(text)
    if not found:
        return Problem(f"not valid YAML: {str(error).splitlines()[0]}", Place(file))
    before = text[: found.start()]
    place = Place(file, before.count("\n") + 1, found.start() - before.rfind("\n"))
    what = f"not valid YAML: it holds the character U+{ord(found[0]):04X}, which is no text"
    return Problem(what, place, "Remove it, or write the file anew: it may be damaged.")


def _explained(error: yaml.MarkedYAMLError, text: str, file: str, loader: Any) -> Problem:
    what = " ".join(part for part in (error.context, error.problem) if part)
    # For an alias the problem is marked behind the sign, its context at the sign; of a quote the context is its begin.
    is_alias, is_quote = "alias" in what or "anchor" in what, "end of stream" in what and "quoted" in what
    mark = (error.context_mark if is_alias or is_quote else None) or error.problem_mark or error.context_mark
    if mark is None:
        return Problem(f"not valid YAML: {what}", Place(file))
    place = Place(file, mark.line + 1, mark.column + 1)
    if is_quote:
        return Problem("not valid YAML: a quote begins here and is never closed", place, _UNCLOSED)
    if is_alias:
        return Problem(f"not valid YAML: {what}", place, _SIGNS)
    quote = _quote_before(mark, text, loader) if "expected" in what else None
    if quote:
        what = f"a quote begins here and goes on to line {mark.line + 1}"
        return Problem(f"not valid YAML: {what}", Place(file, quote.line + 1, quote.column + 1), _UNCLOSED)
    return Problem(f"not valid YAML: {what}", place, _remedy(what, text, mark, error.context_mark))


def _remedy(what: str, text: str, mark: Any, context: Any) -> str:
    sign, before = text[mark.index : mark.index + 1], text[: mark.index][-1:]
    if "cannot start any token" in what:
        return "Indent with spaces, not tabs." if sign == "\t" else f"Put text that begins with {sign} in quotes."
    if "mapping values are not allowed" in what:
        return "Put the text in quotes if it holds ': ', or check the indentation."
    if "expected" in what and (sign in ("{", "[") or before in ("}", "]")):
        return _BRACES
    if context and ("flow sequence" in what or "flow mapping" in what):
        return f"What begins with [ or {{ in line {context.line + 1} lacks a comma or its end."
    return "Something that begins with [ or { lacks its end." if "flow node" in what else ""


def _quote_before(mark: Any, text: str, loader: Any) -> Any:
    """Where a quoted text begins that ends right before this place, in its line, and begins in another one."""
    last: Any = None
    try:
        for token in yaml.scan(text, Loader=loader):
            if token.start_mark.index >= mark.index:
                break
            last = token
    except yaml.YAMLError:  # behind the place that is looked for, or told already
        pass
    is_quoted = isinstance(last, yaml.ScalarToken) and last.style in ("'", '"')
    return last.start_mark if is_quoted and last.start_mark.line < last.end_mark.line == mark.line else None
