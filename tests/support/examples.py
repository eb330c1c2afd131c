"""How many examples a property is tried with: `make test` is content with a share of them (profile `quick`)."""

from hypothesis import HealthCheck, settings

_USUAL = 100  # of hypothesis, where a test says nothing


def register_profiles() -> None:
    """`thorough`, which is taken up at once, and `quick` for `--hypothesis-profile`. In neither is a time asserted."""
    unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("thorough", unhurried, max_examples=_USUAL)
    settings.register_profile("quick", unhurried, max_examples=_USUAL // 5)
    settings.load_profile("thorough")


def examples(number: int) -> int:
    """`number`, or the share of it that the profile in force has of the usual number; at least 5."""
    return max(5, number * settings().max_examples // _USUAL)
