"""What follows when a gateway says what became of a fax of ours."""

from datetime import timedelta

from faultdesk.domain.decision import File, Mail
from faultdesk.domain.fax import Outcome, Receipt
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.number import fax_number
from faultdesk.domain.promise import UNDELIVERED
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.store import SentFax, Transaction

_TOLD_WITHIN = timedelta(days=2)
_EVENTS = {
    Outcome.DELIVERED: "fax_delivered",
    Outcome.FAILED: "fax_failed",
    Outcome.RETRYING: "fax_retrying",
}


def note(tx: Transaction, changes: Changes, message: InboundMessage) -> int | None:
    """Write on the ticket what became of its fax, and try another way if it failed; None if it is none of ours."""
    told, now = message.receipt, changes.now
    sent = tx.tickets.fax_of(told.job, told.number, now - _TOLD_WITHIN) if told else None
    if told is None or sent is None or sent.ticket_id is None:
        return None
    data = {
        "purpose": sent.purpose,
        "to": sent.recipients[0],
        "job": told.job,
        "pages": told.pages,
        "reason": told.reason,
    }
    known = {name: value for name, value in data.items() if value}
    tx.tickets.record(sent.ticket_id, [Event(_EVENTS[told.outcome], known, actor=told.gateway)], now)
    tx.tickets.mark_fax(sent.id, told.outcome)
    if told.outcome is Outcome.FAILED:
        lost = {"purpose": sent.purpose, "message_id": tx.tickets.mail(sent.id).message_id}
        changes.change(tx, sent.ticket_id, Event(UNDELIVERED, lost))
        _try_otherwise(tx, changes.ledger, sent, told)
    return sent.ticket_id


def _try_otherwise(tx: Transaction, ledger: Ledger, sent: SentFax, told: Receipt) -> None:
    """Send the letter to the client's next fax number, else by mail; when nothing is left, have the client phoned."""
    ticket = tx.tickets.get(int(sent.ticket_id or 0))
    left = _left(ticket, tx.tickets.tried_for(sent))
    if left is None:
        ledger.alert(
            tx,
            f"unreached/{ticket.id}/{sent.recipients[0]}",
            f"{ticket.reference}: the fax to {fax_number(sent.recipients[0])} failed",
            f"{sent.purpose}: {told.reason}\n\nNo other way to the client is known. Please phone the client.",
            ticket.id,
        )
        return
    pages = tx.tickets.mail(sent.id).content
    again = Mail(
        name=f"instead/{sent.id}/{left.address}",
        ticket_id=ticket.id,
        to=(left,),
        subject=sent.subject,
        text=sent.text,
        purpose=sent.purpose,
        automatic=sent.automatic,
        internal=sent.internal,
        files=(File(f"{ticket.reference}.pdf", "application/pdf", pages),) if pages else (),
    )
    ledger.apply(tx, ticket.id, "faultdesk", again)


def _left(ticket: Ticket, tried: frozenset[str]) -> Address | None:
    clients = [who.person for who in ticket.participants if who.role is Role.CLIENT]
    untried = [person for person in clients if person.address and person.address not in tried]
    return min(untried, key=lambda person: fax_number(person.address) is None, default=None)
