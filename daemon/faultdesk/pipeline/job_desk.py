"""The desk as a job, or a handler's command, sees it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction
from faultdesk.domain.decision import Decision, Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.past import PastFault
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.ledger import signed
from faultdesk.pipeline.letters import OutgoingMail
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.store import Store, Transaction

_MOST_CORRECTIONS = 2_000
"""The latest: no desk reads today's mail by what was said ten years ago."""


class JobDesk:
    """The desk as a job sees it: reads now, and keeps its decisions for the commit."""

    def __init__(self, store: Store, identity: Identity, clock: Clock) -> None:
        self._store = store
        self.identity = identity
        """Who the desk is."""
        self._clock = clock
        self.decided: list[tuple[int | None, Decision]] = []
        self.cancelled: list[str] = []
        self.receipts: list[OutgoingMail] = []
        """Mails that the server took."""
        self.withheld: list[tuple[OutgoingMail, str]] = []
        """Mails that are not to be sent, and why."""
        self.settled: list[tuple[int, str | None]] = []
        """Originals that were looked at, and why they are withheld if they are."""
        self.changed: list[tuple[int, Event]] = []
        """What happened to tickets, and of which every handler is asked what follows."""
        self._others: list[Callable[[Transaction, Changes], object]] = []

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""
        return self._clock.now()

    def ticket(self, ticket_id: int) -> Ticket:
        """Look the ticket up as it is now."""
        with self._store.read() as tx:
            return tx.tickets.get(ticket_id)

    def events(self, ticket_id: int) -> tuple[Event, ...]:
        """Read the ticket's log, oldest first."""
        with self._store.read() as tx:
            return tx.tickets.events(ticket_id)

    def notice(self, ticket_id: int) -> InboundMessage:
        """Give the message that opened the ticket, as far as it is kept."""
        with self._store.read() as tx:
            return tx.tickets.notice(ticket_id)

    def similar(self, ticket: Ticket) -> tuple[PastFault, ...]:
        """Give the latest faults that were resolved and are like this one."""
        with self._store.read() as tx:
            return tx.tickets.similar(ticket)

    def send(self, mail: Mail) -> None:
        """Decide a mail."""
        self.decided.append((mail.ticket_id, mail))

    def put(self, job: Job) -> None:
        """Decide a job."""
        self.decided.append((job.ticket_id, job))

    def cancel(self, name: str) -> None:
        """Take a named job back."""
        self.cancelled.append(name)

    def record(self, ticket_id: int, event: Event) -> None:
        """Add to the ticket's log."""
        self.decided.append((ticket_id, event))

    def change(self, ticket_id: int, event: Event) -> None:
        """Change the ticket as a person's act does."""
        self.changed.append((ticket_id, event))

    def original(self, inbox_id: int) -> bytes:
        """Give a message's octets as they came, whoever withholds them."""
        with self._store.read() as tx:
            return tx.inbox.content(inbox_id)

    def ticket_of(self, inbox_id: int) -> int | None:
        """Tell which ticket a message was filed on."""
        with self._store.read() as tx:
            return tx.inbox.ticket_of(inbox_id)

    def withhold(self, inbox_id: int, reason: str) -> None:
        """Let a message's original go to nobody."""
        self.settled.append((inbox_id, reason))

    def release(self, inbox_id: int) -> None:
        """Let a message's original go, as far as this handler is concerned."""
        self.settled.append((inbox_id, None))

    def corrections(self) -> tuple[Correction, ...]:
        """Give the tickets whose reading was corrected, oldest ticket first."""
        with self._store.read() as tx:
            return tx.tickets.corrections(_MOST_CORRECTIONS)

    def kept(self, name: str) -> Artefact | None:
        """Give the version of an artefact that is in force, with its octets."""
        with self._store.read() as tx:
            return tx.artefacts.kept(name)

    def versions(self, name: str) -> tuple[Artefact, ...]:
        """List an artefact's versions, oldest first, without octets."""
        with self._store.read() as tx:
            return tx.artefacts.versions(name)

    def keep(self, name: str, content: bytes, figures: Mapping[str, Any]) -> None:
        """Decide a version of an artefact."""
        self.decide(lambda tx, _: tx.artefacts.keep(name, content, figures, self.now))

    def withdraw(self, name: str, *, everything: bool = False) -> None:
        """Take the version in force back."""
        self.decide(lambda tx, _: tx.artefacts.withdraw(name, self.now, everything=everything))

    def decide(self, decision: Callable[[Transaction, Changes], object]) -> None:
        """Decide what is none of the above."""
        self._others.append(decision)

    @property
    def has_decided(self) -> bool:
        """Tell whether there is anything to write down."""
        letters = self.receipts or self.withheld
        return bool(self.decided or self.changed or self.cancelled or letters or self.settled or self._others)

    def write_down(self, tx: Transaction, changes: Changes, actor: str) -> None:
        """Let what was decided happen, as decided by `actor`."""
        ledger = changes.ledger
        for mail in self.receipts:
            tx.tickets.mark_sent(mail, self.now)
        for mail, reason in self.withheld:
            tx.tickets.mark_withheld(mail, reason)
        for inbox_id, why in self.settled:
            ledger.settle(tx, actor, inbox_id, why)
        for name in self.cancelled:
            tx.jobs.cancel(name)
        for ticket_id, decided in self.decided:
            ledger.apply(tx, ticket_id, actor, decided)
        for changed_id, event in self.changed:
            changes.change(tx, changed_id, signed(actor, event))
        for decision in self._others:
            decision(tx, changes)
