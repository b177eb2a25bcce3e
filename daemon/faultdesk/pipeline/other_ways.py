"""By what else a client can be reached when a fax does not get through, or names no number to answer."""

from collections.abc import Iterable, Iterator

import msgspec

from faultdesk.domain.client import Entitlement
from faultdesk.domain.decision import File, Mail
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.number import fax_address, fax_number
from faultdesk.domain.promise import UNDELIVERED
from faultdesk.domain.ticket import Event, Participant, Role, Ticket
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.store import Transaction

ON_RECORD = "answered_on_record"
"""The event of a notice that is answered to a number or address (`to`) of the table of clients."""


def reachable(
    tx: Transaction, ticket: Ticket, message: InboundMessage
) -> tuple[Ticket, InboundMessage, list[Event]]:
    """Let a fax that names no number be answered where its client is on record: what its pages name is never dialled."""
    if message.fax is None or message.reply_address.address:
        return ticket, message, []
    known = next(_on_record(tx, ticket.entitlement), None)
    if known is None:
        return ticket, message, []
    tx.tickets.set_requester(ticket.id, known)
    return (
        msgspec.structs.replace(ticket, requester=known),
        msgspec.structs.replace(message, reply_to=(known,)),
        [Event(ON_RECORD, {"to": known.address})],
    )


def try_otherwise(tx: Transaction, changes: Changes, letter: int, reason: str) -> bool:
    """Take back what a stored fax said to the client, and let it go the next way.

    To the next fax number of the client, else by mail: of those who take part, and then of the table of clients. When
    nothing is left, the desk is told to phone the client. Return whether there was a next way.
    """
    mail = tx.tickets.mail(letter)
    if mail.ticket_id is None:
        return False
    lost = {"purpose": mail.purpose, "message_id": mail.message_id}
    changes.change(tx, mail.ticket_id, Event(UNDELIVERED, lost))
    ticket = tx.tickets.get(mail.ticket_id)
    left = _left(tx, ticket, tx.tickets.tried_for(letter))
    if left is None:
        changes.ledger.alert(
            tx,
            f"unreached/{ticket.id}/{mail.recipients[0]}",
            f"{ticket.reference}: client not reached, phone them",
            f"The {mail.purpose} by fax to {fax_number(mail.recipients[0])} did not arrive: {reason}\n\n"
            f"No other way to the client is known. Please phone the client.\nfaultdesk ticket {ticket.reference}\n",
            ticket.id,
        )
        return False
    subject, text = tx.tickets.letter(letter)
    again = Mail(
        name=f"instead/{letter}/{left.address}",
        ticket_id=ticket.id,
        to=(left,),
        subject=subject,
        text=text,
        purpose=mail.purpose,
        automatic=mail.automatic,
        internal=mail.internal,
        files=(File(f"{ticket.reference}.pdf", "application/pdf", mail.content),) if mail.content else (),
    )
    # An answer from there is the client's.
    tx.tickets.add_participants(ticket.id, [Participant(left, Role.CLIENT)])
    changes.ledger.apply(tx, ticket.id, "faultdesk", again)
    return True


def _left(tx: Transaction, ticket: Ticket, tried: frozenset[str]) -> Address | None:
    clients = [who.person for who in ticket.participants if who.role is Role.CLIENT]
    known = [person for person in (*clients, *_on_record(tx, ticket.entitlement)) if person.address]
    return _first_fax_then_mail(person for person in known if person.address not in tried)


def _first_fax_then_mail(people: Iterable[Address]) -> Address | None:
    return min(people, key=lambda person: fax_number(person.address) is None, default=None)


def _on_record(tx: Transaction, verdict: Entitlement | None) -> Iterator[Address]:
    """Give the fax numbers and then the addresses of a ticket's client, as the table of clients has them."""
    client = tx.clients.named(verdict.client) if verdict and verdict.client else None
    if client is not None:
        yield from (Address(fax_address(number)) for number in client.faxes if fax_address(number))
        yield from map(Address, client.addresses)
