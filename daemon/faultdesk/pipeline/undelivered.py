"""What follows when another server says that a mail of ours did not arrive."""

from datetime import datetime

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.store import Transaction


def note(tx: Transaction, ledger: Ledger, ticket: Ticket, message: InboundMessage, now: datetime) -> None:
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
        tx.tickets.record(ticket.id, [Event("delivery_reported", data)], now)
        # Only of those who take part: whoever else a report names, we never wrote to.
        if recipient.is_final and ticket.role_of(recipient.address) is not None:
            ledger.alert(
                tx,
                f"undelivered/{ticket.id}/{recipient.address}",
                f"{ticket.reference}: {_what(ticket, recipient.address)}",
                f"Mail to {recipient.address} cannot be delivered: {recipient.status} {recipient.diagnostic}\n\n"
                f"faultdesk ticket {ticket.reference}\n",
                ticket.id,
            )


def _what(ticket: Ticket, address: str) -> str:
    if ticket.role_of(address) is Role.CLIENT:
        return "client not reached, phone them"
    return f"mail to {address} cannot be delivered"
