"""triage: from received octets to tickets and jobs, each message decided in one transaction."""

from collections.abc import Iterator, Sequence

import structlog

from faultdesk.domain.message import InboundMessage
from faultdesk.errors import TransactionTimeoutError, TransientError
from faultdesk.pipeline.desk_clerk import DeskClerk
from faultdesk.pipeline.failures import details, outline
from faultdesk.pipeline.faxes import recognised
from faultdesk.pipeline.inbox import Received
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.store import Store, Transaction
from faultdesk.reading import RawItem, Readers, ReadingFailure

log = structlog.get_logger()

STRIKES = 3
"""Failures after which a message is set aside."""
ENDS = 6
"""Ends of the daemon at a message after which it is set aside. Who kills the daemon again and again, or lacks power,
may hit the same message twice or thrice, and most likely the first that a daemon decides, which takes the longest."""
_MESSAGES, _OCTETS = 50, 16 * 1024 * 1024
_DECIDED = 10
"""Decided in one transaction: receipts of sent mails wait no longer than that for their turn to be written."""


class Triage:
    """Takes what was collected, has it read, and has it decided."""

    def __init__(self, store: Store, readers: Readers, clerk: DeskClerk, ledger: Ledger) -> None:
        self._store = store
        self._readers = readers
        self._clerk = clerk
        self._ledger = ledger

    def triage_next(self) -> int:
        """Decide the next messages; return how many were looked at, 0 when none wait.

        Raises:
            DatabaseUnavailableError: They wait where they are.
            SupersededError: Another daemon has taken one of them over.
        """
        with self._store.read() as tx:
            if not tx.inbox.is_any_waiting():
                return 0
        with self._store.write() as tx:
            batch = tx.inbox.claim(_MESSAGES, _OCTETS)
        results = self._readers.read([_item(received) for received in batch])
        readable: list[tuple[Received, InboundMessage]] = []
        for received, result in zip(batch, results, strict=True):
            if isinstance(result, ReadingFailure):
                self._note_unreadable(received, result)
            elif (message := self._recognised(received, result)) is None:
                continue
            elif received.is_left:
                self._decide_warily(received, message)
            else:
                readable.append((received, message))
        for start in range(0, len(readable), _DECIDED):
            self._decide(readable[start : start + _DECIDED])
        return len(batch)

    def _recognised(self, received: Received, message: InboundMessage) -> InboundMessage | None:
        """Look whether a gateway brings a fax in it; None when no handler could tell, which is a strike."""
        try:
            return recognised(self._clerk.host, received, message, self._ledger.identity)
        # A handler may raise anything; taken for a plain mail, a fax might be ignored as automatic.
        except Exception as error:  # noqa: BLE001
            self._note_failure(received, error)
            return None

    def _decide_warily(self, received: Received, message: InboundMessage) -> None:
        """Decide what a daemon left that is gone, which it may have been that ended it.

        Its attempts are counted when they begin: afterwards there may be nobody to count them.
        """
        with self._store.write() as tx:
            # The attempt that left it was one.
            if tx.inbox.begin(received.id) >= ENDS:
                tx.inbox.fail(received.id)
                self._tell(tx, received, f"{ENDS} times the daemon ended while it worked on this message")
                return
        try:
            self._decide([(received, message)])
        except TransientError:
            self._note_survival(received)
            raise
        self._note_survival(received)

    def _note_survival(self, received: Received) -> None:
        with self._store.write() as tx:
            tx.inbox.survive(received.id)

    def _decide(self, readable: Sequence[tuple[Received, InboundMessage]]) -> None:
        """Decide all in one transaction; if one of them fails, each in its own."""
        if not readable:
            return
        try:
            with self._store.write() as tx:
                tx.tickets.lock_threads(one for _, message in readable for one in _threads(message))
                for received, message in readable:
                    self._clerk.decide(tx, received, message)
        except TransactionTimeoutError as error:
            self._decide_apart(
                readable, error
            )  # a handler that takes so long at a message takes it each time
        except TransientError:
            raise  # not the message's fault: it waits where it is
        # A message may break any handler or rule in any way; it alone is set aside, and the rest goes on.
        except Exception as error:  # noqa: BLE001
            self._decide_apart(readable, error)

    def _decide_apart(self, readable: Sequence[tuple[Received, InboundMessage]], error: Exception) -> None:
        if len(readable) == 1:
            self._note_failure(readable[0][0], error)
            return
        for one in readable:
            self._decide([one])

    def _note_failure(self, received: Received, error: Exception) -> None:
        log.error("message.failed", inbox=received.id, error=outline(error))
        with self._store.write() as tx:
            if tx.inbox.strike(received.id, details(error)) >= STRIKES:
                tx.inbox.fail(received.id)
                self._tell(tx, received, details(error))

    def _note_unreadable(self, received: Received, failure: ReadingFailure) -> None:
        log.error("message.unreadable", inbox=received.id, reason=failure.reason)
        with self._store.write() as tx:
            if tx.inbox.strike(received.id, f"{failure.reason}\n{failure.detail}") < STRIKES:
                return
        (header_only,) = self._readers.read([_item(received, headers_only=True)])
        if isinstance(header_only, ReadingFailure):
            header_only = InboundMessage(size=received.size)
        problem = f"this message could not be read ({failure.reason}); its octets are kept"
        with self._store.write() as tx:
            ticket_id = self._clerk.open_unreadable(tx, received, header_only, problem)
            tx.inbox.fail(received.id, ticket_id)
            self._tell(tx, received, failure.reason, ticket_id)

    def _tell(self, tx: Transaction, received: Received, error: str, ticket_id: int | None = None) -> None:
        log.error("message.set_aside", inbox=received.id, mailbox=received.mailbox)
        self._ledger.alert(
            tx,
            f"inbox/{received.id}",
            f"faultdesk: message {received.id} was set aside",
            f"Message {received.id} of mailbox {received.mailbox} failed again and again and was set aside.\n"
            f"faultdesk inbox show {received.id}\nfaultdesk inbox retry {received.id}\n\n{error}",
            ticket_id,
        )


def _threads(message: InboundMessage) -> Iterator[str]:
    """Name what no two daemons may decide about at once: mails of a thread, receipts of faxes to a number."""
    yield from (message.message_id, *message.references)
    if message.receipt is not None:
        yield message.receipt.number


def _item(received: Received, *, headers_only: bool = False) -> RawItem:
    return RawItem(
        id=received.id,
        content=received.content,
        size=received.size,
        truncated=received.truncated,
        headers_only=headers_only,
        # What its documents did to the reader once they do not do again, and its text is read.
        files_closed=received.strikes > 0,
    )
