"""Corrected tickets as lessons: put together from the log and the messages, and kept nowhere else."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select

from faultdesk.adapters.sql.tables import event, mention, message, participant, ticket
from faultdesk.domain.correction import RECLASSIFIED, Correction, Said
from faultdesk.domain.message import Address, Channel, InboundMessage, Language
from faultdesk.domain.ticket import Role

_AT_ONCE = 200
_COLUMNS: list[sa.Column[Any]] = [
    *(message.c[name] for name in ("ticket_id", "sender", "subject", "text", "message_id")),
    *(ticket.c[name] for name in ("reference", "channel", "language")),
    participant.c.name,
]


def corrections(connection: sa.Connection, limit: int) -> Iterator[Correction]:
    """Give the tickets that were corrected last, oldest ticket first; not those whose words were erased."""
    last = (
        select(event.c.ticket_id)
        .where(event.c.kind == RECLASSIFIED)
        .group_by(event.c.ticket_id)
        .order_by(func.max(event.c.id).desc())
        .limit(limit)
    )
    tickets = sorted(connection.scalars(last))
    for first in range(0, len(tickets), _AT_ONCE):
        yield from _of(connection, tickets[first : first + _AT_ONCE])


def _of(connection: sa.Connection, tickets: list[int]) -> Iterator[Correction]:
    openings = (
        select(func.min(message.c.id))
        .where(message.c.ticket_id.in_(tickets), message.c.inbox_id.is_not(None))
        .group_by(message.c.ticket_id)
    )
    sender = and_(participant.c.ticket_id == ticket.c.id, participant.c.address == message.c.sender)
    rows = connection.execute(
        select(*_COLUMNS)
        .select_from(message.join(ticket).outerjoin(participant, sender))
        .where(message.c.id.in_(openings), or_(message.c.subject != "", message.c.text != ""))
        .order_by(message.c.ticket_id)
    ).all()
    answers, said = _log(connection, tickets)
    references = _grouped(
        connection.execute(
            select(mention.c.ticket_id, mention.c.message_id)
            .where(mention.c.ticket_id.in_(tickets))
            .order_by(mention.c.message_id)
        )
    )
    for row in rows:
        if row.ticket_id in said:
            yield Correction(
                reference=row.reference,
                message=_message(row, tuple(one.message_id for one in references.get(row.ticket_id, ()))),
                answers=answers.get(row.ticket_id, {}),
                said=tuple(said[row.ticket_id]),
            )


def _message(row: sa.Row[Any], references: tuple[str, ...]) -> InboundMessage:
    return InboundMessage(
        channel=Channel(row.channel),
        language=Language(row.language),
        subject=row.subject,
        sender=Address(row.sender, row.name or ""),
        message_id=row.message_id,
        references=references,
        text=row.text,
    )


def _log(
    connection: sa.Connection, tickets: list[int]
) -> tuple[Mapping[int, Mapping[str, Any]], Mapping[int, list[Said]]]:
    """Read what was made of each ticket, and what was said of it; a purge leaves neither."""
    answers: dict[int, Mapping[str, Any]] = {}
    said: dict[int, list[Said]] = {}
    rows = connection.execute(
        select(event.c.ticket_id, event.c.kind, event.c.data, event.c.actor, event.c.at)
        .where(event.c.ticket_id.in_(tickets), event.c.kind.in_((RECLASSIFIED, "classified")))
        .order_by(event.c.id)
    )
    for row in rows:
        if row.kind == "classified":
            answers.setdefault(row.ticket_id, row.data.get("answers", {}))
        elif labels := row.data.get("labels"):
            role = row.data.get("role")
            one = Said(labels=labels, by=row.actor, role=Role(role) if role else None, at=row.at)
            said.setdefault(row.ticket_id, []).append(one)
    return answers, said


def _grouped(rows: Iterable[sa.Row[Any]]) -> Mapping[int, list[sa.Row[Any]]]:
    found: dict[int, list[sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, []).append(row)
    return found
