"""The command line: its commands are modules of `service/commands/`, loaded when they are run."""

from __future__ import annotations

from importlib import import_module

import click

from service.commands.common import BAD_INPUT
from service.version import program_version

__all__ = ["BAD_INPUT", "main"]

COMMANDS = {
    "assess": "Assess patients: bundle files, folders of them, or - for NDJSON on standard input.",
    "audit": "The calls that were made: who, which hook, which cards and rules.",
    "check": "Survey a site: which of its codes are recognised.",
    "config": "Print the settings in force, secrets masked.",
    "demo": "Start the demonstration: synthetic patients, a FHIR server, a page that plays the EHR.",
    "feedback": "What clinicians did with the cards: a report by rule, and the list.",
    "keys": "Try out who may call: key pairs, tokens, what is wrong with a token.",
    "rulebook": "Write the rule book pages from the rules and their worked cases.",
    "serve": "Start the service with gunicorn.",
    "store": "The store: its state, its tables, and forgetting what is old.",
    "trials": "Trials that the sources name: list them, show one, match a patient.",
}
"""Name -> a line for the list. The command is the function of that name in service/commands/NAME.py."""


class _Lazy(click.Group):
    """Loads a command when it is run, so that --help stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"service.commands.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


def _say_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"relapse-cds {program_version()}")
        ctx.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version.",
)
def main() -> None:
    """Decision support for relapsed acute lymphoblastic leukemia: CDS Hooks service and tools."""


if __name__ == "__main__":
    main()
