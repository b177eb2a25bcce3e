"""A change of a ticket: the event, the state that follows, and what handlers make of it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from faultdesk.domain.assignment import ASSIGNED, PASSED_ON, engineer_in, is_answered
from faultdesk.domain.correction import RECLASSIFIED, corrected
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.promise import PROMISED, REOPENED, VISIT_WANTED, promise_in
from faultdesk.domain.replay import HOLDS, noticed_after, status_after
from faultdesk.domain.ticket import CLIENT_NAMED, Classification, Event, Facts, Participant, Role, Ticket
from faultdesk.handlers.host import Failure, Host
from faultdesk.pipeline.assigning import assign, assign_to, send_again
from faultdesk.pipeline.entitling import doubted_again, entitled, judged_anew
from faultdesk.pipeline.failures import failure_event
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.store import Transaction

_JUDGED_ANEW = frozenset({RECLASSIFIED, CLIENT_NAMED, "noticed_earlier"})
_PROMISED_ANEW = _JUDGED_ANEW | {ENTITLED, REOPENED, VISIT_WANTED}


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
        before = tx.tickets.lock(ticket_id)
        if event.kind == PASSED_ON and _has_spoken(tx.tickets.events(ticket_id), event.data.get("from")):
            return
        if event.kind == RECLASSIFIED and _is_no_advert(before.classification, event):
            event = msgspec.structs.replace(event, data={**event.data, "was_unsolicited": True})
        tx.tickets.record(ticket_id, [event], self.now)
        self._store(tx, before, event)
        failures: list[Failure] = []
        self._judge_anew(tx, ticket_id, event, failures)
        self._send_anew(tx, ticket_id, event, failures)
        ticket = tx.tickets.get(ticket_id)
        for actor, decision in self._host.ticket_changed(ticket, event, self.desk, failures.append):
            self.ledger.apply(tx, ticket_id, actor, decision)
        tx.tickets.record(ticket_id, [failure_event(failure) for failure in failures], self.now)
        if _names_another(before, ticket) and not _is_settled(tx.tickets.events(ticket_id)):
            reason = "the contract names an engineer"
            self.change(tx, ticket_id, Event(PASSED_ON, {"reason": reason}))

    @staticmethod
    def _store(tx: Transaction, before: Ticket, event: Event) -> None:
        """Store what of a ticket follows from the event."""
        number, about = before.id, before.classification
        if (status := status_after(before.status, event)) is not before.status:
            tx.tickets.set_status(number, status)
        if event.kind == RECLASSIFIED:
            tx.tickets.set_classification(number, corrected(about, event.data["labels"]))
        if event.kind == VISIT_WANTED:
            facts: Facts = msgspec.structs.replace(about.facts, wants_onsite=True)
            tx.tickets.set_classification(number, msgspec.structs.replace(about, facts=facts))
        if event.kind == CLIENT_NAMED:
            client = Address(event.data["client"], event.data["name"])
            tx.tickets.set_requester(number, client)
            tx.tickets.add_participants(number, [Participant(client, Role.CLIENT)])
            tx.tickets.make_client(number, client.address)
        if event.kind in HOLDS:
            tx.tickets.set_held(number, held=HOLDS[event.kind])
        noticed_at = noticed_after(before.noticed_at, event)
        if noticed_at is not None and noticed_at != before.noticed_at:
            tx.tickets.set_noticed_at(number, noticed_at)

    def _judge_anew(self, tx: Transaction, ticket_id: int, event: Event, failures: list[Failure]) -> None:
        """Let verdict and clocks follow what the ticket has turned out to be; they count from the same moment."""
        if event.kind in _JUDGED_ANEW:
            verdict = judged_anew(tx, tx.tickets.get(ticket_id), self.desk)
            tx.tickets.record(ticket_id, entitled(verdict), self.now)
        elif event.kind == REOPENED:
            doubted = doubted_again(tx, tx.tickets.get(ticket_id), self.desk, event.at or self.now)
            tx.tickets.record(ticket_id, doubted, self.now)
        if event.kind not in _PROMISED_ANEW:
            return
        promised = self._host.promise(tx.tickets.get(ticket_id), failures.append).as_data()
        if promised != promise_in(tx.tickets.events(ticket_id)):
            tx.tickets.record(ticket_id, [Event(PROMISED, {"promise": promised})], self.now)

    def _send_anew(self, tx: Transaction, ticket_id: int, event: Event, failures: list[Failure]) -> None:
        """Send whom the event names, else the next who is fit and was not asked yet; after a reopening who was there."""
        if event.kind not in {PASSED_ON, REOPENED, RECLASSIFIED}:
            return
        ticket, log = tx.tickets.get(ticket_id), tx.tickets.events(ticket_id)
        is_first = "was_unsolicited" in event.data and not any(one.kind == ASSIGNED for one in log)
        if event.kind == PASSED_ON and (named := event.data.get("to")):
            assigned = [assign_to(tx, self.desk.people.mailbox(named), event.data["reason"])]
        elif event.kind == REOPENED:
            assigned = send_again(tx, self._host, self.desk, ticket, self.now, failures.append)
        elif event.kind == PASSED_ON or is_first:
            assigned = assign(tx, self._host, self.desk, ticket, log, self.now, failures.append)
        else:
            return
        tx.tickets.record(ticket_id, assigned, self.now)


def _has_spoken(log: Sequence[Event], given_up: str | None) -> bool:
    """Tell whether who is given up for silence has spoken while that was decided, or another was sent."""
    sent = engineer_in(log)
    return bool(given_up) and (sent is None or sent.address != given_up or is_answered(log))


def _is_no_advert(before: Classification, event: Event) -> bool:
    """Tell whether what passed for an advert is none by what somebody says of it."""
    return before.unsolicited and not corrected(before, event.data["labels"]).unsolicited


def _is_settled(log: Sequence[Event]) -> bool:
    """Tell whether somebody works on it already, or was sent by a person's word."""
    passed = next((event for event in reversed(log) if event.kind in {PASSED_ON, REOPENED}), None)
    return is_answered(log) or bool(passed and passed.data.get("to") and passed.actor)


def _names_another(before: Ticket, ticket: Ticket) -> bool:
    """Tell whether a verdict names an engineer whom none has named before, and another works on it."""
    named = ticket.entitlement.engineer if ticket.entitlement else ""
    was_named = before.entitlement.engineer if before.entitlement else ""
    sent = ticket.engineer.address if ticket.engineer else ""
    return ticket.status.is_open and named not in {"", was_named, sent}
