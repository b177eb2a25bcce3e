"""person export, erase: what is kept of one person, given out or taken away."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from faultdesk.adapters.sql import export as exporting
from faultdesk.adapters.sql import person
from faultdesk.cli.context import configuration, database
from faultdesk.errors import PermanentError

app = typer.Typer(name="person", help="What is kept of one person.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="A mail address.")]


@app.command()
def export(
    context: typer.Context,
    address: Who,
    file: Annotated[Path, typer.Argument(help="A zip to make.")],
    withheld: Annotated[
        bool, typer.Option("--withheld", help="With mails that are withheld, as infected ones are.")
    ] = False,
) -> None:
    """Write a person's mails and tickets into a zip."""
    with database(context) as opened:
        told = exporting.export(opened, address.lower(), file, with_withheld=withheld)
    typer.echo(f"{file}: tickets {told.tickets}, mails {told.mails}")


@app.command()
def erase(
    context: typer.Context,
    address: Who,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Erase a person's data; figures stay. Tickets on hold or with mail on its way are named, and left."""
    config = configuration(context)
    if address.lower() == config.desk.address.lower():
        raise PermanentError(f"{address}: is the desk's own address")
    with database(context) as opened:
        told = person.erase(opened, address.lower(), datetime.now(UTC), dry_run=dry_run)
    typer.echo(
        f"{'would be erased' if dry_run else 'erased'}: tickets {told.tickets}, "
        f"messages without a ticket {told.received}"
    )
    if told.refused:
        raise PermanentError(f"left, for a hold or a mail on its way: {', '.join(told.refused)}")
