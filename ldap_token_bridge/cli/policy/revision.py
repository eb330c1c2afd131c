"""Policies as they stand in a git revision, named as git names them: `origin/main:policy.yaml`."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.policy import Policy, load_policy, parse_policy
from ldap_token_bridge.yamlfile import decode_text

_SECONDS = 60
_WHAT = "the policy"


def read_policy_at(given: str) -> Policy:
    """The policy in a file or folder, or in one of a git revision. What exists as a file is that file.

    Raises Misconfigured.
    """
    revision, colon, path = given.partition(":")
    if not colon or not revision or _is_there(Path(given)):
        return load_policy(Path(given))
    if any(character in given for character in "\n\r\0"):
        raise Misconfigured.one("it names no file", given, "Leave out the line break.")
    kind, content = _read(given)
    if kind == "blob":
        return parse_policy([(given, decode_text(content, given, _WHAT))])
    if kind == "tree":
        return _folder(given, f"{revision}:{path.rstrip('/')}/" if path.strip("/") else f"{revision}:")
    remedy = "Paths are from the top of the repository; for one from here write REVISION:./policy.yaml."
    raise Misconfigured.one("there is no such file, and git has no such revision or no such file in it", given, remedy)


def _is_there(path: Path) -> bool:
    """Also if it may not be looked at: that is told when it is read."""
    try:
        return path.exists()
    except OSError:
        return True


def _folder(given: str, prefix: str) -> Policy:
    """As `load_policy` reads a folder: what looks like a policy and would not be read is an error."""
    files: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for path in _listed(given):
        name = f"{prefix}{path}"
        if path.suffix != ".yaml" or len(path.parts) > 1:
            remedy = "Rename it to end in .yaml, put it into the folder itself, or remove it."
            problems.append(Problem("it is not read", Place(name), remedy))
            continue
        kind, content = _read(name)
        if kind != "blob":
            problems.append(Problem("it is a link that leads out of git", Place(name), "Replace the link by the file."))
            continue
        files.append((name, decode_text(content, name, _WHAT)))
    if problems:
        raise Misconfigured(problems)
    if not files:
        raise Misconfigured.one("the policy folder holds no *.yaml file", given, "Add one, or correct the path.")
    return parse_policy(files)


def _listed(given: str) -> Iterator[PurePosixPath]:
    """All files in a tree and below it that someone may take for a part of the policy, sorted by name."""
    tree = _git(given, "rev-parse", "--verify", "--quiet", "--end-of-options", given).split()[-1].decode()
    listed = _git(given, "ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).decode("utf-8", "replace")
    for path in sorted(map(PurePosixPath, filter(None, listed.split("\0")))):
        name = path.name.lower()
        hidden = any(part.startswith(".") for part in path.parts[:1])
        if not hidden and (".yaml" in name or ".yml" in name):
            yield path


def _read(name: str) -> tuple[str, bytes]:
    """The kind of object that git has by this name, empty if none, and its content.

    The name goes in by standard input, so that it cannot be taken for an option; links are followed within the tree.
    """
    answer = _git(name, "cat-file", "--batch", "--follow-symlinks", given=name.encode() + b"\n")
    head, _, content = answer.partition(b"\n")
    words = head.split(b" ")
    known = len(words) == 3 and words[1] in (b"blob", b"tree")  # noqa: PLR2004 -- name, kind and size
    return (words[1].decode(), content[: int(words[2])]) if known else ("", b"")


def _git(name: str, *arguments: str, given: bytes = b"") -> bytes:
    """What git prints; it asks nobody for anything and fetches nothing. `name` is what errors are about."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "--no-pager", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 -- no shell; names come last or by standard input
            command, input=given, capture_output=True, env=environment, timeout=_SECONDS, check=True
        )
    except FileNotFoundError:
        raise Misconfigured.one("git is not installed, and a revision needs it", name, "Name a file.") from None
    except subprocess.TimeoutExpired:
        raise Misconfigured.one(f"git did not answer within {_SECONDS} s", name, "Name a file.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        first = said.splitlines()[0] if said else f"exit code {error.returncode}"
        raise Misconfigured.one(f"git cannot read it: {first}", name, "Correct the revision, or name a file.") from None
    return done.stdout
