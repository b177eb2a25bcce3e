"""A change of a ticket: the event, the state that follows, and what handlers make of it."""

from datetime import datetime

from faultdesk.domain.assignment import PASSED_ON
from faultdesk.domain.correction import RECLASSIFIED, corrected
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.promise import PROMISED, promise_in
from faultdesk.domain.replay import HOLDS, noticed_after, status_after
from faultdesk.domain.ticket import CLIENT_NAMED, Event, Participant, Role
from faultdesk.handlers.host import Failure, Host
from faultdesk.pipeline.assigning import assign, assign_to
from faultdesk.pipeline.entitling import entitled, judged_anew
from faultdesk.pipeline.failures import failure_event
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.store import Transaction

_JUDGED_ANEW = frozenset({RECLASSIFIED, CLIENT_NAMED, "noticed_earlier"})
_PROMISED_ANEW = _JUDGED_ANEW | {ENTITLED}


class Changes:
    """The one way in which a person's act changes a ticket."""

    def __init__(self, host: Host, ledger: Ledger, clock: Clock) -> None:
        self._host = host
        self.ledger = ledger
        """Where what handlers decide is written down."""
        self._clock = clock

    @property
    def desk(self) -> Identity:
        """Who the desk is."""
        return self.ledger.identity

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""
        return self._clock.now()

    def change(self, tx: Transaction, ticket_id: int, event: Event) -> None:
        """Record what happened and ask every handler what follows.

        Raises:
            NotFoundError: There is no such ticket.
        """
        now = self._clock.now()
        before = tx.tickets.lock(ticket_id)
        tx.tickets.record(ticket_id, [event], now)
        if (status := status_after(before.status, event)) is not before.status:
            tx.tickets.set_status(ticket_id, status)
        if event.kind == RECLASSIFIED:
            tx.tickets.set_classification(ticket_id, corrected(before.classification, event.data["labels"]))
        if event.kind == CLIENT_NAMED:
            client = Address(event.data["client"], event.data["name"])
            tx.tickets.set_requester(ticket_id, client)
            tx.tickets.add_participants(ticket_id, [Participant(client, Role.CLIENT)])
        if event.kind in HOLDS:
            tx.tickets.set_held(ticket_id, held=HOLDS[event.kind])
        noticed_at = noticed_after(before.noticed_at, event)
        if noticed_at is not None and noticed_at != before.noticed_at:
            tx.tickets.set_noticed_at(ticket_id, noticed_at)
        failures: list[Failure] = []
        if event.kind in _JUDGED_ANEW:
            verdict = judged_anew(tx, tx.tickets.get(ticket_id), self.ledger.identity)
            tx.tickets.record(ticket_id, entitled(verdict), now)
        if event.kind in _PROMISED_ANEW:
            self._promise_anew(tx, ticket_id, failures)
        if event.kind == PASSED_ON:
            self._assign_anew(tx, ticket_id, event, failures)
        ticket, desk = tx.tickets.get(ticket_id), self.ledger.identity
        for actor, decision in self._host.ticket_changed(ticket, event, desk, failures.append):
            self.ledger.apply(tx, ticket_id, actor, decision)
        tx.tickets.record(ticket_id, [failure_event(failure) for failure in failures], now)

    def _assign_anew(self, tx: Transaction, ticket_id: int, event: Event, failures: list[Failure]) -> None:
        """Send whom the event names, else the next who is fit and was not asked yet."""
        now, desk = self._clock.now(), self.ledger.identity
        if named := event.data.get("to"):
            assigned = [assign_to(tx, desk.people.mailbox(named), event.data["reason"])]
        else:
            ticket, log = tx.tickets.get(ticket_id), tx.tickets.events(ticket_id)
            assigned = assign(tx, self._host, desk, ticket, log, now, failures.append)
        tx.tickets.record(ticket_id, assigned, now)

    def _promise_anew(self, tx: Transaction, ticket_id: int, failures: list[Failure]) -> None:
        """Let the clocks follow what the ticket has turned out to be; they count from the same moment."""
        promised = self._host.promise(tx.tickets.get(ticket_id), failures.append).as_data()
        if promised != promise_in(tx.tickets.events(ticket_id)):
            tx.tickets.record(ticket_id, [Event(PROMISED, {"promise": promised})], self._clock.now())
