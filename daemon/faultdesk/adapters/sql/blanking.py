"""Takes people's words out of rows that stay: what the rows prove and count is left."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, case, func, select

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.tables import (
    attachment,
    event,
    inbox,
    message,
    octets,
    pages,
    quarantine,
    ticket,
)
from faultdesk.domain.retention import figures_of
from faultdesk.domain.ticket import Event

_SET_EVENT = (
    event.update()
    .where(event.c.id == bindparam("row"))
    .values(data=bindparam("new_data"), actor=bindparam("new_actor"))
)


def overwrite_freed_pages(connection: sa.Connection) -> None:
    """Let SQLite overwrite what is deleted in this connection; otherwise it lies in free pages for years."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def empty_write_ahead_log(database: Database) -> None:
    """Take what was deleted out of SQLite's log too, as far as nobody reads there at the moment."""
    if database.is_sqlite:
        with database.session() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def free_octets(database: Database) -> tuple[int, int]:
    """Tell how many octets of SQLite's file are free, and how many there are."""
    with database.read() as connection:
        size, free, pages = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_size", "freelist_count", "page_count")
        )
    return free * size, pages * size


def received_for(connection: sa.Connection, tickets: Sequence[int]) -> list[int]:
    """List the ledger numbers of all that was received for these tickets, twins included."""
    filed = select(message.c.inbox_id).where(
        message.c.ticket_id.in_(tickets), message.c.inbox_id.is_not(None)
    )
    return list(connection.scalars(filed.union(select(inbox.c.id).where(inbox.c.ticket_id.in_(tickets)))))


def octets_of(connection: sa.Connection, received: Sequence[int]) -> int:
    """Sum up the octets that are kept of received messages."""
    kept = select(func.sum(func.length(octets.c.content))).where(octets.c.inbox_id.in_(received))
    return int(connection.scalar(kept) or 0)


def blank_received(connection: sa.Connection, received: Sequence[int], now: datetime) -> None:
    """Remove the octets; mailbox, UID and sha256 stay, so that they are never collected as new."""
    connection.execute(octets.delete().where(octets.c.inbox_id.in_(received)))
    connection.execute(pages.delete().where(pages.c.inbox_id.in_(received)))
    connection.execute(quarantine.delete().where(quarantine.c.inbox_id.in_(received)))
    connection.execute(
        inbox.update()
        .where(inbox.c.id.in_(received))
        .values(
            error=None,
            # Why it was ignored may name its sender.
            reason=case((inbox.c.reason.contains("@"), None), else_=inbox.c.reason),
            purged_at=now,
        )
    )


def blank_messages(connection: sa.Connection, rows: sa.ColumnElement[bool]) -> None:
    """Remove subject, text, octets and attachments of the messages that meet a condition."""
    chosen = select(message.c.id).where(rows)
    connection.execute(attachment.delete().where(attachment.c.message_id.in_(chosen)))
    connection.execute(
        message.update()
        .where(rows)
        .values(
            subject="",
            text="",
            signature=None,
            content=None,
            likeness=None,
            # Ours tells nothing, and is unique.
            message_id=case((message.c.inbox_id.is_(None), message.c.message_id), else_=""),
        )
    )


def blank_tickets(connection: sa.Connection, tickets: Sequence[int]) -> None:
    """Remove subject and the words that a classification rests on."""
    found = connection.execute(
        select(ticket.c.id, ticket.c.classification).where(ticket.c.id.in_(tickets))
    ).all()
    for row in found:
        connection.execute(
            ticket.update()
            .where(ticket.c.id == row.id)
            .values(subject="", engineer=None, client=None, classification=figures_of(row.classification))
        )


def change_events(
    connection: sa.Connection, tickets: Sequence[int], change: Callable[[Event], Event]
) -> None:
    """Change what events hold; that they happened, and when, stays."""
    found = connection.execute(
        select(event.c.id, event.c.kind, event.c.data, event.c.at, event.c.actor).where(
            event.c.ticket_id.in_(tickets)
        )
    ).all()
    changed: list[dict[str, Any]] = []
    for row in found:
        before = Event(row.kind, row.data, row.at, row.actor)
        after = change(before)
        if after != before:
            changed.append({"row": row.id, "new_data": dict(after.data), "new_actor": after.actor})
    if changed:
        connection.execute(_SET_EVENT, changed)
