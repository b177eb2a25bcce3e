"""What was written on a ticket, from either side, in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.advisory import lock_key
from faultdesk.adapters.sql.tables import attachment, inbox, mention, message, participant, ticket
from faultdesk.adapters.sql.upsert import insert, insert_or_skip
from faultdesk.domain.fax import Outcome
from faultdesk.domain.loops import Earlier, likeness
from faultdesk.domain.message import Address, Attachment, Channel, InboundMessage, Language
from faultdesk.domain.number import fax_address
from faultdesk.errors import NotFoundError
from faultdesk.pipeline.store import OutgoingMail, SentFax

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
_MAIL = select(*(message.c[name] for name in OutgoingMail.__struct_fields__)).where(
    message.c.id == bindparam("row"), _OUTGOING
)
_MENTIONING = (
    select(mention.c.ticket_id)
    .where(mention.c.message_id == bindparam("answered"))
    .order_by(mention.c.ticket_id.desc())
)
_MARK_SENT = (
    message.update()
    .where(message.c.id == bindparam("row"))
    .values(at=bindparam("sent_at"), fax_job=bindparam("job"))
)
_LETTER = select(message.c.subject, message.c.text).where(message.c.id == bindparam("row"), _OUTGOING)
_FAX = select(*(message.c[name] for name in SentFax.__struct_fields__)).where(
    _OUTGOING, message.c.at >= bindparam("since")
)
# A gateway that is set up anew counts its jobs from 1 again.
_FAX_OF_JOB = _FAX.where(message.c.fax_job == bindparam("job")).order_by(message.c.id.desc())
_GIVEN_UP = message.c.fax_outcome == Outcome.UNCONFIRMED
_FAX_TO = _FAX.where(
    message.c.fax_job.is_not(None),
    # A gateway that tries again tells of it, and then of the end.
    sa.or_(message.c.fax_outcome.is_(None), message.c.fax_outcome == Outcome.RETRYING, _GIVEN_UP),
    sa.cast(message.c.recipients, sa.Text).like(bindparam("to")),
).order_by(sa.case((_GIVEN_UP, 1), else_=0), message.c.id)
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
_SENT = select(sa.func.count()).select_from(message)
_SENT_TO = _SENT.where(message.c.capped_address == bindparam("to"), _SINCE)
_SENT_OF = _SENT.where(message.c.ticket_id == bindparam("of"), message.c.capped_address.is_not(None), _SINCE)
_SENT_TO_DOMAIN = _SENT.where(message.c.capped_domain == bindparam("to"), _SINCE)
_MOST_ALIKE = 20
_ALIKE = (
    select(message.c.sender, message.c.text)
    .where(message.c.likeness == bindparam("likeness"), _SINCE)
    .limit(_MOST_ALIKE)
)


class SqlMessages:
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

    def add_mail(self, mail: OutgoingMail, subject: str, text: str) -> int | None:
        """File a mail to send; None when one of this Message-ID was decided before."""
        values = {
            "ticket_id": mail.ticket_id,
            "message_id": mail.message_id,
            "purpose": mail.purpose,
            "sender": "",
            "recipients": mail.recipients,
            "subject": subject,
            "text": text,
            "automatic": mail.automatic,
            "internal": mail.internal,
            **_capped(mail),
            "attached": mail.attached,
            "content": mail.content,
        }
        statement = insert_or_skip(self._connection.dialect.name, message)
        row: int | None = self._connection.execute(statement, values).scalar_one_or_none()
        return row

    def purpose_of(self, message_id: str) -> str | None:
        """Tell what a letter of ours was for; None if it is none."""
        is_ours = (message.c.message_id == message_id, message.c.inbox_id.is_(None))
        return self._connection.scalar(select(message.c.purpose).where(*is_ours).limit(1))

    def recipients_of(self, message_id: str) -> list[str]:
        """Tell to whom a letter of ours went; nobody if it is none."""
        is_ours = (message.c.message_id == message_id, message.c.inbox_id.is_(None))
        return self._connection.scalar(select(message.c.recipients).where(*is_ours).limit(1)) or []

    def mail(self, message_row: int) -> OutgoingMail:
        """Give a stored mail."""
        row = self._connection.execute(_MAIL, {"row": message_row}).one_or_none()
        if row is None:
            raise NotFoundError(f"no outgoing mail {message_row}")
        return OutgoingMail(**row._asdict())

    def mark_sent(self, mail: OutgoingMail, at: datetime) -> None:
        """Note that the server took a mail; automatic ones to clients count against the rate cap."""
        self._connection.execute(_MARK_SENT, {"row": mail.id, "sent_at": at, "job": mail.fax_job})

    def letter(self, message_row: int) -> tuple[str, str]:
        """Give subject and text of a stored mail or fax."""
        row = self._connection.execute(_LETTER, {"row": message_row}).one_or_none()
        if row is None:
            raise NotFoundError(f"no outgoing mail {message_row}")
        return row.subject, row.text

    def faxes_of(self, job: str, number: str, since: datetime) -> list[SentFax]:
        """Find the fax of this job of the gateway's, the last first.

        If there is none, those to this number whose end nobody told: the first first, what was given up last.
        """
        of_job = self._connection.execute(_FAX_OF_JOB, {"job": job, "since": since}).all() if job else []
        to = fax_address(number)
        if not of_job and to:
            of_job = self._connection.execute(_FAX_TO, {"to": f'%"{to}"%', "since": since}).all()
        return [SentFax(**row._mapping) for row in of_job]  # noqa: SLF001 - its name

    def any_fax_told(self) -> bool:
        """Tell whether a gateway has ever said what became of a fax."""
        told = (message.c.fax_job.is_not(None), message.c.fax_outcome.is_not(None), ~_GIVEN_UP)
        return self._connection.scalar(select(message.c.id).where(*told).limit(1)) is not None

    def fax_outcome(self, message_row: int) -> Outcome | None:
        """Tell what became of a fax: None while nobody knows."""
        told: str | None = self._connection.scalar(
            select(message.c.fax_outcome).where(message.c.id == message_row)
        )
        return Outcome(told) if told else None

    def mark_fax(self, message_row: int, outcome: Outcome) -> None:
        """Note what became of a fax."""
        self._connection.execute(
            message.update().where(message.c.id == message_row).values(fax_outcome=outcome)
        )

    def mark_withheld(self, mail: OutgoingMail, reason: str) -> None:
        """Note that a mail is not sent and never will be."""
        self._connection.execute(message.update().where(message.c.id == mail.id).values(withheld=reason))

    def sent_to(self, address: str, since: datetime) -> int:
        """Count the automatic mails that went to a client's address."""
        sent: int = self._connection.execute(_SENT_TO, {"to": address, "since": since}).scalar_one()
        return sent

    def sent_of(self, ticket_id: int, since: datetime) -> int:
        """Count the automatic mails that went to clients of a ticket."""
        sent: int = self._connection.execute(_SENT_OF, {"of": ticket_id, "since": since}).scalar_one()
        return sent

    def sent_to_domain(self, domain: str, since: datetime) -> int:
        """Count the automatic mails that went to clients of a domain."""
        sent: int = self._connection.execute(_SENT_TO_DOMAIN, {"to": domain, "since": since}).scalar_one()
        return sent

    def alike(self, received: InboundMessage, since: datetime) -> list[Earlier]:
        """Give the messages that say the same, numbers apart."""
        found = self._connection.execute(_ALIKE, {"likeness": likeness(received), "since": since})
        return [Earlier(Address(row.sender), row.text) for row in found]


def _capped(mail: OutgoingMail) -> dict[str, str]:
    """Tell by what an automatic mail to a client is counted."""
    if not mail.automatic or mail.internal:
        return {}
    address = Address(mail.recipients[0])
    return {"capped_address": address.address, "capped_domain": address.domain}
