"""A whole desk over a store, with hand-written parts where the world would be."""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.reference import Seal
from faultdesk.domain.ticket import Role
from faultdesk.handlers import Handler
from faultdesk.handlers.host import Host
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.desk_clerk import DeskClerk
from faultdesk.pipeline.fax_rules import FaxRules
from faultdesk.pipeline.faxes import recognised
from faultdesk.pipeline.inbox import Received
from faultdesk.pipeline.ledger import FAX_OVERDUE, SEND_FAX, SEND_MAIL, Ledger
from faultdesk.pipeline.patience import patience
from faultdesk.pipeline.perform import Performer, PerformFunction
from faultdesk.pipeline.ports import Batch, Cursor, Letter, RawMessage
from faultdesk.pipeline.receipts import FaxOverdue
from faultdesk.pipeline.send_fax import SendFax
from faultdesk.pipeline.send_mail import SendMail
from faultdesk.pipeline.store import Transaction
from faultdesk.pipeline.work import Worker

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def advance(self, span: timedelta) -> None:
        self.time += span


class ByHandEngine:
    """Keeps what it is sent until the test lets it run."""

    def __init__(self) -> None:
        self.given: queue.SimpleQueue[int] = queue.SimpleQueue()

    def send(self, tx: Transaction, job_id: int, lane: str) -> None:
        tx.after_commit(lambda: self.given.put(job_id))

    def serve(self, worker: Worker) -> None:
        waiting: list[int] = []
        while waiting or not self.given.empty():
            while not self.given.empty():
                waiting.append(self.given.get())
            claim = worker.begin(waiting)
            for claimed in claim.claimed:
                worker.perform(claimed)
            waiting = claim.left

    def recover(self) -> None: ...

    def is_alive(self) -> bool:
        return True

    def waiting(self) -> int:
        return self.given.qsize()

    def join(self) -> None: ...

    def stop(self, cut: Callable[[], None]) -> None: ...


class KeepingMailer:
    """Keeps mails, or raises what it was told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[str], bytes]] = []
        self.error: Exception | None = None

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> None:
        if self.error:
            raise self.error
        self.sent.append((envelope_from, list(recipients), content))

    def check(self) -> None: ...

    def close(self) -> None: ...


class KeepingFaxSender:
    """Keeps faxes, and numbers the jobs from 1."""

    media_type = "image/tiff"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []

    def send(self, number: str, document: bytes, media_type: str, tag: str) -> str:
        self.sent.append((number, tag, document))
        return str(len(self.sent))

    def check(self) -> None: ...

    def close(self) -> None: ...


class PlainPress:
    """Sets a letter as its own words."""

    def convert(self, document: bytes, media_type: str) -> bytes:
        return document

    def print(self, letter: Letter, media_type: str) -> bytes:
        return f"{letter.subject}\n{letter.text}".encode()


class PlayedDesk:
    """collect to perform, with the time, the mails and the readers in the test's hands."""

    def __init__(
        self,
        store: SqlStore,
        handlers: Mapping[str, Handler],
        functions: Mapping[str, PerformFunction] | None = None,
        clock: SetClock | None = None,
        mailer: KeepingMailer | None = None,
        **identity: object,
    ) -> None:
        known = {"name": "desk", "address": "service@faultdesk.example", "alerts": ("ops@faultdesk.example",)}
        self.identity = Identity(**{**known, **identity})  # type: ignore[arg-type]
        self.store = store
        self.clock = clock or SetClock()
        self.engine = ByHandEngine()
        self.mailer = mailer or KeepingMailer()
        self.fax_sender = KeepingFaxSender()
        self.seal = Seal(b"key")
        self.host = Host(handlers)
        self.ledger = Ledger(self.engine, self.identity, self.seal, self.clock)
        self.changes = Changes(self.host, self.ledger, self.clock)
        self.clerk = DeskClerk(self.host, self.ledger, self.changes, self.seal, self.clock)
        own: dict[str, PerformFunction] = {
            SEND_MAIL: SendMail(store, self.mailer, self.identity),
            SEND_FAX: SendFax(
                store,
                PlainPress(),
                self.fax_sender,
                self.identity,
                FaxRules(receipt_within=timedelta(minutes=30)),
            ),
            FAX_OVERDUE: FaxOverdue(store),
        }
        self.performer = Performer(
            store,
            self.changes,
            self.clock,
            lambda: {**self.host.job_functions, **own, **(functions or {})},
            patience(threading.Event()),
        )
        self._uids = iter(range(1, 10**6))

    def receive(self, content: bytes = b"", arrived_at: datetime | None = None) -> int:
        """Store octets as collect does; return their ledger number."""
        uid = next(self._uids)
        raw = RawMessage(str(uid), content, arrived_at or self.clock.now(), len(content))
        with self.store.write() as tx:
            tx.inbox.add("service", Batch((raw,), Cursor(1, uid)), self.clock.now())
        with self.store.read() as tx:
            return max(received.id for received in tx.inbox.claim(1000, 10**9))

    def decide(self, message: InboundMessage) -> int | None:
        """Let the clerk file a message as read; return its ticket."""
        return self.decide_received(self.waiting(self.receive()), message)

    def waiting(self, inbox_id: int) -> Received:
        """Give what waits for triage under this number."""
        with self.store.read() as tx:
            return next(one for one in tx.inbox.claim(1000, 10**9) if one.id == inbox_id)

    def decide_received(self, received: Received, message: InboundMessage) -> int | None:
        """Let the clerk file what was received as this message; return its ticket."""
        with self.store.write() as tx:
            self.clerk.decide(tx, received, recognised(self.host, received, message, self.identity))
        with self.store.database.read() as connection:
            row = connection.exec_driver_sql(f"SELECT ticket_id FROM inbox WHERE id = {received.id}").one()  # noqa: S608
        ticket_id: int | None = row.ticket_id
        return ticket_id

    def order(self, ticket_id: int, engineer: Address) -> str:
        """Send somebody a work order; return its Message-ID."""
        mail = Mail(
            name="order",
            ticket_id=ticket_id,
            to=(engineer,),
            subject="order",
            text="",
            purpose="work order",
            internal=True,
            role=Role.ENGINEER,
        )
        with self.store.write() as tx:
            self.ledger.apply(tx, ticket_id, "test", mail)
        return self.seal.message_id(ticket_id, "order", self.identity.domain)

    def perform(self) -> None:
        """Run all that is due now."""
        while True:
            self.engine.serve(self.performer)
            if not self.ledger.tick(self.store):
                return

    def events(self, ticket_id: int | None) -> list[str]:
        """Name what happened to a ticket, in order."""
        assert ticket_id is not None
        with self.store.read() as tx:
            return [event.kind for event in tx.tickets.events(ticket_id)]

    def problems(self, ticket_id: int | None) -> list[str]:
        """List what a ticket's log says could not be made out."""
        assert ticket_id is not None
        with self.store.read() as tx:
            events = tx.tickets.events(ticket_id)
        return [told for event in events for told in event.data.get("problems", ())]

    def state(self, inbox_id: int) -> tuple[str, str | None]:
        """Tell a message's state and reason."""
        with self.store.database.read() as connection:
            row = connection.exec_driver_sql(f"SELECT state, reason FROM inbox WHERE id = {inbox_id}").one()  # noqa: S608
        return row.state, row.reason
