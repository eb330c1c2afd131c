"""What narrows a rule, held against a question or another rule: `networks`, `services` and `until`."""

from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address

from .decision import Question
from .rules import Rule


class Narrowing:
    """`networks`, `services` and `until` against one question, each answered yes, no or (None) unknown."""

    def __init__(self, question: Question) -> None:
        self._address = _plain(question.address)
        self._service = question.service
        self._now = question.now
        self._today: date | None = None

    def holds_for_sure(self, rule: Rule) -> bool:
        """For allow rules: what is unknown does not hold."""
        return self.in_time(rule) and self.in_network(rule) is True and self.for_service(rule) is True

    def may_hold(self, rule: Rule) -> bool:
        """For deny rules: what is unknown holds."""
        return self.in_time(rule) and self.in_network(rule) is not False and self.for_service(rule) is not False

    def in_time(self, rule: Rule) -> bool:
        """Whether the rule has not ended."""
        if rule.until is None:
            return True
        self._today = self._today or day_of(self._now)
        return self._today <= rule.until

    def in_network(self, rule: Rule) -> bool | None:
        """Whether the client is in one of the rule's networks."""
        if rule.networks is None:
            return True
        if self._address is None:
            return None
        return any(self._address in network for network in rule.networks)

    def for_service(self, rule: Rule) -> bool | None:
        """Whether the token is for one of the rule's services."""
        if rule.services is None:
            return True
        return self._service in rule.services if self._service else None


def holds_throughout(wide: Rule, narrow: Rule) -> bool:
    """Whether `wide` holds in each network and for each service for which `narrow` does; days are not looked at."""
    services = wide.services is None or (narrow.services is not None and narrow.services <= wide.services)
    networks = wide.networks is None or (
        narrow.networks is not None
        and all(any(_is_within(one, other) for other in wide.networks) for one in narrow.networks)
    )
    return services and networks


def _is_within(one: object, other: object) -> bool:
    return type(one) is type(other) and one.subnet_of(other)  # type: ignore[attr-defined]  # same version, as just seen


def _plain(address: IPv4Address | IPv6Address | None) -> IPv4Address | IPv6Address | None:
    """An IPv4 client of a dual-stack socket shows as ::ffff:10.20.0.7, and is meant by 10.20.0.0/16."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def day_of(moment: datetime) -> date:
    """The day that `until` is held against."""
    return moment.astimezone(UTC).date()
