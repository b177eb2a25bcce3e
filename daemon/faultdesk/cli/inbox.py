"""inbox list, show, retry, drop: what was received, and what became of it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from faultdesk.adapters.sql import listings, mending
from faultdesk.adapters.sql.store import SqlTransaction
from faultdesk.cli.context import configuration, database, reading
from faultdesk.cli.show import AsJson, Limit, details, listing
from faultdesk.errors import PermanentError
from faultdesk.pipeline.inbox import InboxState

app = typer.Typer(name="inbox", help="What was received, and what became of it.", no_args_is_help=True)

MessageNumber = Annotated[int, typer.Argument(help="The message's number in the inbox.")]
_COLUMNS = ("id", "mailbox", "state", "strikes", "size", "arrived_at", "ticket", "reason")


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[InboxState | None, typer.Option(help="Only these.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was set aside.")] = False,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """List received messages, the latest last."""
    zone = configuration(context).desk.time_zone
    with reading(context) as connection:
        rows = listings.inbox_rows(connection, InboxState.FAILED if failed else state, limit)
    listing(rows, _COLUMNS, zone, as_json=as_json)


@app.command()
def show(
    context: typer.Context,
    message: MessageNumber,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write its octets as they came, and nothing else.")
    ] = False,
    withheld: Annotated[
        bool, typer.Option("--withheld", help="With --raw: though they are withheld, as infected ones are.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a message: its state, its error, or its octets."""
    zone = configuration(context).desk.time_zone
    with reading(context) as connection:
        row = listings.inbox_row(connection, message)
        if raw and row["withheld"] and not withheld:
            raise PermanentError(
                f"message {message} is withheld: {row['withheld']}; --withheld writes it all the same"
            )
        if raw:
            sys.stdout.buffer.write(SqlTransaction(connection).inbox.content(message))
            return
    details(row, zone, as_json=as_json)


@app.command()
def retry(
    context: typer.Context,
    message: MessageNumber,
    edited: Annotated[
        Path | None,
        typer.Option("--with", help="An .eml to take in its place.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Let a message that failed, or was ignored and opened no ticket, be triaged again."""
    with database(context) as opened, opened.write() as connection:
        listings.inbox_row(connection, message)
        if edited is None:
            if not mending.retry_inbox(connection, message):
                raise PermanentError(f"message {message} has a ticket or is on its way already")
            again = message
        else:
            put_back = mending.put_back(connection, message, edited.read_bytes(), datetime.now(UTC))
            if put_back is None:
                raise PermanentError(f"message {message} has not failed")
            again = put_back
    typer.echo(f"message {again} will be triaged")


@app.command()
def drop(context: typer.Context, message: MessageNumber) -> None:
    """Give up a failed message; its octets are kept."""
    with database(context) as opened, opened.write() as connection:
        listings.inbox_row(connection, message)
        if not mending.drop_inbox(connection, message):
            raise PermanentError(f"message {message} has not failed")
    typer.echo(f"message {message} given up")
