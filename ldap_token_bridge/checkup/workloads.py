"""Workloads: whether their issuers' keys can be used, and whom the policy names in vain."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.ldap import client_tls
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings, WorkloadIssuer
from ldap_token_bridge.tokens import MAX_JWKS, TrustedKeys
from ldap_token_bridge.whole_files import read_file
from ldap_token_bridge.workloads import CannotFetch, Entry, Issuer, KeysAddress, fetch_keys
from ldap_token_bridge.yamlfile import suggest

from .item import Grade, Item, items_of
from .reading import Reading

_TOPIC = "workloads"
_TLS = "1.2"


def read_workloads(settings: Settings, policy: Policy | None) -> Reading[Mapping[str, Issuer]]:
    """The issuers by their names, with the keys that stand in files. Never raises for what it finds."""
    issuers: dict[str, Issuer] = {}
    items: list[Item] = []
    problems: list[Problem] = []
    for name, written in settings.workloads.items():
        try:
            keys = _keys(settings, name, written)
        except Misconfigured as error:
            problems += error.problems
            continue
        if isinstance(keys, TrustedKeys):
            items += _about(f"{name}: keys of {written.issuer}: {len(keys)}", keys, settings, name)
        else:
            items.append(Item(_TOPIC, Grade.FINE, f"{name}: keys are to be fetched from {written.issuer}"))
        entries = tuple(Entry(entry.name, entry.claims) for entry in written.subjects)
        issuers[name] = Issuer(written.issuer, written.audience, written.max_lifetime, entries, keys)
    items += _unknown(settings, policy)
    if problems:
        return Reading(None, (*items_of(_TOPIC, Grade.UNUSABLE, problems), *items), tuple(problems))
    return Reading(issuers, tuple(items))


async def check_issuers(settings: Settings, issuers: Mapping[str, Issuer]) -> list[Item]:
    """Fetches the keys of each issuer that publishes them. Never raises for what an issuer does."""
    items: list[Item] = []
    for name, issuer in issuers.items():
        if not isinstance(issuer.keys, KeysAddress):
            continue
        try:
            keys = await fetch_keys(issuer.keys)
        except CannotFetch as error:
            remedy = "Mend the address, ca_file or the way there; or write the keys into a file, for jwks_file."
            items.append(Item(_TOPIC, Grade.FINDING, f"{name}: {error}", settings.place("workloads", name), remedy))
        else:
            items += _about(f"{name}: keys fetched from {issuer.issuer}: {len(keys)}", keys, settings, name)
    return items


def _about(what: str, keys: TrustedKeys, settings: Settings, name: str) -> Iterator[Item]:
    yield Item(_TOPIC, Grade.FINE, what)
    for note in keys.notes:
        yield Item(_TOPIC, Grade.WARNING, f"{name}: {note}", settings.place("workloads", name))


def _keys(settings: Settings, name: str, written: WorkloadIssuer) -> TrustedKeys | KeysAddress:
    """Raises Misconfigured."""
    if written.jwks_file is not None:
        try:
            return TrustedKeys.of_jwks(_read(written.jwks_file, settings, name, "jwks_file"))
        except ValueError as error:
            remedy = "Write what the issuer publishes as its JWKS into it, whole."
            raise Misconfigured.one(f"no keys: {error}", str(written.jwks_file), remedy) from None
    ca = _read(written.ca_file, settings, name, "ca_file") if written.ca_file else b""
    tls = client_tls(written.ca_file, None, None, _TLS)
    return KeysAddress(written.issuer, written.jwks_url or "", ca, written.jwks_cache, tls)


def _read(path: Path, settings: Settings, name: str, key: str) -> bytes:
    try:
        return read_file(path, MAX_JWKS + 1)
    except OSError as error:
        what = f"workloads.{name}.{key}: {path} cannot be read: {(error.strerror or 'unknown reason').lower()}"
        remedy = "Check the path and the file's permissions; a relative path starts at the settings file."
        raise Misconfigured.one(what, settings.place("workloads", name, key), remedy) from None


def _unknown(settings: Settings, policy: Policy | None) -> Iterator[Item]:
    """Rules for workloads that no issuer's tokens can be: most often a name is mistyped."""
    known = {entry.name for issuer in settings.workloads.values() for entry in issuer.subjects}
    for rule in policy.rules if policy else ():
        for who in rule.who:
            if who.kind == "workload" and fold(who.name) not in known:
                remedy = suggest(who.name, known) or "Add it to 'subjects' of an issuer, below 'workloads'."
                what = f"the rule {rule.id!r} names the workload {who.name!r}, and no issuer has one of that name"
                yield Item(_TOPIC, Grade.WARNING, what, rule.reference.place, remedy)
