"""tickets, ticket, classify, client, resolve."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from sqlalchemy import Connection

from faultdesk.adapters.sql import listings
from faultdesk.adapters.sql.store import SqlTransaction
from faultdesk.cli.context import configuration, desk, reading
from faultdesk.cli.show import AsJson, Limit, cell, console, listing, write_json
from faultdesk.domain.client import KeyKind, folded
from faultdesk.domain.commands import Field
from faultdesk.domain.correction import RECLASSIFIED, parse_correction
from faultdesk.domain.identity import is_deliverable
from faultdesk.domain.message import Address
from faultdesk.domain.moments import clock_time
from faultdesk.domain.promise import work_began_at
from faultdesk.domain.resolution import missing, resolved
from faultdesk.domain.spans import span_of
from faultdesk.domain.ticket import CLIENT_NAMED, Event, Role, Status, Ticket
from faultdesk.errors import NotFoundError, PermanentError

Reference = Annotated[str, typer.Argument(help="As in FD-2026-000123.")]
_NARROW = 120
"""Columns of a terminal: in fewer the most needed are shown alone."""
_MOST_NEEDED = ("reference", "status", "due", "system", "subject")
_COLUMNS = (
    "reference", "status", "kind", "fault_class", "system", "severity", "basis", "response_due", "on_site_due", "engineer",
    "subject",
)  # fmt: skip


def tickets(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    client: Annotated[
        str, typer.Option(help="Of this client on record, by name or alias, address or domain.")
    ] = "",
    status: Annotated[Status | None, typer.Option(help="In this state only.")] = None,
    due_within: Annotated[
        str, typer.Option(help="Whose next deadline comes within so long: 4h, 30 min, PT4H.")
    ] = "",
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """List open tickets with their deadlines."""
    zone = configuration(context).desk.time_zone
    until = datetime.now(UTC) + _duration(due_within) if due_within else None
    with reading(context) as connection:
        wanted = listings.Wanted(everything, _known_as(connection, client), status or "", until)
        rows = listings.tickets(connection, wanted, limit)
        there = listings.count(connection, wanted) if len(rows) == limit else len(rows)
    if not as_json:
        rows = [row | {"status": _ended(row["status"], row["lacks"])} for row in rows]
    columns = _MOST_NEEDED if console().width < _NARROW else _COLUMNS
    listing(rows, columns, zone, as_json=as_json)
    if there > len(rows):
        typer.echo(f"{len(rows)} of {there}: --limit {there} lists all", err=True)


def _known_as(connection: Connection, client: str) -> str:
    """Give the name on record of whom a name or an alias means; other words as they are."""
    known = SqlTransaction(connection).clients.known_by(KeyKind.NAME, folded(client)) if client else []
    named = {one.name for one in known if folded(client) in map(folded, (one.name, *one.aliases))}
    return named.pop() if len(named) == 1 else client


def _ended(status: str, lacks: Sequence[str]) -> str:
    """Say of a closed ticket what it ended without."""
    return f"{status} without {', '.join(lacks)}" if lacks else status


def _duration(text: str) -> timedelta:
    if (span := span_of(text)) is None:
        raise PermanentError(f"--due-within {text}: not a span as in 4h, 30 min or PT4H")
    return span


def ticket(context: typer.Context, reference: Reference, as_json: AsJson = False) -> None:
    """Show a ticket whole: what is known, who takes part, what was written, what happened."""
    zone = configuration(context).desk.time_zone
    with reading(context) as connection:
        transaction = SqlTransaction(connection)
        found = find_ticket(transaction, reference)
        written = listings.messages(connection, found.id)
        log = transaction.tickets.events(found.id)
    if as_json:
        about = msgspec.to_builtins(found, builtin_types=(datetime,))
        write_json([about | {"messages": written, "events": log}])
        return
    print_ticket(found, written, log, zone, console())


def _print_known(found: Ticket, log: tuple[Event, ...], zone: str, out: Console) -> None:
    about = found.classification
    ended = next((event for event in reversed(log) if event.kind == "closed"), None)
    lacks = ended.data.get("lacks", ()) if ended and found.status is Status.CLOSED else ()
    out.print(f"{found.reference}  {_ended(found.status, lacks)}  {found.subject}", style="bold")
    out.print(f"client    {found.requester}")
    if found.engineer is not None:
        out.print(f"engineer  {found.engineer}")
    out.print(f"class     {about.kind} / {about.fault_class or '-'} / {about.system} / {about.severity}")
    if (owed := found.entitlement) is not None:
        whose = " / ".join(name for name in (owed.client, owed.project, owed.contract) if name)
        out.print(f"entitled  {owed.basis} / {owed.charge}  {whose}")
        for doubt in owed.doubts:
            out.print(f"          in doubt: {doubt}")
    if about.unsure:
        out.print(f"unsure    {', '.join(about.unsure)}")
    for deadline in found.deadlines:
        met = f"met {cell(deadline.met_at, zone)} by {deadline.met_by}" if deadline.met_at else "open"
        out.print(f"{deadline.name:<9} due {cell(deadline.due_at, zone)}, {met}")
    shown = {found.requester.address, found.engineer.address if found.engineer else ""}
    for who in found.participants:
        if who.person.address not in shown:
            role = "asked" if who.role is Role.ENGINEER else who.role
            out.print(f"{role:<9} {who.person}")


def print_ticket(
    found: Ticket, written: list[dict[str, Any]], log: tuple[Event, ...], zone: str, out: Console
) -> None:
    """Print a ticket whole, for people."""
    _print_known(found, log, zone, out)
    for one in written:
        way = f"from {one['sender']}" if one["inbox_id"] else f"to {', '.join(one['recipients'])}"
        pending = "withheld" if one["withheld"] else "waiting"
        out.print(
            f"\n{cell(one['at'], zone) or pending}  {one['purpose']} {way}: {one['subject']}", style="bold"
        )
        if one["withheld"]:
            out.print(f"  {'original ' * bool(one['inbox_id'])}withheld: {one['withheld']}")
        for file in one["attachments"]:
            out.print(f"  attached: {file['name']} ({file['media_type']}, {file['size']} octets)")
            for name in file["holds"] or ():
                out.print(f"    holds: {name}")
        out.print(one["text"].rstrip())
    out.print("\nevents", style="bold")
    for event in log:
        out.print(
            f"{cell(event.at, zone)}  {event.kind}  {event.actor}  {msgspec.json.encode(event.data).decode()}",
            soft_wrap=True,
        )


def resolve(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    reference: Reference,
    cause: Annotated[str, typer.Option(help="The fault and its cause.")],
    method: Annotated[str, typer.Option(help="The process and method of handling.")],
    recovered_at: Annotated[
        str, typer.Option(help="When it worked again: 14:30, 2026-03-05T14:30, the desk's time.")
    ],
    parts: Annotated[str, typer.Option(help="What was used of spare parts.")] = "",
    by: Annotated[str, typer.Option(help="Who solved it.")] = "operator",
    again: Annotated[
        bool, typer.Option("--again", help="Though it is resolved: send another report.")
    ] = False,
) -> None:
    """Resolve a ticket; the client gets the written report."""
    with desk(context) as opened:
        recovered = moment(recovered_at, opened.config.desk.time_zone)
        now = opened.clock.now()
        with opened.store.write() as transaction:
            found = ticket_to_change(transaction, reference)
            if not found.status.is_open and not again:
                raise PermanentError(
                    f"{found.reference} is {found.status} already; --again sends another report"
                )
            since = work_began_at(found.noticed_at, transaction.tickets.events(found.id))
            require_between("--recovered-at", recovered, since, now, opened.config.desk.time_zone)
            told = {Field.CAUSE: cause, Field.METHOD: method, Field.TIME: recovered.isoformat()}
            told |= {Field.PARTS: parts} if parts else {}
            if lacking := missing(told):
                raise PermanentError(f"--{lacking[0]}: nothing is said; the report needs it")
            log = transaction.tickets.events(found.id)
            opened.changes.change(transaction, found.id, resolved(told, log, now, by))
    typer.echo(f"{found.reference} resolved; the daemon sends the report")


def classify(
    context: typer.Context,
    reference: Reference,
    words: Annotated[list[str], typer.Argument(help="As in: fault/line cctv high.")],
    new_system: Annotated[
        bool,
        typer.Option("--new-system", help="A word that nobody knows names a system of the operator's own."),
    ] = False,
    by: Annotated[str, typer.Option(help="Who says so, for the ticket's log.")] = "operator",
) -> None:
    """Say what a ticket is really about: kind, fault class, system, severity, in any order.

    Deadlines follow, from the same moment.
    """
    try:
        labels = parse_correction(" ".join(words), only_known=not new_system)
    except ValueError as error:
        raise PermanentError(f"{error}; a system of your own: --new-system") from error
    with desk(context) as opened, opened.store.write() as transaction:
        found = ticket_to_change(transaction, reference)
        opened.changes.change(transaction, found.id, Event(RECLASSIFIED, {"labels": dict(labels)}, actor=by))
    typer.echo(f"{found.reference} is {', '.join(f'{name} {label}' for name, label in labels.items())}")


def client(
    context: typer.Context,
    reference: Reference,
    who: Annotated[str, typer.Argument(help='As in: "Chen Jing <chen@client.example>".')],
    by: Annotated[str, typer.Option(help="Who says so, for the ticket's log.")] = "operator",
) -> None:
    """Name the client of a ticket, as of a mail that was passed on; the client is acknowledged."""
    name, address = parseaddr(who)
    if not is_deliverable(address):
        raise PermanentError(f"{who}: no address as in Chen Jing <chen@client.example>")
    named = Address(address.lower(), name)
    with desk(context) as opened, opened.store.write() as transaction:
        found = ticket_to_change(transaction, reference)
        if found.requester.address == named.address:
            raise PermanentError(f"{found.reference}: {named} is its client already")
        data = {"client": named.address, "name": named.name}
        opened.changes.change(transaction, found.id, Event(CLIENT_NAMED, data, actor=by))
    typer.echo(f"{found.reference} is {named}'s")


def find_ticket(transaction: SqlTransaction, reference: str) -> Ticket:
    """Look up the ticket of a reference.

    Raises:
        NotFoundError: There is none.
    """
    found = transaction.tickets.find(reference)
    if found is None:
        raise NotFoundError(f"no ticket {reference}; a reference is as FD-2026-000123")
    return found


def ticket_to_change(transaction: SqlTransaction, reference: str) -> Ticket:
    """Look up the ticket of a reference, which nobody else changes until the transaction ends.

    Raises:
        NotFoundError: There is none.
    """
    return transaction.tickets.lock(find_ticket(transaction, reference).id)


def said(words: str) -> str:
    """Refuse a reason that gives none, as the callback of an argument.

    Raises:
        BadParameter: It is empty.
    """
    if not words.strip():
        raise typer.BadParameter("nothing is said")
    return words


def moment(text: str, zone: str) -> datetime:
    """Read a time as people write it, "14:30", "昨天14:30", 2026-03-05T14:30; of this zone if it names none.

    Raises:
        PermanentError: It is none.
    """
    read = clock_time(text, datetime.now(ZoneInfo(zone)))
    if read is None:
        raise PermanentError(f"{text}: not a time as in 14:30 or 2026-03-05T14:30")
    return read


def require_between(option: str, at: datetime, since: datetime, now: datetime, zone: str) -> None:
    """Refuse a time at which nothing can have been done yet, or that is to come.

    Raises:
        PermanentError: It is.
    """
    if not since <= at <= now:
        noticed = cell(since, zone)
        raise PermanentError(
            f"{option} {cell(at, zone)}: must lie between the notice, or the reopening ({noticed}), and now"
        )
