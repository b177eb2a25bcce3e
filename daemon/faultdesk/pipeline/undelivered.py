"""What follows when another server says that a mail of ours did not arrive."""

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import UNDELIVERED
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.store import Transaction


def note(tx: Transaction, changes: Changes, ticket: Ticket, message: InboundMessage) -> None:
    """Write on the ticket who did not get our mail; ask the desk to phone a client who never will."""
    if message.delivery_report is None:
        return
    for recipient in message.delivery_report.recipients:
        data = {
            "to": recipient.address,
            "action": recipient.action,
            "status": recipient.status,
            "diagnostic": recipient.diagnostic,
            "message_id": message.delivery_report.message_id,
        }
        tx.tickets.record(ticket.id, [Event("delivery_reported", data)], changes.now)
        if recipient.is_final:
            _never_arrives(tx, changes, ticket, message.delivery_report.message_id, recipient.address)
        # Only of those who take part: whoever else a report names, we never wrote to.
        if recipient.is_final and ticket.role_of(recipient.address) is not None:
            changes.ledger.alert(
                tx,
                f"undelivered/{ticket.id}/{recipient.address}",
                f"{ticket.reference}: {_what(ticket, recipient.address)}",
                f"Mail to {recipient.address} cannot be delivered: {recipient.status} {recipient.diagnostic}\n\n"
                f"faultdesk ticket {ticket.reference}\n",
                ticket.id,
            )


def _never_arrives(tx: Transaction, changes: Changes, ticket: Ticket, message_id: str, address: str) -> None:
    """Take back what a letter said to the client, if it went to nobody else: the clock that it stopped runs again."""
    purpose, went_to = tx.tickets.purpose_of(message_id), set(tx.tickets.recipients_of(message_id))
    is_client = ticket.role_of(address) is Role.CLIENT or address == ticket.requester.address
    if purpose is not None and is_client and (went_to == {address} or address == ticket.requester.address):
        changes.change(tx, ticket.id, Event(UNDELIVERED, {"purpose": purpose, "message_id": message_id}))


def _what(ticket: Ticket, address: str) -> str:
    if ticket.role_of(address) is Role.CLIENT:
        return "client not reached, phone them"
    return f"mail to {address} cannot be delivered"
