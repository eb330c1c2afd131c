"""What the figures are meant to be: bounds of the value or of the ratio. They are shown beside it and judge nothing."""

from typing import Literal, NamedTuple

from .figures import Figure


class Aim(NamedTuple):
    """`of` is at least, or at most, `bound`."""

    of: Literal["value", "ratio"]
    at: Literal["≥", "≤"]
    bound: float

    def is_met(self, figure: Figure) -> bool:
        """By the median; not by a ratio that was not measured."""
        told = figure.value if self.of == "value" else figure.ratio
        if told is None:
            return False
        return told >= self.bound if self.at == "≥" else told <= self.bound

    def __str__(self) -> str:
        return f"{'ratio ' if self.of == 'ratio' else ''}{self.at} {self.bound:g}"


def _at_least(bound: float, of: Literal["value", "ratio"] = "ratio") -> Aim:
    return Aim(of, "≥", bound)


def _at_most(bound: float) -> Aim:
    return Aim("value", "≤", bound)


AIMS = {
    "policy_decide_10000_us": _at_most(50),
    "policy_decide_growth_100_to_10000": _at_most(2),
    "policy_load_10000_s": _at_most(3),
    "policy_reload_added_ms": _at_most(100),
    "policy_diff_200_s": _at_most(5),
    "policy_diff_2000_s": _at_most(60),
    "directory_login_ratio_ldap3_threads": _at_least(8),
    "directory_login_ldaps_ratio_ldap3_threads": _at_least(6),
    "cli_help_s": _at_most(0.3),
    "memory_account_bytes": _at_most(2_000),
    "service_warm_rate": _at_least(0.8),
    "service_warm_p99_over_p50": _at_most(3),
    "ldap_operations_per_1000_tokens": _at_most(1),
    "service_scopes_growth_1_to_50": _at_most(4),
    "service_groups_growth_10_to_1000": _at_most(2),
    "service_rules_growth_100_to_10000": _at_most(1.2),
    "service_cold_rate": _at_least(0.5),
    "service_cold_50ms_p50_round_trips": _at_most(2.5),
    "service_cold_50ms_rate": _at_least(0.8),
    "service_hung_slowest_s": _at_most(8),
    "service_hung_cached_p99_times": _at_most(1.5),
    "service_hung_anonymous_p99_times": _at_most(1.5),
    "service_spraying_others_p50_times": _at_most(2),
    "service_spraying_others_p99_times": _at_most(2),
    "memory_idle_mb": _at_most(70),
    "service_start_s": _at_most(1.5),
}
"""By the name of the line; issues and decisions say why."""
