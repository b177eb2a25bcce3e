"""Who a message is from: what its sender claims, what our server found out, whose mail was passed on."""

import msgspec

from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Event
from faultdesk.domain.trust import Standing, Verdict, verdict


class Claim(msgspec.Struct, frozen=True):
    """A message as from its client, and what the ticket shall say of that."""

    message: InboundMessage
    standing: Standing
    noted: tuple[Event, ...] = ()
    forwarder: InboundMessage | None = None
    """The message as it came, when a colleague passed it on."""
    question: str = ""
    """What the desk must be asked, for it cannot be known here."""


def claim(message: InboundMessage, desk: Identity) -> Claim:
    """Judge who wrote a message."""
    found = verdict(message, desk.authserv_ids)
    if found.standing is Standing.REFUTED:
        data = {"sender": message.sender.address, "reason": found.reason}
        return Claim(message, found.standing, (Event("sender_refuted", data),))
    forwarded = message.forwarded
    if forwarded is None or not desk.is_colleague(message.sender) or desk.is_colleague(forwarded.sender):
        return Claim(message, found.standing)
    return _of_colleague(message, found)


def _of_colleague(message: InboundMessage, found: Verdict) -> Claim:
    """Take the original sender for the client, if it is certain that a colleague says so."""
    client = message.forwarded.sender if message.forwarded else message.sender
    data = {"by": message.sender.address, "client": client.address or client.name}
    if found.standing is Standing.PROVED and client.address:
        inner = msgspec.structs.replace(message, sender=client, reply_to=(), to=(), cc=())
        return Claim(inner, found.standing, (Event("forwarded", {**data, "proof": found.reason}),), message)
    why = (
        "the forward names no address"
        if not client.address
        else "no server of ours vouches for the forwarder"
    )
    asked = f"{message.sender} passed on a mail of {client or 'somebody unnamed'}; {why}. Who is the client?"
    return Claim(
        message, found.standing, (Event("client_uncertain", {**data, "reason": why}),), question=asked
    )
