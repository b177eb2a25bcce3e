"""Finds the ticket that a message speaks of."""

from faultdesk.domain.identity import Identity
from faultdesk.domain.matching import Match, Proof, match
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import Seal, find_references
from faultdesk.domain.ticket import Ticket
from faultdesk.domain.trust import Standing
from faultdesk.errors import NotFoundError
from faultdesk.pipeline.store import Transaction

_REFERENCES = 20
"""Numbers in a message that are looked up; nobody writes of more tickets at once."""


class TicketSearch:
    """Looks a message's ticket up by what was signed, by threads, and by the numbers it names."""

    def __init__(self, seal: Seal, identity: Identity) -> None:
        self._seal = seal
        self._identity = identity

    def find(self, tx: Transaction, message: InboundMessage, standing: Standing) -> Match | None:
        """Find the ticket a message speaks of, by the strongest proof it has."""
        for proof, ticket_id in self._signed(message):
            if ticket_id is not None and (ticket := _existing(tx, ticket_id)):
                return self._judge(ticket, proof, message, standing)
        spoken_of = [
            self._judge(ticket, proof, message, standing) for proof, ticket in self._unsigned(tx, message)
        ]
        return next((found for found in spoken_of if found.joins), spoken_of[0] if spoken_of else None)

    def _judge(self, ticket: Ticket, proof: Proof, message: InboundMessage, standing: Standing) -> Match:
        return match(ticket, proof, message, self._identity.free_mail_domains, standing)

    def _signed(self, message: InboundMessage) -> list[tuple[Proof, int | None]]:
        addresses, sender = message.all_addresses, message.sender.address
        return [
            (Proof.SIGNED_MESSAGE_ID, self._seal.ticket_of_message_ids(reversed(message.references))),
            (Proof.SIGNED_ADDRESS, self._seal.ticket_of_addresses(addresses, sender)),
        ]

    @staticmethod
    def _unsigned(tx: Transaction, message: InboundMessage) -> list[tuple[Proof, Ticket]]:
        ids = (*message.references, message.message_id) if message.fax else message.references
        found = [(Proof.MESSAGE_ID, tx.tickets.get(one)) for one in tx.tickets.of_message_ids(ids)]
        if message.message_id:
            # Answers may overtake what they answer: new mail goes before a backlog.
            answered = tx.tickets.mentioning(message.message_id)
            found += [(Proof.MESSAGE_ID, tx.tickets.get(one)) for one in answered]
        codes = [code for page in message.fax.pages for code in page.codes] if message.fax else []
        spoken = find_references(message.subject, message.text, *codes)[:_REFERENCES]
        referred = (tx.tickets.find(reference) for reference in spoken)
        return found + [(Proof.REFERENCE, ticket) for ticket in referred if ticket]


def _existing(tx: Transaction, ticket_id: int) -> Ticket | None:
    try:
        return tx.tickets.get(ticket_id)
    except NotFoundError:  # signed by us for another database, a restored one perhaps
        return None
