"""`demo`: the whole journey on this machine, with nothing to set up."""

import click

from .common import examples, format_option, run_or_explain


@click.command(
    epilog=examples(
        "ldap-token-bridge demo",
        "ldap-token-bridge demo --once",
        "ldap-token-bridge demo --once --format json",
    )
)
@click.option("--once", is_flag=True, help="Make a few logins, show what came out, and end.")
@format_option
@run_or_explain()
def command(*, once: bool, output_format: str) -> None:
    """Try everything on this machine, with nothing to set up.

    Starts a sample directory, the bridge with fresh keys and a sample policy, and a registry if one is installed, all
    on loopback and in a temporary folder. In a terminal it prints what to try and stays until Ctrl-C. Without one, or
    with --once or --format json, it makes a few logins itself, shows the tokens, and exits with 0 only if each came
    out as it should.
    """
    from ldap_token_bridge.demo import run_demo  # noqa: PLC0415 -- slow to load, and not needed for --help

    raise SystemExit(run_demo(once=once, form="json" if output_format == "json" else "text"))
