"""Who takes part in a ticket by writing or being written to."""

import msgspec

from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Participant, Role, Ticket


def people_of(message: InboundMessage, desk: Identity) -> list[Participant]:
    """List who takes part by writing or being written to, the desk itself left out; a colleague decides nothing by that."""
    written_to = [
        Participant(person, Role.COPIED if desk.is_colleague(person) else Role.CLIENT)
        for person in (*message.reply_to, *message.to, *message.cc)
    ]
    people = {who.person.address: who for who in (*written_to, Participant(message.sender, Role.CLIENT))}
    return [
        who
        for who in people.values()
        if who.person.address and desk.address not in {who.person.address, who.person.without_tag}
    ]


def newcomers(ticket: Ticket, message: InboundMessage, desk: Identity) -> list[Participant]:
    """List who comes in by a message that joined: of whom one of ours puts in copy nobody is the client."""
    people = people_of(message, desk)
    by_client = ticket.role_of(message.sender.address) is Role.CLIENT or not desk.is_colleague(message.sender)
    if ticket.role_of(message.sender.address) in {Role.ENGINEER, Role.STAFF, Role.COPIED} or not by_client:
        return [msgspec.structs.replace(who, role=Role.COPIED) for who in people]
    return people
