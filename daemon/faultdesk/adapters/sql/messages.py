"""What was written on a ticket, from either side, in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.advisory import lock_key
from faultdesk.adapters.sql.letters import SqlLetters
from faultdesk.adapters.sql.tables import attachment, inbox, mention, message, participant, ticket
from faultdesk.adapters.sql.upsert import insert
from faultdesk.domain.loops import Earlier, likeness
from faultdesk.domain.message import Address, Attachment, Channel, InboundMessage, Language
from faultdesk.errors import NotFoundError

_OUTGOING = message.c.inbox_id.is_(None)
_FILE = message.insert().returning(message.c.id)
_TWIN = select(message.c.ticket_id).where(
    message.c.message_id == bindparam("twin"),
    message.c.sender == bindparam("of"),
    # Scanners and panels give every mail the same id: another text is another notice.
    message.c.text == bindparam("saying"),
    message.c.inbox_id.is_not(None),
)
# In their order: two that want the same ones do not wait for each other.
_LOCK_THREADS = sa.text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")
_MENTIONING = (
    select(mention.c.ticket_id)
    .where(mention.c.message_id == bindparam("answered"))
    .order_by(mention.c.ticket_id.desc())
)
_NOTICE = (
    select(
        *(
            message.c[name]
            for name in ("id", "inbox_id", "sender", "subject", "text", "signature", "message_id")
        ),
        *(ticket.c[name] for name in ("channel", "language")),
        *(participant.c.name, inbox.c.size, inbox.c.purged_at),
    )
    .select_from(
        message.join(ticket, message.c.ticket_id == ticket.c.id)
        .join(inbox, message.c.inbox_id == inbox.c.id)
        .outerjoin(
            participant,
            sa.and_(participant.c.ticket_id == ticket.c.id, participant.c.address == message.c.sender),
        )
    )
    .where(message.c.ticket_id == bindparam("of"))
    .order_by(message.c.id)
    .limit(1)
)
_SINCE = message.c.at >= bindparam("since")
_MOST_ALIKE = 20
_ALIKE = (
    select(message.c.sender, message.c.text)
    .where(message.c.likeness == bindparam("likeness"), _SINCE)
    .limit(_MOST_ALIKE)
)


class SqlMessages(SqlLetters):
    """Messages received for a ticket and mails sent from it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of_message_ids(self, message_ids: Sequence[str]) -> tuple[int, ...]:
        """Find the tickets that hold messages of these ids, latest first."""
        if not message_ids:
            return ()
        found = self._connection.scalars(
            select(message.c.ticket_id)
            .where(message.c.message_id.in_(message_ids), message.c.ticket_id.is_not(None))
            .distinct()
            .order_by(message.c.ticket_id.desc())
        )
        return tuple(found)

    def mention(self, ticket_id: int, message_ids: Sequence[str]) -> None:
        """Note what a message that opened a ticket refers to."""
        statement = insert(self._connection.dialect.name, mention).on_conflict_do_nothing()
        for message_id in message_ids:
            self._connection.execute(statement, {"message_id": message_id, "ticket_id": ticket_id})

    def mentioning(self, message_id: str) -> tuple[int, ...]:
        """Find the tickets that were opened by an answer to the message of this id, latest first."""
        return tuple(self._connection.scalars(_MENTIONING, {"answered": message_id}))

    def lock_threads(self, message_ids: Iterable[str]) -> None:
        """Let nobody else decide messages of these ids, or about them, before this transaction ends."""
        if self._connection.dialect.name == "sqlite":
            return  # nobody else writes
        keys = sorted({lock_key(f"thread/{message_id}") for message_id in message_ids if message_id})
        self._connection.execute(_LOCK_THREADS, {"keys": keys})

    def twin(self, received: InboundMessage) -> int | None:
        """Find the ticket that holds a message of the same Message-ID, sender and text already."""
        if not received.message_id:
            return None
        ticket_id: int | None = self._connection.scalar(
            _TWIN, {"twin": received.message_id, "of": received.sender.address, "saying": received.text}
        )
        return ticket_id

    def thread(self, ticket_id: int) -> tuple[str, ...]:
        """Give the Message-IDs of what was received for a ticket, oldest first."""
        ids = self._connection.scalars(
            select(message.c.message_id)
            .where(message.c.ticket_id == ticket_id, message.c.inbox_id.is_not(None))
            .order_by(message.c.id)
        )
        return tuple(message_id for message_id in ids if message_id)

    def notice(self, ticket_id: int) -> InboundMessage:
        """Give the message that opened a ticket, as far as it is kept."""
        row = self._connection.execute(_NOTICE, {"of": ticket_id}).first()
        if row is None:
            raise NotFoundError(f"no message opened ticket {ticket_id}")
        files = self._connection.execute(select(attachment).where(attachment.c.message_id == row.id))
        return InboundMessage(
            # Of what was purged no octets are left to go along.
            id=0 if row.purged_at else row.inbox_id,
            channel=Channel(row.channel),
            language=Language(row.language),
            subject=row.subject,
            sender=Address(row.sender, row.name or ""),
            message_id=row.message_id,
            text=row.text,
            signature=row.signature or "",
            attachments=tuple(Attachment(one.name, one.media_type, one.size) for one in files),
            size=row.size,
        )

    def went_to(self, address: str, message_ids: Sequence[str]) -> bool:
        """Tell whether a mail of ours of one of these ids was for this address."""
        found = self._connection.scalars(
            select(message.c.recipients).where(message.c.message_id.in_(message_ids), _OUTGOING)
        )
        return any(address == to.lower() for recipients in found for to in recipients)

    def add_message(self, ticket_id: int, received: InboundMessage, at: datetime) -> None:
        """File a client's message and its attachments."""
        values = {
            "ticket_id": ticket_id,
            "inbox_id": received.id,
            "message_id": received.message_id,
            "purpose": "notice",
            "sender": received.sender.address,
            "recipients": [person.address for person in (*received.to, *received.cc)],
            "subject": received.subject,
            "text": received.text,
            "signature": received.signature or None,
            "automatic": received.automatic is not None,
            "likeness": likeness(received),
            "internal": False,
            "at": at,
        }
        row = self._connection.execute(_FILE, values).scalar_one()
        if received.attachments:
            self._connection.execute(
                attachment.insert(),
                [
                    {
                        "message_id": row,
                        "name": file.name,
                        "media_type": file.media_type,
                        "size": file.size,
                        "holds": file.holds or None,
                    }
                    for file in received.attachments
                ],
            )

    def alike(self, received: InboundMessage, since: datetime) -> list[Earlier]:
        """Give the messages that say the same, numbers apart."""
        found = self._connection.execute(_ALIKE, {"likeness": likeness(received), "since": since})
        return [Earlier(Address(row.sender), row.text) for row in found]
