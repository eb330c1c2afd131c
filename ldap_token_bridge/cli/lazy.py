"""A group of commands that are imported when they are invoked: `--help` reads a table and loads nothing."""

import importlib
from collections.abc import Mapping

import click


class LazyGroup(click.Group):
    """`table` maps a command's name to its one-line help; the command is `command` in the module of that name.

    A dash in the name is an underscore in the module's.
    """

    def __init__(
        self,
        *,
        name: str,
        help: str,  # noqa: A002 -- click's word
        package: str,
        table: Mapping[str, str],
        epilog: str | None = None,
    ) -> None:
        super().__init__(name=name, help=help, epilog=epilog)
        self._package = package
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click calls it so
        """The commands in the order of the table, which is the order in which people meet them."""
        return list(self._table)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As any group; a slip of the finger is told what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError as error:
            from ldap_token_bridge.yamlfile import suggest  # noqa: PLC0415 -- slow, and not needed for a command

            raise click.UsageError(f"{error.message} {suggest(args[0], self._table)}", ctx) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command; None for a name that is not in the table."""
        if cmd_name not in self._table:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"{self._package}.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's
        """Writes the table instead of asking every command for its help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))
