"""What the pipeline needs of the database: its ledgers in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from faultdesk.domain.client import Client, KeyKind
from faultdesk.domain.correction import Correction
from faultdesk.domain.loops import Earlier
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.past import PastFault
from faultdesk.domain.ticket import Classification, Event, Participant, Status, Ticket
from faultdesk.pipeline.artefacts import Artefacts
from faultdesk.pipeline.health import Health
from faultdesk.pipeline.inbox import Inbox, Pages
from faultdesk.pipeline.letters import Letters
from faultdesk.pipeline.quarantine import Quarantine
from faultdesk.pipeline.work import Jobs, Worker


class Clients(Protocol):
    """Whom the desk serves."""

    def named(self, name: str) -> Client | None:
        """Find a client by its name, whatever its width, case and signs."""

    def is_empty(self) -> bool:
        """Tell whether no client is on record."""

    def known_by(self, kind: KeyKind, key: str) -> list[Client]:
        """Find the clients that are known by an address, a domain, a number, a name or a contract."""


class Tickets(Letters, Protocol):
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

    def open_ones(self) -> tuple[int, ...]:
        """List the tickets on which somebody has to work."""

    def open_of(self, engineers: Sequence[str]) -> Mapping[str, int]:
        """Count the open tickets that these engineers work on."""

    def notice(self, ticket_id: int) -> InboundMessage:
        """Give the message that opened a ticket, as far as it is kept.

        Raises:
            NotFoundError: There is none.
        """

    def similar(self, ticket: Ticket) -> tuple[PastFault, ...]:
        """Give the latest faults of the same client, or of the same system and class, that were resolved."""

    def went_to(self, address: str, message_ids: Sequence[str]) -> bool:
        """Tell whether a mail of ours of one of these ids was for this address."""

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

    def alike(self, received: InboundMessage, since: datetime) -> list[Earlier]:
        """Give the messages that say the same, numbers apart; a short text says too little."""

    def add_participants(self, ticket_id: int, people: Sequence[Participant]) -> None:
        """Let somebody take part; who is known already may only become one of the desk."""

    def make_client(self, ticket_id: int, address: str) -> None:
        """Let who was only in copy decide as the client does."""

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
    def clients(self) -> Clients:
        """Whom the desk serves."""

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
