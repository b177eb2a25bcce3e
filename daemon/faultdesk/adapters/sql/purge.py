"""Purges tickets by the age of their last event, in short transactions, so that the daemon works on."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam, exists, func, or_, select

from faultdesk.adapters.sql.blanking import (
    blank_messages,
    blank_received,
    blank_tickets,
    change_events,
    empty_write_ahead_log,
    octets_of,
    overwrite_freed_pages,
    received_for,
)
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.tables import event, inbox, job, mention, message, participant, ticket
from faultdesk.domain.retention import without_words
from faultdesk.domain.ticket import Status
from faultdesk.pipeline.inbox import InboxState

_AT_ONCE = 100
"""Tickets or messages in one transaction."""

_LAST = select(func.max(event.c.at)).where(event.c.ticket_id == ticket.c.id).scalar_subquery()
_TICKETS = (
    select(ticket.c.id)
    .where(
        ticket.c.id > bindparam("after"),
        # Nobody resolves an advert.
        or_(
            ticket.c.status.in_([Status.RESOLVED, Status.CLOSED]),
            ticket.c.classification["unsolicited"].as_boolean().is_(True),
        ),
        ~ticket.c.held,
        bindparam("before") > _LAST,
        # Purged once and written to since.
        or_(ticket.c.purged_at.is_(None), ticket.c.purged_at < _LAST),
        ~exists().where(job.c.ticket_id == ticket.c.id),
    )
    .order_by(ticket.c.id)
    .limit(_AT_ONCE)
)
_IGNORED = (
    select(inbox.c.id)
    .where(
        inbox.c.id > bindparam("after"),
        inbox.c.ticket_id.is_(None),
        inbox.c.state == InboxState.IGNORED,
        inbox.c.arrived_at < bindparam("before"),
        inbox.c.purged_at.is_(None),
    )
    .order_by(inbox.c.id)
    .limit(_AT_ONCE)
)
_ALERTS = (
    select(message.c.id)
    .where(
        message.c.id > bindparam("after"),
        message.c.ticket_id.is_(None),
        message.c.at < bindparam("before"),
        message.c.content.is_not(None),
    )
    .order_by(message.c.id)
    .limit(_AT_ONCE)
)


class Purged(NamedTuple):
    """What was purged, or would be: received messages, and their octets."""

    tickets: int = 0
    messages: int = 0
    octets: int = 0

    def plus(self, tickets: int, messages: int, octets: int) -> "Purged":
        """Add to it."""
        return Purged(self.tickets + tickets, self.messages + messages, self.octets + octets)


def purge(database: Database, before: datetime, now: datetime, *, dry_run: bool) -> Purged:
    """Remove the words of what came to its last event before a moment; hold, open tickets and jobs keep it.

    Raises:
        DatabaseUnavailableError: What was purged so far is purged.
    """
    told = Purged()
    for tickets in _batches(database, _TICKETS, before):
        told = told.plus(*_purge_tickets(database, tickets, before, now, dry_run=dry_run))
    for received in _batches(database, _IGNORED, before):
        with database.read() as connection:
            told = told.plus(0, len(received), octets_of(connection, received))
        if not dry_run:
            with database.write() as connection:
                overwrite_freed_pages(connection)
                blank_received(connection, received, now)
    if not dry_run:
        for alerts in _batches(database, _ALERTS, before):
            with database.write() as connection:
                blank_messages(connection, message.c.id.in_(alerts))
        empty_write_ahead_log(database)
    return told


def _batches(database: Database, statement: sa.Select[int], before: datetime) -> Iterator[list[int]]:
    """Look for the next rows by reading: a search through everything must not keep the daemon from writing."""
    after = 0
    while True:
        with database.read() as connection:
            found = list(connection.scalars(statement, {"after": after, "before": before}))
        if not found:
            return
        yield found
        after = found[-1]


def _purge_tickets(
    database: Database, tickets: list[int], before: datetime, now: datetime, *, dry_run: bool
) -> tuple[int, int, int]:
    if dry_run:
        with database.read() as connection:
            received = received_for(connection, tickets)
            return len(tickets), len(received), octets_of(connection, received)
    with database.write() as connection:
        overwrite_freed_pages(connection)
        # Once more, now that nothing changes: somebody may have written, or a hold been set.
        still = _TICKETS.where(ticket.c.id.in_(tickets))
        tickets = list(connection.scalars(still, {"after": 0, "before": before}))
        received = received_for(connection, tickets)
        octets = octets_of(connection, received)
        blank_received(connection, received, now)
        blank_messages(connection, message.c.ticket_id.in_(tickets))
        connection.execute(
            message.update()
            .where(message.c.ticket_id.in_(tickets))
            .values(sender="", recipients=[], capped_address=None, capped_domain=None)
        )
        connection.execute(participant.delete().where(participant.c.ticket_id.in_(tickets)))
        connection.execute(mention.delete().where(mention.c.ticket_id.in_(tickets)))
        change_events(connection, tickets, without_words)
        blank_tickets(connection, tickets)
        connection.execute(
            ticket.update()
            .where(ticket.c.id.in_(tickets))
            .values(requester_address="", requester_name="", purged_at=now)
        )
    return len(tickets), len(received), octets
