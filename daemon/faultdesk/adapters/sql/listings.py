"""What the command line shows: reads only, shaped for people."""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, select

from faultdesk.adapters.sql.quarantine import SqlQuarantine
from faultdesk.adapters.sql.tables import OPEN, alarm, attachment, event, inbox, job, mailbox, message, ticket
from faultdesk.domain.entitlement import entitlement_in
from faultdesk.domain.promise import deadlines_of, is_waiting
from faultdesk.domain.ticket import Event, Status
from faultdesk.errors import NotFoundError

Row = dict[str, Any]


class Wanted(NamedTuple):
    """Which tickets are listed; None and empty ask for no more than the others."""

    with_ended: bool = False
    client: str = ""
    """A client's name on record, or an address or a domain."""
    status: str = ""
    due_before: datetime | None = None
    by_deadline: bool = False
    """The most urgent first, behind them those whose clocks stand still or have all been met; else the latest last."""


def tickets(connection: sa.Connection, wanted: Wanted, limit: int) -> list[Row]:
    """List tickets with their deadlines as derived from their logs."""
    chosen = _chosen(select(ticket), wanted).limit(limit)
    if wanted.by_deadline or wanted.due_before:
        is_due = (sa.text(OPEN), ticket.c.due_at.is_not(None))
        rows = connection.execute(chosen.where(*is_due).order_by(ticket.c.due_at)).all()
    else:
        rows = connection.execute(chosen.order_by(ticket.c.id.desc())).all()[::-1]
    if wanted.by_deadline and len(rows) < limit:
        # An advert is open too, and nobody works on it.
        is_advert = func.coalesce(ticket.c.classification["unsolicited"].as_boolean(), sa.false())
        timeless = chosen.where(sa.text(OPEN), ticket.c.due_at.is_(None), ~is_advert)
        rows = [*rows, *connection.execute(timeless.order_by(ticket.c.id).limit(limit - len(rows)))]
    logs: dict[int, list[Event]] = {row.id: [] for row in rows}
    found = connection.execute(
        select(event.c.ticket_id, event.c.kind, event.c.data, event.c.at)
        .where(event.c.ticket_id.in_(logs))
        .order_by(event.c.id)
    )
    for row in found:
        logs[row.ticket_id].append(Event(row.kind, row.data, row.at))
    return [_ticket_row(row, logs[row.id]) for row in rows]


def count(connection: sa.Connection, wanted: Wanted) -> int:
    """Count the tickets that a list without limit would hold, by deadline or not."""
    return int(connection.execute(_chosen(select(func.count()).select_from(ticket), wanted)).scalar_one())


def _chosen(chosen: sa.Select[Any], wanted: Wanted) -> sa.Select[Any]:
    if wanted.status:
        chosen = chosen.where(ticket.c.status == wanted.status)
    elif not wanted.with_ended:
        chosen = chosen.where(sa.text(OPEN))
    if wanted.client:
        # Few rows among the open ones; with the ended ones all of them are looked at.
        address = ticket.c.requester_address
        is_theirs = (
            ticket.c.client == wanted.client,
            address == wanted.client,
            address.endswith(f"@{wanted.client}"),
        )
        chosen = chosen.where(sa.or_(*is_theirs))
    if wanted.due_before:
        chosen = chosen.where(sa.text(OPEN), ticket.c.due_at < wanted.due_before)
    return chosen


def _ticket_row(row: sa.Row[Any], log: list[Event]) -> Row:
    about = row.classification
    deadlines = deadlines_of(log)
    due = {f"{deadline.name}_due": deadline.due_at for deadline in deadlines}
    met = {f"{deadline.name}_met": deadline.met_at for deadline in deadlines}
    owed = entitlement_in(log)
    ended = next((one for one in reversed(log) if one.kind == "closed"), None)
    return {
        "reference": row.reference,
        "status": row.status,
        "lacks": ended.data.get("lacks", []) if ended and row.status == Status.CLOSED else [],
        "is_waiting": is_waiting(log),
        "basis": owed.basis if owed else None,
        "charge": owed.charge if owed else None,
        "kind": about["kind"],
        "fault_class": about["fault_class"],
        "system": about["system"],
        "severity": about["severity"],
        "subject": row.subject,
        "client": row.client or row.requester_address,
        "engineer": row.engineer,
        "due": row.due_at,
        "noticed_at": row.noticed_at,
        **{
            key: (due | met).get(key)
            for key in ("response_due", "response_met", "on_site_due", "on_site_met")
        },
    }


def messages(connection: sa.Connection, ticket_id: int) -> list[Row]:
    """List what was written on a ticket, oldest first."""
    columns = [
        message.c[name]
        for name in (
            "id",
            "inbox_id",
            "purpose",
            "sender",
            "recipients",
            "subject",
            "text",
            "at",
            "message_id",
            "withheld",
        )
    ]
    rows = connection.execute(
        select(*columns).where(message.c.ticket_id == ticket_id).order_by(message.c.id)
    ).all()
    withheld = SqlQuarantine(connection).reasons([row.inbox_id for row in rows if row.inbox_id])
    return [
        row._asdict()
        | {
            "attachments": _attachments(connection, row.id),
            "withheld": row.withheld or withheld.get(row.inbox_id),
        }
        for row in rows
    ]


def _attachments(connection: sa.Connection, message_row: int) -> list[Row]:
    columns = (attachment.c.name, attachment.c.media_type, attachment.c.size, attachment.c.holds)
    rows = connection.execute(select(*columns).where(attachment.c.message_id == message_row))
    return [row._asdict() for row in rows]


_INBOX = [
    inbox.c[name]
    for name in (
        "id", "mailbox", "uid", "state", "reason", "strikes", "size", "truncated", "arrived_at"
    )
] + [ticket.c.reference.label("ticket")]  # fmt: skip
_WITH_TICKET = inbox.outerjoin(ticket, inbox.c.ticket_id == ticket.c.id)


def inbox_rows(connection: sa.Connection, state: str | None, limit: int) -> list[Row]:
    """List received messages, the latest last."""
    chosen = select(*_INBOX).select_from(_WITH_TICKET).order_by(inbox.c.id.desc()).limit(limit)
    if state:
        chosen = chosen.where(inbox.c.state == state)
    return [row._asdict() for row in connection.execute(chosen).all()[::-1]]


def inbox_row(connection: sa.Connection, inbox_id: int) -> Row:
    """Give one received message with its error.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(
        select(*_INBOX, inbox.c.error).select_from(_WITH_TICKET).where(inbox.c.id == inbox_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"no message {inbox_id} in the inbox")
    return row._asdict() | {"withheld": SqlQuarantine(connection).reasons([inbox_id]).get(inbox_id)}


def job_rows(connection: sa.Connection, state: str | None, limit: int) -> list[Row]:
    """List jobs by the time they come due."""
    columns = [job.c[name] for name in ("id", "kind", "state", "run_at", "tries", "name")]
    with_ticket = job.outerjoin(ticket, job.c.ticket_id == ticket.c.id)
    chosen = select(*columns, ticket.c.reference.label("ticket")).select_from(with_ticket)
    chosen = chosen.order_by(job.c.run_at).limit(limit)
    if state:
        chosen = chosen.where(job.c.state == state)
    return [row._asdict() for row in connection.execute(chosen)]


def job_row(connection: sa.Connection, job_id: int) -> Row:
    """Give one job with its arguments and error.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(select(job).where(job.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"no job {job_id}")
    return row._asdict()


def time_of_job(connection: sa.Connection, name: str) -> datetime | None:
    """Tell when a job of this name is or was due; None when there is none or it is parked."""
    return connection.scalar(select(job.c.run_at).where(job.c.name == name, job.c.state != "parked"))


def status(connection: sa.Connection) -> list[Row]:
    """Sum up: mailboxes, messages, tickets and jobs by state."""
    rows: list[Row] = [
        {
            "what": "mailbox",
            "name": row.name,
            "count": None,
            "since": row.failing_since or row.reached_at,
            "detail": row.error or "reached",
        }
        for row in connection.execute(select(mailbox).order_by(mailbox.c.name))
    ]
    rows += [
        {"what": "alarm", "name": row.name, "count": None, "since": row.told_at, "detail": row.reason}
        for row in connection.execute(select(alarm).order_by(alarm.c.told_at))
    ]
    for table, column, oldest in (
        (inbox, inbox.c.state, inbox.c.arrived_at),
        (ticket, ticket.c.status, ticket.c.noticed_at),
        (job, job.c.state, job.c.run_at),
    ):
        counted = connection.execute(
            select(column.label("name"), func.count().label("count"), func.min(oldest).label("since"))
            .group_by(column)
            .order_by(column)
        )
        rows += [{"what": str(table.name), **row._asdict(), "detail": ""} for row in counted]
    return rows
