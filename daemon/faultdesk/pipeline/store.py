"""What the pipeline needs of the database: three ledgers in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from faultdesk.domain.correction import Correction
from faultdesk.domain.fax import Outcome, Page
from faultdesk.domain.loops import Earlier
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Classification, Event, Participant, Status, Ticket
from faultdesk.pipeline.artefacts import Artefacts
from faultdesk.pipeline.health import Health
from faultdesk.pipeline.ports import Batch, Cursor
from faultdesk.pipeline.quarantine import Quarantine
from faultdesk.pipeline.work import Jobs, Worker


class InboxState(StrEnum):
    """Where a received message is; all but `received` and `pages` are terminal."""

    RECEIVED = "received"
    PAGES = "pages"
    """It waits for its pages to be read; then it is `received` again."""
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class Received(msgspec.Struct, frozen=True):
    """A stored message that waits for triage."""

    id: int
    mailbox: str
    content: bytes
    arrived_at: datetime
    size: int
    truncated: bool
    ticket_id: int | None = None
    """Of one that was put back: the ticket that says it could not be read."""
    strikes: int = 0
    """Attempts at it that failed."""
    pages: tuple[Page, ...] | None = None
    """What was read on its pages; None when nobody looked yet."""
    is_left: bool = False
    """A daemon that is gone had it in hand, which it may have been that ended it."""


class PagesWanted(msgspec.Struct, frozen=True):
    """A message whose pages are to be read: those of the documents of these names."""

    inbox_id: int
    content: bytes
    documents: tuple[str, ...]
    attempts: int
    """How often that was begun, this time included."""


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
    subject: str
    text: str
    automatic: bool
    internal: bool


class Inbox(Protocol):
    """The ledger of notices: every message that ever reached a mailbox, with its octets."""

    def cursor(self, mailbox_name: str) -> Cursor | None:
        """Tell how far this mailbox has been collected."""

    def add(self, mailbox_name: str, batch: Batch, now: datetime) -> int:
        """Store what is not known yet, move the cursor; return how many were new.

        Raises:
            SupersededError: Another daemon collects this mailbox now.
        """

    def unsettled(self, mailbox_name: str) -> tuple[str, ...]:
        """Name the UIDs that were stored and not yet marked done on the server."""

    def settle(self, mailbox_name: str, uids: Sequence[str]) -> None:
        """Note that these were marked done on the server."""

    def is_well_since(self, mailbox_name: str, moment: datetime) -> bool:
        """Tell whether a mailbox was reported as reached since then, and no error after it."""

    def report(self, mailbox_name: str, now: datetime, error: str | None) -> None:
        """Note that a mailbox was reached just now, or why it was not."""

    def claim(self, limit: int, most_octets: int) -> list[Received]:
        """Take the oldest that wait in hand, at most so many and so large; at least one if there is any.

        Not those that another living daemon has in hand. What is done with one that was taken over since
        raises SupersededError.
        """

    def is_any_waiting(self) -> bool:
        """Tell whether messages wait for triage."""

    def waiting(self) -> int:
        """Count the messages that wait for triage and that nobody has in hand."""

    def done(self, inbox_id: int, ticket_id: int | None) -> None:
        """End in a ticket."""

    def ignore(self, inbox_id: int, reason: str, ticket_id: int | None = None) -> None:
        """End without opening a ticket."""

    def strike(self, inbox_id: int, error: str) -> int:
        """Count a failure; return how many there are now."""

    def begin(self, inbox_id: int) -> int:
        """Count an attempt that may end the process; return how many ended it, if this one does."""

    def survive(self, inbox_id: int) -> None:
        """Note that the process is still there."""

    def fail(self, inbox_id: int, ticket_id: int | None = None) -> None:
        """Set aside."""

    def content(self, inbox_id: int) -> bytes:
        """Give the octets as they came, withheld or not.

        Raises:
            NotFoundError: There is no such message, or it was purged.
        """

    def ticket_of(self, inbox_id: int) -> int | None:
        """Tell which ticket a message was filed on."""


class Pages(Protocol):
    """The ledger of pages to be read, one message at a time."""

    def want(self, inbox_id: int, documents: Sequence[str], look_at: datetime) -> None:
        """Let a message in hand wait until its pages are read, not before `look_at`.

        Raises:
            SupersededError: Another daemon has it in hand.
        """

    def is_any_waiting(self, now: datetime) -> bool:
        """Tell whether messages wait whose pages may be read now."""

    def next(self, now: datetime) -> PagesWanted | None:
        """Take the oldest in hand that waits, its attempts counted with this one."""

    def put(self, inbox_id: int, read: Sequence[Page]) -> None:
        """Keep what was read, and let the message be decided.

        Raises:
            SupersededError: Another daemon has it in hand.
        """


class Tickets(Protocol):
    """Tickets with their log, messages and people."""

    def open(
        self,
        message: InboundMessage,
        classification: Classification,
        noticed_at: datetime,
        opened_at: datetime,
    ) -> Ticket:
        """Give a new ticket its reference. It has no log and nobody in it yet."""

    def get(self, ticket_id: int) -> Ticket:
        """Look up a ticket.

        Raises:
            NotFoundError: There is none.
        """

    def lock(self, ticket_id: int) -> Ticket:
        """Look up a ticket that nobody else changes until this transaction ends.

        Raises:
            NotFoundError: There is none.
        """

    def find(self, reference: str) -> Ticket | None:
        """Look up a ticket by its reference."""

    def of_message_ids(self, message_ids: Sequence[str]) -> tuple[int, ...]:
        """Find the tickets that hold messages of these ids, latest first."""

    def mention(self, ticket_id: int, message_ids: Sequence[str]) -> None:
        """Note what a message that opened a ticket refers to."""

    def mentioning(self, message_id: str) -> tuple[int, ...]:
        """Find the tickets that were opened by an answer to the message of this id, latest first."""

    def lock_threads(self, message_ids: Iterable[str]) -> None:
        """Let nobody else decide messages of these ids, or about them, before this transaction ends."""

    def twin(self, received: InboundMessage) -> int | None:
        """Find the ticket that holds a message of the same Message-ID, sender and text already."""

    def add_message(self, ticket_id: int, received: InboundMessage, at: datetime) -> None:
        """File a client's message and its attachments."""

    def add_mail(self, mail: OutgoingMail, subject: str, text: str) -> int | None:
        """File a mail to send; None when one of this Message-ID was decided before."""

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

    def fax_of(self, job: str, number: str, since: datetime) -> SentFax | None:
        """Find the fax of this job of the gateway's, else the last one to this number that nobody told of."""

    def mark_fax(self, message_row: int, outcome: Outcome) -> None:
        """Note what became of a fax."""

    def tried_for(self, sent: SentFax) -> frozenset[str]:
        """Tell to which addresses this letter went already."""

    def mark_withheld(self, mail: OutgoingMail, reason: str) -> None:
        """Note that a mail is not sent and never will be."""

    def sent_to(self, address: str, since: datetime) -> int:
        """Count the automatic mails that went to a client's address."""

    def sent_to_domain(self, domain: str, since: datetime) -> int:
        """Count the automatic mails that went to clients of a domain."""

    def alike(self, received: InboundMessage, since: datetime) -> list[Earlier]:
        """Give the messages that say the same, numbers apart; a short text says too little."""

    def add_participants(self, ticket_id: int, people: Sequence[Participant]) -> None:
        """Let somebody take part; who is known already may only become one of the desk."""

    def set_noticed_at(self, ticket_id: int, noticed_at: datetime) -> None:
        """Note that an earlier notice was worked on later."""

    def set_requester(self, ticket_id: int, client: Address) -> None:
        """Note whose ticket it is."""

    def set_classification(self, ticket_id: int, classification: Classification) -> None:
        """Note that somebody knows better what a ticket is about."""

    def set_status(self, ticket_id: int, status: Status) -> None:
        """Change where the ticket is."""

    def set_held(self, ticket_id: int, *, held: bool) -> None:
        """Set or end a legal hold."""

    def record(self, ticket_id: int, events: Sequence[Event], now: datetime) -> None:
        """Add to the log."""

    def events(self, ticket_id: int) -> tuple[Event, ...]:
        """Read the log, oldest first."""

    def corrections(self, limit: int) -> tuple[Correction, ...]:
        """Give the tickets that were corrected last, oldest ticket first; not those whose words are gone."""


class Transaction(Protocol):
    """One write transaction: all of it happens, or none."""

    @property
    def inbox(self) -> Inbox:
        """The ledger of notices."""

    @property
    def pages(self) -> Pages:
        """The pages to be read."""

    @property
    def tickets(self) -> Tickets:
        """The tickets."""

    @property
    def jobs(self) -> Jobs:
        """The ledger of jobs."""

    @property
    def quarantine(self) -> Quarantine:
        """The originals that do not leave the desk."""

    @property
    def health(self) -> Health:
        """What stands still."""

    @property
    def artefacts(self) -> Artefacts:
        """What handlers have the desk keep."""

    def before_commit(self, action: Callable[[], Any]) -> None:
        """Run this as the transaction's last part."""

    def after_commit(self, action: Callable[[], Any]) -> None:
        """Run this once the transaction is committed."""


class Store(Protocol):
    """The database.

    Every method raises DatabaseUnavailableError when it cannot be reached, is locked or full.
    """

    def write(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that may write; commits at the end, rolls back on an exception."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that only reads and blocks nobody."""


class Engine(Protocol):
    """Delivers job ids to a worker, at least once; the ledger makes their effects happen once."""

    def send(self, tx: Transaction, job_id: int, lane: str) -> None:
        """Deliver once the transaction is committed. Ids of one lane arrive in order, one at a time."""

    def serve(self, worker: Worker) -> None:
        """Start to deliver, and return.

        Raises:
            ConfigError: The engine has not what it needs.
        """

    def recover(self) -> None:
        """Deliver again what was lost on its way; called every second or so, and seldom more than a look."""

    def is_alive(self) -> bool:
        """Tell whether what delivers is still there."""

    def waiting(self) -> int:
        """Count what was delivered and has not ended; of several daemons, this one's share."""

    def join(self) -> None:
        """Wait until everything delivered so far has been run.

        Raises:
            TransientError: What delivers has ended before.
        """

    def stop(self, cut: Callable[[], None]) -> None:
        """Let the workers end the job they are at, and no other; then `cut` ends what they still wait for."""
