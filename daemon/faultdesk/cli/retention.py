"""purge and hold: how long people's words are kept."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from faultdesk.adapters.sql.blanking import free_octets
from faultdesk.adapters.sql.purge import purge as purge_words
from faultdesk.cli.context import database, desk
from faultdesk.cli.tickets import Reference, ticket_to_change
from faultdesk.domain.replay import replay
from faultdesk.domain.retention import moment_before
from faultdesk.domain.ticket import Event
from faultdesk.errors import PermanentError

_MUCH = 64 * 1024 * 1024


def purge(
    context: typer.Context,
    older_than: Annotated[
        str, typer.Option(help="Age of a ticket's last event: P2Y, P6M, P90D.", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove the words of old resolved tickets and ignored mail; what figures need stays."""
    now = datetime.now(UTC)
    try:
        before = moment_before(now, older_than)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from error
    with database(context) as opened:
        told = purge_words(opened, before, now, dry_run=dry_run)
        free, whole = free_octets(opened) if opened.is_sqlite else (0, 0)
    typer.echo(
        f"{'would be purged' if dry_run else 'purged'}: tickets {told.tickets}, "
        f"messages {told.messages}, octets {told.octets}"
    )
    if free > max(_MUCH, whole // 4):
        typer.echo(
            f"{free} of the database's {whole} octets are free; new mail fills them (see VACUUM in the docs)"
        )


def hold(
    context: typer.Context,
    reference: Reference,
    release: Annotated[bool, typer.Option("--release", help="End the hold.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "operator",
) -> None:
    """Keep a ticket from purge and erasure, as the law may want it."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = ticket_to_change(transaction, reference)
        held = replay(transaction.tickets.events(found.id)).held
        if held is not release:
            raise PermanentError(f"{found.reference} is {'on hold already' if held else 'not on hold'}")
        data = {"reason": reason} if reason else {}
        kind = "hold_released" if release else "hold_set"
        opened.changes.change(transaction, found.id, Event(kind, data, actor=by))
    typer.echo(f"{found.reference} {'is not on hold any more' if release else 'is on hold'}")
