"""From entries in an order to rules without one.

Entry i decides what no entry before it matches. As an allow rule it also grants to those whom an earlier entry matches,
so wherever that one grants less, one of three must hold: the two never match the same request; a deny rule for the
earlier entry takes the rest away, which must not take what entries before that one grant; or the later entry is left
out. So no request is ever granted more than docker_auth grants it, and less only where an entry is left out.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Problem

from .entries import Acl, Entry
from .regions import covers, meet_on_catalog, meet_on_repositories

_EVERYTHING = frozenset(("*",))
_BY_HAND = "Write it by hand: leave those repositories out of the allow rule, or move people between groups."


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """One rule to be written: what an entry grants or takes away. `actions` are on the entry's repositories."""

    id: str
    entry: Entry
    actions: frozenset[str]
    catalog: bool


@dataclass(frozen=True, slots=True)
class Translation:
    """The rules; what was left out, as rules that may be meant and as reasons; and what else people should know."""

    allow: tuple[RuleDraft, ...]
    deny: tuple[RuleDraft, ...]
    suggested: tuple[RuleDraft, ...]
    left_out: tuple[Problem, ...]
    notes: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Settled:
    """By position: what is denied for an entry, and which entries are left out because of which earlier one."""

    denies: dict[int, frozenset[str]]
    omitted: dict[int, int]


def translate(acl: Acl) -> Translation:
    """The rules for an access list, and what could not be translated."""
    entries = _widened(_without_namesakes(acl.entries))
    unfit = {number for number, entry in enumerate(entries) if entry.reasons}
    on_repositories = _settle(entries, unfit, lambda entry: entry.actions, meet_on_repositories)
    on_catalog = _settle(entries, unfit, lambda entry: _EVERYTHING if entry.lists else frozenset(), meet_on_catalog)
    ids = _ids(entries)
    allow, deny, suggested, left_out = [], [], [], []
    for number, entry in enumerate(entries):
        name = ids[number]
        left_out += list(entry.reasons)
        whole = RuleDraft(
            name, entry, entry.actions if entry.patterns else frozenset(), entry.on_catalog and entry.lists
        )
        lost_names = bool(whole.actions) and number in on_repositories.omitted
        lost_catalog = whole.catalog and number in on_catalog.omitted
        if lost_names or lost_catalog:
            first = (on_repositories if lost_names else on_catalog).omitted[number]
            left_out.append(_out_of_order(entry, entries[first], catalog_only=not lost_names))
            suggested.append(replace(whole, actions=whole.actions if lost_names else frozenset(), catalog=lost_catalog))
        kept = number not in unfit
        given = RuleDraft(
            name,
            entry,
            whole.actions if kept and not lost_names else frozenset(),
            kept and whole.catalog and not lost_catalog,
        )
        if given.actions or given.catalog:
            allow.append(given)
        taken = RuleDraft(
            f"{name}-deny", entry, on_repositories.denies.get(number, frozenset()), number in on_catalog.denies
        )
        if taken.actions or taken.catalog:
            deny.append(taken)
    notes = [note for entry in entries for note in entry.notes]
    return Translation(tuple(allow), tuple(deny), tuple(suggested), (*left_out, *acl.others), (*notes, *_users(acl)))


def _settle(
    entries: Sequence[Entry],
    unfit: set[int],
    actions_of: Callable[[Entry], frozenset[str]],
    meet: Callable[[Entry, Entry], bool],
) -> _Settled:
    denies: dict[int, frozenset[str]] = {}
    omitted: dict[int, int] = {}
    for number, entry in enumerate(entries):
        has = actions_of(entry)
        later = [
            other
            for other in range(number + 1, len(entries))
            if other not in unfit and other not in omitted and actions_of(entries[other]) - has
            if meet(entry, entries[other])
        ]
        if not later:
            continue
        taken = frozenset[str]().union(*(actions_of(entries[other]) for other in later)) - has
        taken |= {"push"} if "pull" in taken else set()  # a deny rule for pull takes push with it
        spoilt = any(
            actions_of(entries[before]) & taken and meet(entries[before], entry)
            for before in range(number)
            if before not in unfit and before not in omitted
        )
        if number in unfit or entry.whom == "anonymous" or spoilt:
            omitted |= dict.fromkeys(later, number)
        else:
            denies[number] = taken
    return _Settled(denies, omitted)


def _widened(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries for anonymous clients alone can be for anyone if everyone who is signed in has as much there."""
    return tuple(
        replace(entry, reasons=(*entry.reasons, _only_anonymous(entry)))
        if entry.whom == "anonymous" and (entry.actions or entry.lists) and not _all_have(entries, entry)
        else entry
        for entry in entries
    )


def _all_have(entries: Sequence[Entry], entry: Entry) -> bool:
    """Whether everyone who is signed in is granted what this entry grants, wherever it matches."""
    signed_in = replace(entry, whom="signed-in")
    for other in entries:
        enough = (entry.actions <= other.actions or not entry.patterns) and (
            other.lists or not (entry.lists and entry.on_catalog)
        )
        if enough and covers(other, entry):
            return True
        if not enough and (meet_on_repositories(other, signed_in) or meet_on_catalog(other, signed_in)):
            return False
    return False


def _without_namesakes(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """A policy takes accounts that differ in case alone for one; docker_auth tells them apart."""
    spellings: dict[str, set[str]] = {}
    for entry in entries:
        spellings.setdefault(fold(entry.account), set()).add(entry.account)
    return tuple(
        replace(entry, reasons=(*entry.reasons, _namesake(entry))) if len(spellings[fold(entry.account)]) > 1 else entry
        for entry in entries
    )


def _ids(entries: Sequence[Entry]) -> list[str]:
    seen: Counter[int] = Counter()
    ids = []
    for entry in entries:
        seen[entry.place.line] += 1
        count = seen[entry.place.line]
        ids.append(f"line-{entry.place.line}" + (f".{count}" if count > 1 else ""))
    return ids


def _namesake(entry: Entry) -> Problem:
    what = f"the account {entry.account!r} stands elsewhere in other capitals, which a policy takes for the same"
    return Problem(what, entry.place, "Find out which spelling the directory has, and remove the other.")


def _only_anonymous(entry: Entry) -> Problem:
    what = "it is for clients without a login alone, and not everyone who is signed in has as much"
    return Problem(what, entry.place, "Write 'anyone' if those who are signed in may have it, too.")


def _out_of_order(entry: Entry, first: Entry, *, catalog_only: bool) -> Problem:
    of_what = " of the catalog" if catalog_only else ""
    what = f"its part{of_what} depends on the order: the entry in line {first.place.line} comes first and grants less"
    return Problem(what, entry.place, _BY_HAND)


def _users(acl: Acl) -> list[Problem]:
    what = "the user {!r} has a password in this file; a policy knows accounts of the directory"
    return [Problem(what.format(name), place, "Make it an account there, or a robot.") for name, place in acl.users]
