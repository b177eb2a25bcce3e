"""Whether a mail may command: from one of the desk, in answer to a mail that was sent to that very person."""

from faultdesk.domain.identity import Identity
from faultdesk.domain.matching import Match, Proof
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import Seal
from faultdesk.domain.ticket import Role
from faultdesk.pipeline.claims import is_vouched_for
from faultdesk.pipeline.store import Transaction


def refusal(tx: Transaction, seal: Seal, found: Match, message: InboundMessage, desk: Identity) -> str:
    """Say why a mail commands nothing; "" when it may.

    A reference is no secret, and a work order that is passed on hands no authority over: the answer must bear
    what only its recipient got, and come from that address.
    """
    sender = message.sender.address
    if not found.proof.is_signed:
        return f"a {found.proof} proves nothing: it does not answer one of our mails"
    if found.ticket.role_of(sender) not in {Role.ENGINEER, Role.STAFF}:
        return "who wrote it took no part in this ticket before"
    if not is_vouched_for(message, desk):
        return "no server of ours vouches for the sender"
    if found.proof is Proof.OPERATOR or seal.is_for(sender, found.ticket.id, message.all_addresses):
        return ""
    ours = tuple(one for one in message.references if seal.ticket_of_message_ids((one,)) == found.ticket.id)
    return "" if tx.tickets.went_to(sender, ours) else f"it answers no mail that was sent to {sender}"
