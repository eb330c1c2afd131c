"""From entries in an order to rules without one.

Entry i decides what no entry before it matches. As an allow rule it also grants to those whom an earlier entry matches,
so wherever that one grants less, one of three must hold: the two never match the same request; a deny rule for the
earlier entry takes the rest away, which must not take what entries before that one grant; or the later entry is left
out. So no request is ever granted more than docker_auth grants it, and less only where an entry is left out.

Counted steps bound all of it. Entries that were not compared with all before them when those ended are left out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Problem
from ldap_token_bridge.policy.proof import Bound, Work
from ldap_token_bridge.values import dataclass

from .entries import Acl, Entry
from .order import Progress, Side, settle
from .regions import Regions

_EVERYTHING = frozenset(("*",))
_BY_HAND = "Write it by hand: leave those repositories out of the allow rule, or move people between groups."
_LONGER = "Search longer, as with --effort 10, or write it by hand."


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


def translate(acl: Acl, show: Progress = lambda _done, _total: None, work: Work | None = None) -> Translation:
    """The rules for an access list, and what could not be translated. `work` bounds what is compared for that."""
    regions = Regions(work or Work())
    entries = _widened(_without_namesakes(acl.entries), regions)
    unfit = {number for number, entry in enumerate(entries) if entry.reasons}
    on_repositories = Side(entries, unfit, lambda entry: entry.actions, regions.meet_on_repositories)
    on_catalog = Side(
        entries, unfit, lambda entry: _EVERYTHING if entry.lists else frozenset(), regions.meet_on_catalog
    )
    proved, bound = settle((on_repositories, on_catalog), len(entries), regions, show)
    ids = _ids(entries)
    allow, deny, suggested, left_out = [], [], [], []
    for number, entry in enumerate(entries[:proved]):
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
    if bound:
        left_out.append(_unproved(entries[proved:], bound))
    notes = [note for entry in entries[:proved] for note in entry.notes]
    return Translation(tuple(allow), tuple(deny), tuple(suggested), (*left_out, *acl.others), (*notes, *_users(acl)))


def _widened(entries: Sequence[Entry], regions: Regions) -> tuple[Entry, ...]:
    """Entries for anonymous clients alone can be for anyone if everyone who is signed in has as much there."""
    return tuple(
        replace(entry, reasons=(*entry.reasons, *_only_anonymous(entries, entry, regions)))
        if entry.whom == "anonymous" and (entry.actions or entry.lists)
        else entry
        for entry in entries
    )


def _only_anonymous(entries: Sequence[Entry], entry: Entry, regions: Regions) -> Iterator[Problem]:
    what = "it is for clients without a login alone, and"
    try:
        if not _all_have(entries, entry, regions):
            remedy = "Write 'anyone' if those who are signed in may have it, too."
            yield Problem(f"{what} not everyone who is signed in has as much", entry.place, remedy)
    except Bound as bound:
        what = f"{what} it is not proved that everyone who is signed in has as much: {bound}"
        yield Problem(what, entry.place, _LONGER)


def _all_have(entries: Sequence[Entry], entry: Entry, regions: Regions) -> bool:
    """Whether everyone who is signed in is granted what this entry grants, wherever it matches. Raises Bound."""
    signed_in = replace(entry, whom="signed-in")
    regions.pass_over(len(entries))
    for other in entries:
        enough = (entry.actions <= other.actions or not entry.patterns) and (
            other.lists or not (entry.lists and entry.on_catalog)
        )
        if enough and regions.covers(other, entry):
            return True
        if not enough and (regions.meet_on_repositories(other, signed_in) or regions.meet_on_catalog(other, signed_in)):
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


def _unproved(entries: Sequence[Entry], bound: str) -> Problem:
    behind = f"this entry and {len(entries) - 1:,} more behind it are" if len(entries) > 1 else "this entry is"
    what = f"{behind} not translated: what earlier ones take away is not proved; {bound}"
    return Problem(what, entries[0].place, _LONGER)


def _out_of_order(entry: Entry, first: Entry, *, catalog_only: bool) -> Problem:
    of_what = " of the catalog" if catalog_only else ""
    what = f"its part{of_what} depends on the order: the entry in line {first.place.line} comes first and grants less"
    return Problem(what, entry.place, _BY_HAND)


def _users(acl: Acl) -> list[Problem]:
    what = "the user {!r} has a password in this file; a policy knows accounts of the directory"
    return [Problem(what.format(name), place, "Make it an account there, or a robot.") for name, place in acl.users]
