"""The option of the commands that prove something."""

import click

effort_option = click.option(
    "--effort",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    metavar="N",
    help="Search up to N times as long before something is 'not proved'.",
)
