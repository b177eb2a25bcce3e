"""One person's data: found by address, and erased so that the tickets' figures stay."""

import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam, func, or_, select

from faultdesk.adapters.sql.blanking import (
    blank_messages,
    blank_received,
    blank_tickets,
    change_events,
    empty_write_ahead_log,
    overwrite_freed_pages,
    received_for,
)
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.tables import event, inbox, job, mention, message, octets, participant, ticket
from faultdesk.domain.retention import rename, without_words
from faultdesk.domain.ticket import Event
from faultdesk.pipeline.ledger import FAX_OVERDUE, SENDING

_AT_ONCE = 50
_SCANNED_AT_ONCE = 500
_HEADER_OCTETS = 64 * 1024
_HEAD = func.substr(octets.c.content, 1, _HEADER_OCTETS).label("head")

_SET_RECIPIENTS = (
    message.update()
    .where(message.c.id == bindparam("row"))
    .values(recipients=bindparam("new"), capped_address=None, capped_domain=None)
)


class Found(NamedTuple):
    """Where a person appears: tickets, and received messages that no ticket holds."""

    tickets: list[int]
    received: list[int]


class Erased(NamedTuple):
    """What was erased, or would be, and the references of what was not: on hold, or with mail on its way."""

    tickets: int
    received: int
    refused: list[str]


def is_recipient(address: str) -> sa.ColumnElement[bool]:
    """Be a message to this address."""
    return func.lower(sa.cast(message.c.recipients, sa.Text)).contains(f'"{address}"', autoescape=True)


def find(database: Database, address: str) -> Found:
    """Look for an address, in lower case, wherever one is kept. Reads through everything that is stored."""
    people = select(participant.c.ticket_id).where(participant.c.address == address)
    asking = select(ticket.c.id).where(ticket.c.requester_address == address)
    writing = select(message.c.ticket_id).where(
        message.c.ticket_id.is_not(None), or_(message.c.sender == address, is_recipient(address))
    )
    with database.read() as connection:
        tickets = sorted(connection.scalars(people.union(asking, writing)))
    return Found(tickets, list(_sent_without_ticket(database, address)))


def _sent_without_ticket(database: Database, address: str) -> Iterator[int]:
    """Look into the header of what no ticket holds: there a sender is in the octets alone."""
    after = 0
    while True:
        with database.read() as connection:
            rows = connection.execute(
                select(inbox.c.id, _HEAD)
                .join(octets)
                .where(inbox.c.ticket_id.is_(None), inbox.c.id > after)
                .order_by(inbox.c.id)
                .limit(_SCANNED_AT_ONCE)
            ).all()
        yield from (row.id for row in rows if is_sender(address, bytes(row.head)))
        if len(rows) < _SCANNED_AT_ONCE:
            return
        after = rows[-1].id


def is_sender(address: str, content: bytes) -> bool:
    """Tell whether one of the fields that name a sender holds this address; `content` may be cut off."""
    header = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
    fields = re.findall(
        rb"^(?:From|Sender|Reply-To|Return-Path):((?:.*)(?:\r?\n[ \t].*)*)",
        header,
        re.IGNORECASE | re.MULTILINE,
    )
    whole = rb"(?<![\w.+-])" + re.escape(address.encode()) + rb"(?![\w.-])"
    return any(re.search(whole, field, re.IGNORECASE) for field in fields)


def erase(database: Database, address: str, now: datetime, *, dry_run: bool) -> Erased:
    """Put a name that means nothing where a person's address is kept, and remove what the person wrote.

    Of a ticket that the person asked for, all words go; of another's, those of this person and all that
    the desk wrote. Others' original mails stay, even where they name this person.

    Raises:
        DatabaseUnavailableError: What was erased so far is erased; the rest is found again.
    """
    found = find(database, address)
    name = f"erased-{secrets.token_hex(6)}"
    tickets = 0
    refused: list[str] = []
    for first in range(0, len(found.tickets), _AT_ONCE):
        some = found.tickets[first : first + _AT_ONCE]
        if dry_run:
            with database.read() as connection:
                kept = _kept(connection, some)
        else:
            with database.write() as connection:
                overwrite_freed_pages(connection)
                kept = _kept(connection, some)
                _erase_from(connection, [one for one in some if one not in kept], address, name, now)
        refused += kept.values()
        tickets += len(some) - len(kept)
    if not dry_run:
        _erase_loose(database, found.received, address, name, now)
        empty_write_ahead_log(database)
    return Erased(tickets, len(found.received), refused)


def _kept(connection: sa.Connection, tickets: Sequence[int]) -> dict[int, str]:
    """Tell which tickets may not be touched: those on hold, and those with mail on its way."""
    rows = connection.execute(
        select(ticket.c.id, ticket.c.reference, ticket.c.held).where(ticket.c.id.in_(tickets))
    ).all()
    sending = connection.scalars(
        select(job.c.ticket_id)
        .where(job.c.ticket_id.in_(tickets), job.c.kind.in_((*SENDING, FAX_OVERDUE)))
        .distinct()
    )
    kept = set(sending) | {row.id for row in rows if row.held}
    return {row.id: row.reference for row in rows if row.id in kept}


def _erase_from(
    connection: sa.Connection, tickets: Sequence[int], address: str, name: str, now: datetime
) -> None:
    of_person = ticket.c.requester_address == address
    asked = list(connection.scalars(select(ticket.c.id).where(ticket.c.id.in_(tickets), of_person)))
    others = [one for one in tickets if one not in asked]
    here = message.c.ticket_id.in_(tickets)
    by_person = select(message.c.inbox_id).where(here, message.c.sender == address)
    sent = [one for one in connection.scalars(by_person) if one is not None]
    blank_received(
        connection, [*received_for(connection, asked), *sent, *_twins(connection, others, address)], now
    )
    blank_messages(
        connection,
        or_(
            message.c.ticket_id.in_(asked),
            sa.and_(here, or_(message.c.sender == address, message.c.inbox_id.is_(None))),
        ),
    )
    connection.execute(message.update().where(here, message.c.sender == address).values(sender=name))
    _rename_recipients(connection, here, address, name)
    connection.execute(
        participant.update()
        .where(participant.c.ticket_id.in_(tickets), participant.c.address == address)
        .values(address=name, name="")
    )
    connection.execute(mention.delete().where(mention.c.ticket_id.in_(tickets)))
    change_events(connection, asked, without_words)
    change_events(connection, others, lambda one: _renamed(one, address, name))
    blank_tickets(connection, asked)
    works_on = sa.and_(ticket.c.id.in_(tickets), ticket.c.engineer == address)
    connection.execute(ticket.update().where(works_on).values(engineer=name))
    connection.execute(
        ticket.update().where(ticket.c.id.in_(asked)).values(requester_address=name, requester_name="")
    )
    if tickets:
        noted = [
            {"ticket_id": one, "at": now, "kind": "person_erased", "actor": "operator", "data": {}}
            for one in tickets
        ]
        connection.execute(event.insert(), noted)


def _twins(connection: sa.Connection, tickets: Sequence[int], address: str) -> list[int]:
    """Find what came twice and was not filed a second time: there the sender is in the octets alone."""
    filed = select(message.c.inbox_id).where(
        message.c.ticket_id.in_(tickets), message.c.inbox_id.is_not(None)
    )
    rows = connection.execute(
        select(inbox.c.id, _HEAD).join(octets).where(inbox.c.ticket_id.in_(tickets), inbox.c.id.not_in(filed))
    )
    return [row.id for row in rows if is_sender(address, bytes(row.head))]


def _erase_loose(database: Database, received: Sequence[int], address: str, name: str, now: datetime) -> None:
    """Erase what no ticket holds: received messages, and mails to this person."""
    for first in range(0, len(received), _AT_ONCE):
        with database.write() as connection:
            overwrite_freed_pages(connection)
            blank_received(connection, received[first : first + _AT_ONCE], now)
    loose = sa.and_(message.c.ticket_id.is_(None), is_recipient(address), message.c.at.is_not(None))
    with database.write() as connection:
        overwrite_freed_pages(connection)
        blank_messages(connection, loose)
        _rename_recipients(connection, loose, address, name)


def _rename_recipients(
    connection: sa.Connection, rows: sa.ColumnElement[bool], address: str, name: str
) -> None:
    found = connection.execute(
        select(message.c.id, message.c.recipients).where(rows, is_recipient(address))
    ).all()
    renamed: list[dict[str, Any]] = [
        {"row": row.id, "new": rename(row.recipients, address, name)} for row in found
    ]
    if renamed:
        connection.execute(_SET_RECIPIENTS, renamed)


def _renamed(one: Event, address: str, name: str) -> Event:
    return msgspec.structs.replace(
        one, data=rename(dict(one.data), address, name), actor=rename(one.actor, address, name)
    )
