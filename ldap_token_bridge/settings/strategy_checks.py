"""The way to someone's groups: what the kind of directory can do, and what a strategy leaves of the other keys."""

from ldap_token_bridge.directory import defaults_for

from .findings import Findings

_KIND, _STRATEGY = ("directory", "kind"), ("directory", "groups", "strategy")


def check_strategy(found: Findings) -> None:
    """`directory.groups.strategy` against `kind`, `nested` and `base`."""
    directory = found.examined.value.directory
    known, written = defaults_for(directory.kind), directory.groups.strategy
    strategy = known.strategy if written == "auto" else written
    if written not in ("auto", *known.strategies):
        only = "only Active Directory has" if written in defaults_for("active-directory").strategies else "there is no"
        found.problem(
            _STRATEGY,
            f"directory.groups.strategy: {only} {written}; directory.kind is {directory.kind}",
            f"Write {', '.join(('auto', *known.strategies[:-1]))} or {known.strategies[-1]}.",
            also=(_KIND,),
        )
        return
    if strategy in known.expanded and not directory.groups.nested:
        # Who is in a group only through another would else keep what the operator meant to withhold.
        found.problem(
            ("directory", "groups", "nested"),
            f"directory.groups.nested: false cannot hold: {known.label}'s {strategy} hold nested groups too",
            f"Write directory.groups.strategy: {known.flat} in place of {written}, or remove nested.",
            also=(_KIND, _STRATEGY),
        )
    if strategy == "token-groups" and directory.groups.base is not None:
        found.warning(
            ("directory", "groups", "base"),
            "directory.groups.base is not used: Active Directory's token-groups hold every group of a person",
            f"Remove it, or write directory.groups.strategy: member-of in place of {written}.",
            also=(_KIND, _STRATEGY),
        )
