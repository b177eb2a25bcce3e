"""assign, answered, arrived, visit, wait, resume, reopen, close: what moves a ticket on which somebody works."""

from datetime import datetime
from typing import Annotated

import typer

from faultdesk.adapters.sql.store import SqlTransaction
from faultdesk.cli.context import desk
from faultdesk.cli.tickets import Reference, moment, require_between, said, ticket_to_change
from faultdesk.domain.assignment import PASSED_ON
from faultdesk.domain.promise import (
    REOPENED,
    RESUMED,
    VISIT_WANTED,
    WAITING,
    Clock,
    is_waiting,
    work_began_at,
)
from faultdesk.domain.ticket import Event, Status, Ticket
from faultdesk.errors import PermanentError
from faultdesk.pipeline.ending import lacks_of_end
from faultdesk.service.wiring import Desk

At = Annotated[str, typer.Option(help="When: 14:30, 2026-03-05T14:30, the desk's time; now by default.")]
By = Annotated[str, typer.Option(help="Who says so, for the ticket's log.")]


def assign(
    context: typer.Context,
    reference: Reference,
    who: Annotated[
        str, typer.Argument(help="Name, key or address, as people are called in the configuration.")
    ],
    by: By = "operator",
) -> None:
    """Send somebody to a ticket; who was sent before is called off."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = _in_work(transaction, reference)
        try:
            person = opened.changes.desk.people.one(who)
        except ValueError as error:
            raise PermanentError(str(error)) from error
        data = {"to": person.address, "reason": f"assigned by {by}"}
        opened.changes.change(transaction, found.id, Event(PASSED_ON, data, actor=by))
    typer.echo(f"{found.reference} goes to {person.mailbox}")


def arrived(
    context: typer.Context,
    reference: Reference,
    at: At = "",
    by: By = "operator",
) -> None:
    """Note that an engineer is on site: it stops the clocks of the answer and the visit."""
    with desk(context) as opened, opened.store.write() as transaction:
        found, came = _in_work_at(transaction, opened, reference, at)
        opened.changes.change(
            transaction, found.id, Event("arrived", {"arrived_at": came.isoformat()}, actor=by)
        )
    typer.echo(f"{found.reference}: on site")


def answered(
    context: typer.Context,
    reference: Reference,
    at: At = "",
    by: By = "operator",
) -> None:
    """Note that the client was answered by telephone: it stops the clock of the answer."""
    with desk(context) as opened, opened.store.write() as transaction:
        found, called = _in_work_at(transaction, opened, reference, at)
        data = {"answered_at": called.isoformat(), "by": "phone"}
        opened.changes.change(transaction, found.id, Event("answered", data, actor=by))
    typer.echo(f"{found.reference}: answered")


def visit(context: typer.Context, reference: Reference, by: By = "operator") -> None:
    """Say that somebody has to go there, where none was promised; the clock counts from the notice."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = _in_work(transaction, reference)
        if found.deadline(Clock.ON_SITE) is not None:
            raise PermanentError(f"{found.reference}: the clock of the visit runs already")
        opened.changes.change(transaction, found.id, Event(VISIT_WANTED, actor=by))
        if transaction.tickets.get(found.id).deadline(Clock.ON_SITE) is None:
            raise PermanentError(f"{found.reference}: no visit is promised for a {found.classification.kind}")
    typer.echo(f"{found.reference}: somebody has to go there")


def wait(
    context: typer.Context,
    reference: Reference,
    reason: Annotated[str, typer.Argument(help="What the client has to do first.", callback=said)],
    by: By = "operator",
) -> None:
    """Let the clock of the visit stand still while the client has to do something; it goes on when the client writes."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = _in_work(transaction, reference)
        if is_waiting(transaction.tickets.events(found.id)):
            raise PermanentError(f"{found.reference} waits for the client already")
        opened.changes.change(transaction, found.id, Event(WAITING, {"reason": reason}, actor=by))
    typer.echo(f"{found.reference} waits for the client")


def resume(context: typer.Context, reference: Reference, by: By = "operator") -> None:
    """Let the clock of the visit go on."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = _in_work(transaction, reference)
        if not is_waiting(transaction.tickets.events(found.id)):
            raise PermanentError(f"{found.reference} does not wait for the client")
        opened.changes.change(transaction, found.id, Event(RESUMED, {}, actor=by))
    typer.echo(f"{found.reference} goes on")


def reopen(
    context: typer.Context,
    reference: Reference,
    reason: Annotated[str, typer.Argument(help="What is broken again, or still.", callback=said)],
    by: By = "operator",
) -> None:
    """Take a ticket up again whose fault is not gone; the clock of the visit begins anew."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = ticket_to_change(transaction, reference)
        if found.status.is_open:
            raise PermanentError(f"{found.reference} is open")
        opened.changes.change(transaction, found.id, Event(REOPENED, {"reason": reason}, actor=by))
    typer.echo(f"{found.reference} is open again")


def close(
    context: typer.Context,
    reference: Reference,
    reason: Annotated[
        str, typer.Option(help="Why it ends; a fault without recovery and report needs one.")
    ] = "",
    by: By = "operator",
) -> None:
    """End a ticket: a fault once the client has the report, or for a reason that is stated."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = ticket_to_change(transaction, reference)
        if found.status is Status.CLOSED:
            raise PermanentError(f"{found.reference} is closed")
        lacking = lacks_of_end(transaction, found)
        if lacking and not reason:
            raise PermanentError(f"{found.reference} lacks {', '.join(lacking)}: say --reason")
        opened.changes.change(
            transaction, found.id, Event("closed", {"reason": reason, "lacks": lacking}, actor=by)
        )
    typer.echo(f"{found.reference} is closed")


def _in_work(transaction: SqlTransaction, reference: str) -> Ticket:
    found = ticket_to_change(transaction, reference)
    if not found.status.is_open:
        raise PermanentError(f"{found.reference} is {found.status}")
    return found


def _in_work_at(
    transaction: SqlTransaction, opened: Desk, reference: str, at: str
) -> tuple[Ticket, datetime]:
    """Look the ticket up, and when something was done for it: between the notice, or the reopening, and now."""
    zone, now = opened.config.desk.time_zone, opened.clock.now()
    found = _in_work(transaction, reference)
    done_at = moment(at, zone) if at else now
    since = work_began_at(found.noticed_at, transaction.tickets.events(found.id))
    require_between("--at", done_at, since, now, zone)
    return found, done_at
