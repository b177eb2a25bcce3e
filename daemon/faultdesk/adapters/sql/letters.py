"""The desk's own letters, by mail and fax, in SQL."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.tables import message
from faultdesk.adapters.sql.upsert import insert_or_skip
from faultdesk.domain.fax import Outcome
from faultdesk.domain.message import Address
from faultdesk.domain.number import fax_address
from faultdesk.errors import NotFoundError
from faultdesk.pipeline.letters import OutgoingMail, SentFax

_OUTGOING = message.c.inbox_id.is_(None)
_SINCE = message.c.at >= bindparam("since")
_MAIL = select(*(message.c[name] for name in OutgoingMail.__struct_fields__)).where(
    message.c.id == bindparam("row"), _OUTGOING
)
_MARK_SENT = (
    message.update()
    .where(message.c.id == bindparam("row"))
    .values(at=bindparam("sent_at"), fax_job=bindparam("job"))
)
_LETTER = select(message.c.subject, message.c.text).where(message.c.id == bindparam("row"), _OUTGOING)
_FAX = select(*(message.c[name] for name in SentFax.__struct_fields__)).where(_OUTGOING, _SINCE)
# A gateway that is set up anew counts its jobs from 1 again.
_FAX_OF_JOB = _FAX.where(message.c.fax_job == bindparam("job")).order_by(message.c.id.desc())
_GIVEN_UP = message.c.fax_outcome == Outcome.UNCONFIRMED
_FAX_TO = _FAX.where(
    message.c.fax_job.is_not(None),
    # A gateway that tries again tells of it, and then of the end.
    sa.or_(message.c.fax_outcome.is_(None), message.c.fax_outcome == Outcome.RETRYING, _GIVEN_UP),
    sa.cast(message.c.recipients, sa.Text).like(bindparam("to")),
).order_by(sa.case((_GIVEN_UP, 1), else_=0), message.c.id)
_SENT = select(sa.func.count()).select_from(message)
_SENT_TO = _SENT.where(message.c.capped_address == bindparam("to"), _SINCE)
_SENT_OF = _SENT.where(message.c.ticket_id == bindparam("of"), message.c.capped_address.is_not(None), _SINCE)
_SENT_TO_DOMAIN = _SENT.where(message.c.capped_domain == bindparam("to"), _SINCE)


class SqlLetters:
    """Implements `pipeline.letters.Letters`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

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
        is_ours = (message.c.message_id == message_id, _OUTGOING)
        return self._connection.scalar(select(message.c.purpose).where(*is_ours).limit(1))

    def recipients_of(self, message_id: str) -> list[str]:
        """Tell to whom a letter of ours went; nobody if it is none."""
        is_ours = (message.c.message_id == message_id, _OUTGOING)
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


def _capped(mail: OutgoingMail) -> dict[str, str]:
    """Tell by what an automatic mail to a client is counted."""
    if not mail.automatic or mail.internal:
        return {}
    address = Address(mail.recipients[0])
    return {"capped_address": address.address, "capped_domain": address.domain}
