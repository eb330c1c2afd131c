"""What can only be told of an issuer of tokens as a whole, and of its entries beside each other."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from ldap_token_bridge.identity import is_workload_name
from ldap_token_bridge.workloads import ClaimPattern, Entry
from ldap_token_bridge.yamlfile import KeyPath

from .findings import Findings
from .model import WorkloadIssuer

_MAX_NAME = 64
_NAME_REMEDY = f"Use a-z, 0-9, '.', '_' and '-', at most {_MAX_NAME}; a letter or digit first and last."
# What each token has checked anyhow, or what is another in each.
_OWN_CLAIMS = frozenset(("iss", "aud", "exp", "iat", "nbf", "jti"))
# Anybody may have a project there; one of these claims says whose it is, by a name or up to a slash.
_OWNERS: Mapping[str, tuple[str, ...]] = {
    "https://token.actions.githubusercontent.com": (
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "sub",
    ),
    "https://gitlab.com": ("project_path", "project_id", "namespace_path", "namespace_id", "sub"),
}


def check_workloads(found: Findings) -> None:
    """Names, addresses of keys, and entries."""
    for name, issuer in found.examined.value.workloads.items():
        path: KeyPath = ("workloads", name)
        if not _is_name(name):
            found.problem(path, f"{name!r} is no name of an issuer: workload+NAME logs in", _NAME_REMEDY)
        _check_keys(found, path, issuer)
        _check_entries(found, (*path, "subjects"), issuer)


def _is_name(name: str) -> bool:
    return len(name) <= _MAX_NAME and is_workload_name(name) is not None


def _check_keys(found: Findings, path: KeyPath, issuer: WorkloadIssuer) -> None:
    url = (*path, "jwks_url")
    if issuer.jwks_file is not None:
        for key in ("jwks_url", "ca_file"):
            if getattr(issuer, key) is not None:
                what = f"both {_name((*path, 'jwks_file'))} and {key} are set"
                found.problem((*path, key), what, "Keep one: the keys in a file, or fetched from the issuer.")
    elif issuer.jwks_url is not None:
        if not _is_https(issuer.jwks_url):
            remedy = "Whoever can answer for the issuer could sign any token: write https://, and ca_file if need be."
            found.problem(url, f"{_name(url)} is no https:// address", remedy)
    elif not _is_https(issuer.issuer):
        what = f"the keys of {issuer.issuer!r} cannot be discovered: it is no https:// address"
        found.problem((*path, "issuer"), what, "Add jwks_file, or jwks_url, beside it.")


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False


def _check_entries(found: Findings, path: KeyPath, issuer: WorkloadIssuer) -> None:
    if not issuer.subjects:
        found.problem(path, f"{_name(path)} is empty: nobody can log in", "List at least one, or remove the issuer.")
    for number, entry in enumerate(issuer.subjects):
        here = (*path, number)
        if not _is_name(entry.name):
            found.problem((*here, "name"), f"{entry.name!r} is no name of a workload", _NAME_REMEDY)
        _check_claims(found, (*here, "claims"), issuer, entry.claims)
        mine = Entry(entry.name, entry.claims)
        for before, other in enumerate(issuer.subjects[:number]):
            theirs = Entry(other.name, other.claims)
            if mine.name != theirs.name and mine.claims and theirs.claims:
                _check_overlap(found, path, (mine, number), (theirs, before))


def _check_claims(found: Findings, path: KeyPath, issuer: WorkloadIssuer, claims: Mapping[str, ClaimPattern]) -> None:
    for name in sorted(_OWN_CLAIMS & claims.keys()):
        what = f"the claim {name!r} says nothing of whose token it is"
        found.problem((*path, name), what, "Remove it: issuer, audience and times are checked in every token.")
    telling = {name: pattern for name, pattern in claims.items() if name not in _OWN_CLAIMS}
    owners = _OWNERS.get(issuer.issuer.removesuffix("/"), ())
    if not any(pattern.text.strip("*/:") for pattern in telling.values()):
        what = "any token of this issuer would fit: no claim has a value that is more than stars"
        found.problem(path, what, "Write whose token it is, as in project_path: team-a/app.")
    elif owners and not any(_names_owner(telling[name]) for name in owners if name in telling):
        what = f"anybody's token of {issuer.issuer} could fit: no claim says whose project it is"
        found.problem(path, what, f"Add one of {', '.join(owners)}, with the owner's name written out.")


def _names_owner(pattern: ClaimPattern) -> bool:
    return pattern.is_exact or "/" in pattern.prefix


def _check_overlap(found: Findings, path: KeyPath, mine: tuple[Entry, int], theirs: tuple[Entry, int]) -> None:
    for (wide, _), (narrow, number) in ((mine, theirs), (theirs, mine)):
        if wide.covers(narrow):
            what = f"every token of {narrow.name!r} is one of {wide.name!r}, too, and is refused: it must be one alone"
            remedy = f"Add a claim to {wide.name!r} that tokens of {narrow.name!r} do not have, or give both one name."
            found.problem((*path, number), what, remedy)
            return


def _name(path: KeyPath) -> str:
    return ".".join(map(str, path))
