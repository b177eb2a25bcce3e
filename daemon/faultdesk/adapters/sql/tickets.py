"""Tickets in SQL: their log, their people, their messages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import select

from faultdesk.adapters.sql.corrections import corrections
from faultdesk.adapters.sql.messages import SqlMessages
from faultdesk.adapters.sql.past import likeness, past_faults
from faultdesk.adapters.sql.tables import OPEN, event, participant, sequence, ticket
from faultdesk.adapters.sql.upsert import insert
from faultdesk.domain.assignment import ASSIGNED, UNASSIGNED, engineer_in
from faultdesk.domain.correction import Correction
from faultdesk.domain.entitlement import ENTITLED, entitlement_in
from faultdesk.domain.message import Address, Channel, InboundMessage, Language
from faultdesk.domain.past import PastFault
from faultdesk.domain.promise import deadlines_of, moves_clocks, next_due
from faultdesk.domain.reference import format_reference
from faultdesk.domain.ticket import Classification, Event, Participant, Role, Status, Ticket
from faultdesk.errors import NotFoundError

_AT_ONCE = 100
_BUSIEST = 100
"""Open tickets of one engineer that are counted: who has more is as busy as anybody."""


class SqlTickets(SqlMessages):
    """Tickets; everything that follows from the log is derived from it when a ticket is read."""

    def open(
        self,
        message: InboundMessage,
        classification: Classification,
        noticed_at: datetime,
        opened_at: datetime,
    ) -> Ticket:
        """Give a new ticket its reference. It has no log and nobody in it yet."""
        requester = message.reply_address
        values = {
            "reference": self._next_reference(noticed_at.astimezone(UTC).year),
            "status": Status.NEW,
            "subject": message.subject,
            "channel": message.channel,
            "language": message.language,
            "noticed_at": noticed_at,
        }
        ticket_id = self._connection.execute(
            _OPEN,
            values
            | {
                "classification": msgspec.to_builtins(classification),
                "requester_address": requester.address,
                "requester_name": requester.name,
                "opened_at": opened_at,
                "likeness": likeness(classification.system, classification.fault_class),
            },
        ).scalar_one()
        return Ticket(id=ticket_id, classification=classification, requester=requester, **values)  # type: ignore[arg-type]

    def _next_reference(self, year: int) -> str:
        dialect = self._connection.dialect.name
        counting, this_year = _count_up(dialect), {"year": year}
        if dialect == "sqlite":
            return format_reference(year, self._connection.execute(counting, this_year).scalar_one())
        # A statement that commits by itself: in our transaction all others would wait for its end, and for
        # one of a daemon that is stopped long. What we roll back leaves a gap.
        with self._connection.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
            return format_reference(year, alone.execute(counting, this_year).scalar_one())

    def get(self, ticket_id: int) -> Ticket:
        """Look up a ticket."""
        return self._get(ticket_id, select(ticket))

    def lock(self, ticket_id: int) -> Ticket:
        """Look up a ticket that nobody else changes until this transaction ends."""
        return self._get(ticket_id, select(ticket).with_for_update(key_share=True))

    def _get(self, ticket_id: int, query: sa.Select[Any]) -> Ticket:
        row = self._connection.execute(query.where(ticket.c.id == ticket_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"no ticket {ticket_id}")
        return self._ticket(row)

    def open_ones(self) -> tuple[int, ...]:
        """List the tickets on which somebody has to work."""
        chosen = select(ticket.c.id).where(sa.text(OPEN)).order_by(ticket.c.id)
        return tuple(self._connection.scalars(chosen))

    def find(self, reference: str) -> Ticket | None:
        """Look up a ticket by its reference."""
        row = self._connection.execute(
            select(ticket).where(ticket.c.reference == reference.upper())
        ).one_or_none()
        return self._ticket(row) if row else None

    def _ticket(self, row: sa.Row[Any]) -> Ticket:
        people = self._connection.execute(
            select(participant).where(participant.c.ticket_id == row.id).order_by(participant.c.address)
        )
        log = self.events(row.id)
        return Ticket(
            id=row.id,
            reference=row.reference,
            subject=row.subject,
            status=Status(row.status),
            channel=Channel(row.channel),
            language=Language(row.language),
            classification=msgspec.convert(row.classification, Classification),
            requester=Address(row.requester_address, row.requester_name),
            noticed_at=row.noticed_at,
            participants=tuple(Participant(Address(who.address, who.name), Role(who.role)) for who in people),
            deadlines=deadlines_of(log),
            entitlement=entitlement_in(log),
            engineer=engineer_in(log),
            thread=self.thread(row.id),
        )

    def add_participants(self, ticket_id: int, people: Sequence[Participant]) -> None:
        """Let somebody take part; who is known already may only become one of the desk."""
        rows = [
            {"ticket_id": ticket_id, "address": who.person.address, "name": who.person.name, "role": who.role}
            for who in people
        ]
        if rows:
            self._connection.execute(_take_part(self._connection.dialect.name), rows)

    def make_client(self, ticket_id: int, address: str) -> None:
        """Let who was only in copy decide as the client does."""
        is_it = (participant.c.ticket_id == ticket_id, participant.c.address == address)
        copied = participant.update().where(*is_it, participant.c.role == Role.COPIED)
        self._connection.execute(copied.values(role=Role.CLIENT))

    def set_noticed_at(self, ticket_id: int, noticed_at: datetime) -> None:
        """Note that an earlier notice was worked on later."""
        self._set(ticket_id, noticed_at=noticed_at)

    def set_requester(self, ticket_id: int, client: Address) -> None:
        """Note whose ticket it is."""
        self._set(ticket_id, requester_address=client.address, requester_name=client.name)

    def set_classification(self, ticket_id: int, classification: Classification) -> None:
        """Note that somebody knows better what a ticket is about."""
        self._set(
            ticket_id,
            classification=msgspec.to_builtins(classification),
            likeness=likeness(classification.system, classification.fault_class),
        )

    def set_status(self, ticket_id: int, status: Status) -> None:
        """Change where the ticket is."""
        self._set(ticket_id, status=status)

    def set_held(self, ticket_id: int, *, held: bool) -> None:
        """Set or end a legal hold."""
        self._set(ticket_id, held=held)

    def _set(self, ticket_id: int, **values: object) -> None:
        self._connection.execute(ticket.update().where(ticket.c.id == ticket_id).values(values))

    def record(self, ticket_id: int, events: Sequence[Event], now: datetime) -> None:
        """Add to the log."""
        rows = [
            {
                "ticket_id": ticket_id,
                "at": new.at or now,
                "kind": new.kind,
                "actor": new.actor,
                "data": dict(new.data),
            }
            for new in events
        ]
        if rows:
            self._connection.execute(_RECORD, rows)
            self._keep_up(ticket_id, events)

    def _keep_up(self, ticket_id: int, events: Sequence[Event]) -> None:
        """Write down what tickets are looked for by, where it follows from these events."""
        values: dict[str, object] = {}
        for new in events:
            if new.kind in {ASSIGNED, UNASSIGNED}:
                values["engineer"] = new.data.get("engineer")
            elif new.kind == ENTITLED:
                values["client"] = new.data.get("client") or None
        if any(map(moves_clocks, events)):
            values["due_at"] = next_due(self.events(ticket_id))
        if values:
            self._set(ticket_id, **values)

    def open_of(self, engineers: Sequence[str]) -> Mapping[str, int]:
        """Count the open tickets that each of these engineers works on, up to `_BUSIEST`."""
        parts = (engineers[at : at + _AT_ONCE] for at in range(0, len(engineers), _AT_ONCE))
        return {name: number for some in parts for name, number in self._count_open(some)}

    def _count_open(self, engineers: Sequence[str]) -> list[tuple[str, int]]:
        counted = [
            select(sa.literal(engineer), sa.func.count()).select_from(
                select(ticket.c.id)
                .where(ticket.c.engineer == engineer, sa.text(OPEN))
                .order_by(ticket.c.id)  # as the index has them: no more of it is read
                .limit(_BUSIEST)
                .subquery()
            )
            for engineer in engineers
        ]
        return [(row[0], row[1]) for row in self._connection.execute(sa.union_all(*counted))]

    def events(self, ticket_id: int) -> tuple[Event, ...]:
        """Read the log, oldest first."""
        rows = self._connection.execute(
            select(event.c.kind, event.c.data, event.c.at, event.c.actor)
            .where(event.c.ticket_id == ticket_id)
            .order_by(event.c.id)
        )
        return tuple(Event(*row) for row in rows)

    def similar(self, like: Ticket) -> tuple[PastFault, ...]:
        """Give the latest faults of the same client, or of the same system and class, that were resolved."""
        return tuple(past_faults(self._connection, like))

    def corrections(self, limit: int) -> tuple[Correction, ...]:
        """Give the tickets that were corrected last, oldest ticket first; not those whose words are gone."""
        return tuple(corrections(self._connection, limit))


@cache
def _count_up(dialect: str) -> sa.Executable:
    first = insert(dialect, sequence).values(last=1)
    counted = first.on_conflict_do_update(index_elements=["year"], set_={"last": sequence.c.last + 1})
    return counted.returning(sequence.c.last)


@cache
def _take_part(dialect: str) -> sa.Executable:
    new = insert(dialect, participant)
    # Each by itself: a list cannot stand in a statement for many rows.
    promoted = sa.and_(
        new.excluded.role != Role.CLIENT,
        new.excluded.role != Role.COPIED,
        participant.c.role != Role.ENGINEER,
    )
    return new.on_conflict_do_update(
        index_elements=["ticket_id", "address"], set_={"role": new.excluded.role}, where=promoted
    )


_OPEN = ticket.insert().returning(ticket.c.id)
_RECORD = event.insert()
