"""What a message that joined does to its ticket: it answers the client, ends a waiting, or says that nothing is fixed."""

import msgspec

from faultdesk.domain.identity import Identity
from faultdesk.domain.matching import Match
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.not_fixed import is_not_fixed
from faultdesk.domain.promise import REOPENED, RESUMED, is_waiting
from faultdesk.domain.ticket import Role, Status, Ticket
from faultdesk.handlers.host import Failed, Host
from faultdesk.pipeline.claims import is_vouched_for
from faultdesk.pipeline.store import Transaction


def event_of_answer(
    tx: Transaction, host: Host, ticket: Ticket, message: InboundMessage, failed: Failed
) -> str | None:
    """Name the event by which a client's words set a ticket going: what was waited for, or that it is not fixed."""
    if ticket.role_of(message.sender.address) is not Role.CLIENT or message.robot:
        return None
    if is_waiting(tx.tickets.events(ticket.id)):
        return RESUMED
    if ticket.status is not Status.RESOLVED:
        return None
    alone = msgspec.structs.replace(message, subject="", quoted="", references=())
    about, _ = host.classify(alone, failed)
    return REOPENED if is_not_fixed(message.text, about) else None


def answers_client(found: Match, message: InboundMessage, desk: Identity) -> bool:
    """Tell whether one of the desk wrote to the client: a person's answer, proved by a signed id."""
    role = found.ticket.role_of(message.sender.address)
    if not found.proof.is_signed or role not in {Role.ENGINEER, Role.STAFF}:
        return False
    if not is_vouched_for(message, desk):
        return False
    return found.ticket.requester.address in {person.address for person in (*message.to, *message.cc)}
