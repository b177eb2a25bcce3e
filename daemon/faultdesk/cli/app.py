"""The command tree."""

from pathlib import Path
from typing import Annotated

import typer

from faultdesk import __version__
from faultdesk.cli import (
    audit,
    backup,
    clients,
    entitle,
    explain,
    handlers,
    inbox,
    jobs,
    person,
    read,
    retention,
    run,
    setup,
    tickets,
    visit,
)
from faultdesk.cli.context import DEFAULT_CONFIG
from faultdesk.cli.handlers_commands import Commands

app = typer.Typer(
    name="faultdesk",
    cls=Commands,
    help="A service desk that clients reach by mail and fax.",
    epilog="Handlers may have commands of their own: see `faultdesk handlers`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def watch_board(context: typer.Context) -> None:
    """Watch the open tickets, the most urgent on top; Enter opens one, q ends."""
    # What draws it is slow to load, and no other command needs it.
    from faultdesk.cli.board import board  # noqa: PLC0415

    board(context)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"faultdesk {__version__}")
        raise typer.Exit


@app.callback()
def faultdesk(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option(envvar="FAULTDESK_CONFIG", help="The configuration file.")
    ] = DEFAULT_CONFIG,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Choose the configuration for the command that follows."""
    context.obj = config


for command in (
    setup.init,
    setup.check,
    setup.migrate,
    run.run,
    run.status,
    audit.audit,
    backup.backup,
    retention.purge,
    retention.hold,
    tickets.tickets,
    tickets.ticket,
    watch_board,
    tickets.classify,
    tickets.client,
    entitle.entitle,
    visit.assign,
    visit.answered,
    visit.arrived,
    visit.visit,
    visit.wait,
    visit.resume,
    visit.reopen,
    tickets.resolve,
    visit.close,
    explain.explain,
    read.read,
    handlers.handlers,
):
    app.command(command.__name__.removeprefix("watch_"))(command)
app.add_typer(clients.app)
app.add_typer(inbox.app)
app.add_typer(jobs.app)
app.add_typer(person.app)
