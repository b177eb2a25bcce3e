"""The desk's own letters, as they are stored before they go out."""

from datetime import datetime
from typing import Protocol

import msgspec

from faultdesk.domain.fax import Outcome


class OutgoingMail(msgspec.Struct, frozen=True, kw_only=True):
    """A stored mail on its way out."""

    ticket_id: int | None
    message_id: str
    purpose: str
    recipients: list[str]
    content: bytes
    attached: list[int] = msgspec.field(default_factory=list)
    """Ledger numbers of the originals that go along."""
    automatic: bool
    internal: bool
    id: int = 0
    at: datetime | None = None
    """When the server took it."""
    fax_job: str | None = None
    """Of a fax: the gateway's number of the job."""


class SentFax(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that was handed to a fax gateway."""

    id: int
    ticket_id: int | None
    purpose: str
    recipients: list[str]
    message_id: str
    fax_job: str
    """The gateway's number of it."""


class Letters(Protocol):
    """What was written to clients and to the desk's own people, and what became of it."""

    def add_mail(self, mail: OutgoingMail, subject: str, text: str) -> int | None:
        """File a mail to send; None when one of this Message-ID was decided before."""

    def recipients_of(self, message_id: str) -> list[str]:
        """Tell to whom a letter of ours went; nobody if it is none."""

    def purpose_of(self, message_id: str) -> str | None:
        """Tell what a letter of ours was for; None if it is none."""

    def mail(self, message_row: int) -> OutgoingMail:
        """Give a stored mail.

        Raises:
            NotFoundError: There is none.
        """

    def mark_sent(self, mail: OutgoingMail, at: datetime) -> None:
        """Note that the server took a mail; automatic ones to clients count against the rate cap."""

    def letter(self, message_row: int) -> tuple[str, str]:
        """Give subject and text of a stored mail or fax.

        Raises:
            NotFoundError: There is none.
        """

    def faxes_of(self, job: str, number: str, since: datetime) -> list[SentFax]:
        """Find the fax of this job of the gateway's, the last first.

        If there is none, those to this number whose end nobody told: the first first, what was given up last.
        """

    def any_fax_told(self) -> bool:
        """Tell whether a gateway has ever said what became of a fax."""

    def fax_outcome(self, message_row: int) -> Outcome | None:
        """Tell what became of a fax; None while nobody knows."""

    def mark_fax(self, message_row: int, outcome: Outcome) -> None:
        """Note what became of a fax."""

    def mark_withheld(self, mail: OutgoingMail, reason: str) -> None:
        """Note that a mail is not sent and never will be."""

    def sent_to(self, address: str, since: datetime) -> int:
        """Count the automatic mails that went to a client's address."""

    def sent_of(self, ticket_id: int, since: datetime) -> int:
        """Count the automatic mails that went to clients of a ticket."""

    def sent_to_domain(self, domain: str, since: datetime) -> int:
        """Count the automatic mails that went to clients of a domain."""
