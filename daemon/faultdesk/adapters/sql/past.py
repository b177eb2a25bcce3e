"""Faults that were resolved before and are like one at hand."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from faultdesk.adapters.sql.tables import ENDED, event, ticket
from faultdesk.domain.past import PastFault
from faultdesk.domain.ticket import Kind, Ticket

_MOST, _LOOKED_AT = 3, 50
"""That are told, and tickets that are looked at for them: an engineer reads no more, and a large desk has many."""


def likeness(system: str, fault_class: str | None) -> str:
    """Name what tickets of like faults have in common."""
    return f"{system}/{fault_class or ''}"


def past_faults(connection: sa.Connection, like: Ticket) -> Iterator[PastFault]:
    """Give those of the same client first, then those of the same system and class, the latest first."""
    about = like.classification
    if about.kind is not Kind.FAULT:
        return
    told: set[int] = set()
    for by, condition in _conditions(like):
        for row in connection.execute(_latest(like.id, by, condition)):
            resolved = None if row.id in told else _resolution(connection, row)
            if resolved is not None:
                told.add(row.id)
                yield resolved
            if len(told) == _MOST:
                return


def _conditions(like: Ticket) -> Iterator[tuple[sa.Column[Any], sa.ColumnElement[bool]]]:
    about = like.classification
    if like.entitlement is not None and like.entitlement.client:
        theirs = ticket.c.client == like.entitlement.client
        yield ticket.c.client, sa.and_(theirs, ticket.c.likeness.startswith(f"{about.system}/"))
    if about.system != "none":
        yield ticket.c.likeness, ticket.c.likeness == likeness(about.system, about.fault_class)


def _latest(but: int, by: sa.Column[Any], condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    columns = (ticket.c[name] for name in ("id", "reference", "subject", "client", "requester_address"))
    return (
        select(*columns)
        .where(condition, sa.text(ENDED), ticket.c.id != but)
        # All are the same there; said, so that a planner takes the index of both.
        .order_by(by.desc(), ticket.c.id.desc())
        .limit(_LOOKED_AT)
    )


def _resolution(connection: sa.Connection, row: sa.Row[Any]) -> PastFault | None:
    """Read how it was resolved; None where nobody said, or the words were purged."""
    last = connection.execute(
        select(event.c.at, event.c.data)
        .where(event.c.ticket_id == row.id, event.c.kind == "resolved")
        .order_by(event.c.id.desc())
        .limit(1)
    ).first()
    if last is None or not last.data.get("cause"):
        return None
    return PastFault(
        reference=row.reference,
        subject=row.subject,
        client=row.client or row.requester_address,
        resolved_at=last.at,
        cause=last.data["cause"],
        method=last.data["method"],
    )
