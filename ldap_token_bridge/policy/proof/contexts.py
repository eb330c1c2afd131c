"""Addresses, services and days: one of each kind that some rules tell apart, the unknown ones among them.

Networks nest or are disjoint, so that the first address of each and the one behind its last meet every part that they
divide the addresses into.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import chain, count, product
from typing import TypeVar

from ldap_token_bridge.policy.decision import Question
from ldap_token_bridge.policy.narrowing import Narrowing
from ldap_token_bridge.policy.rules import Rule
from ldap_token_bridge.values import dataclass

from .verdict import Bound
from .work import Work

MAX_CONTEXTS = 20_000

Address = IPv4Address | IPv6Address
# From the ranges for documentation, so that nobody takes them for clients of their own.
_ELSEWHERE = tuple(map(ip_address, ("192.0.2.1", "2001:db8::1")))
# An address in here counts as the IPv4 address that it holds.
_MAPPED = IPv6Network("::ffff:0:0/96")
_EVERYWHERE = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
_Value = TypeVar("_Value")
# Rules as the bits of two numbers: those that hold for certain, and those that may hold.
_Holding = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Context:
    """Where, for which service and when; an address of None and an empty service are unknown.

    `told` are those of the three that the rules ask for; the others could be anything.
    """

    address: Address | None
    service: str
    day: date
    told: frozenset[str] = frozenset()

    @property
    def now(self) -> datetime:
        """Noon of the day."""
        return datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC)


@lru_cache(256)
def contexts(rules: tuple[Rule, ...], today: date, work: Work) -> tuple[tuple[Context, frozenset[Rule]], ...]:
    """Each kind of context from `today` on, with the rules that hold in it; the known before the unknown.

    Raises Bound.
    """
    usual = Context(_ELSEWHERE[0], _other_service(()), today)
    if not any(map(is_narrowed, rules)):
        return ((usual, frozenset(rules)),)
    values = len(_days(rules, today)) + len(_services(rules)) + len(_addresses(rules))
    work.spend(len(rules) * values)
    days = _kinds(_days(rules, today), lambda day: _holding(rules, replace(usual, day=day), Narrowing.in_time))
    services = _kinds(
        _services(rules), lambda service: _holding(rules, replace(usual, service=service), Narrowing.for_service)
    )
    addresses = _kinds(
        _addresses(rules), lambda address: _holding(rules, replace(usual, address=address), Narrowing.in_network)
    )
    total = len(days) * len(services) * len(addresses)
    if total > MAX_CONTEXTS:
        raise Bound(f"addresses, services and days make {total} kinds of requests, more than {MAX_CONTEXTS}")
    work.spend(total)
    told = frozenset(
        name for name, kinds in (("address", addresses), ("service", services), ("day", days)) if len(kinds) > 1
    )
    allow = sum(1 << number for number, rule in enumerate(rules) if rule.reference.kind == "allow")
    found: dict[int, tuple[Context, frozenset[Rule]]] = {}
    for address, service, day in product(addresses, services, days):
        sure, possible = (a & b & c for a, b, c in zip(addresses[address], services[service], days[day], strict=True))
        holding = (sure & allow) | (possible & ~allow)
        if holding not in found:
            held = frozenset(rule for number, rule in enumerate(rules) if holding >> number & 1)
            found[holding] = Context(address, service, day, told), held
    return tuple(found.values())


def is_narrowed(rule: Rule) -> bool:
    """Whether the rule does not hold everywhere and for ever."""
    return not (rule.networks is None and rule.services is None and rule.until is None)


def _kinds(values: Iterable[_Value], holding: Callable[[_Value], _Holding]) -> dict[_Value, _Holding]:
    """The first value of each kind."""
    kinds: dict[_Holding, _Value] = {}
    for value in values:
        kinds.setdefault(holding(value), value)
    return {value: held for held, value in kinds.items()}


def _holding(rules: Sequence[Rule], context: Context, narrowed: Callable[[Narrowing, Rule], bool | None]) -> _Holding:
    narrowing = Narrowing(Question(None, (), context.service, context.address, context.now))
    sure = possible = 0
    for number, rule in enumerate(rules):
        holds = narrowed(narrowing, rule)
        sure |= (holds is True) << number
        possible |= (holds is not False) << number
    return sure, possible


def _days(rules: Sequence[Rule], today: date) -> list[date]:
    """Today, and each day on which a rule no longer holds."""
    ends = {rule.until for rule in rules if rule.until and today <= rule.until < date.max}
    return [today, *sorted(end + timedelta(days=1) for end in ends)]


def _services(rules: Sequence[Rule]) -> list[str]:
    named = sorted({service for rule in rules for service in rule.services or ()})
    return [_other_service(named), *named, ""]


def _other_service(named: Collection[str]) -> str:
    names = chain(("registry.example",), (f"registry-{number}.example" for number in count(2)))
    return next(name for name in names if name not in named)


def _addresses(rules: Sequence[Rule]) -> list[Address | None]:
    networks = [*dict.fromkeys(network for rule in rules for network in rule.networks or ())]
    found: list[Address | None] = list(_ELSEWHERE)
    for network in (*networks, _MAPPED, *_EVERYWHERE):
        last = network.broadcast_address
        found += [network.network_address + (network.num_addresses > 1), network.network_address]
        if int(last) + 1 < 1 << last.max_prefixlen:
            found.append(last + 1)
    return [*found, None]
