"""Who a message is from: what its sender claims, what our server found out, whose mail was passed on."""

from collections.abc import Collection, Iterator

import msgspec

from faultdesk.domain.hotline import client_of_note
from faultdesk.domain.identity import Identity
from faultdesk.domain.likeness import imitated_domain, plain, shown_address
from faultdesk.domain.message import Address, Channel, InboundMessage
from faultdesk.domain.ticket import Event, Role, Ticket
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
    if doubt := message.sender_doubt or imitation(message.sender, _our_people(desk), desk.free_mail_domains):
        return doubted(Claim(message, found.standing), doubt)
    if (client := _client_of_form(message, desk)) is not None:
        return _of_hotline(message, found, client)
    forwarded = message.forwarded
    if forwarded is None or not desk.is_colleague(message.sender) or desk.is_colleague(forwarded.sender):
        return Claim(message, found.standing, tuple(_shown(message.sender)))
    return _of_colleague(message, found)


def claim_towards(claimed: Claim, ticket: Ticket, desk: Identity) -> Claim:
    """Judge once more, beside those who take part in the ticket that the message speaks of."""
    people = [who.person for who in ticket.participants]
    ours = [who.person for who in ticket.participants if who.role is not Role.CLIENT]
    sender = claimed.message.sender
    takes_part = sender.domain in {person.domain for person in people} - desk.free_mail_domains
    doubt = imitation(sender, people, desk.free_mail_domains)
    if not takes_part and ticket.role_of(sender.address) is None:
        doubt = doubt or _borrowed_name(sender, ours)
    return doubted(claimed, doubt) if doubt and claimed.standing is not Standing.REFUTED else claimed


def is_vouched_for(message: InboundMessage, desk: Identity) -> bool:
    """Tell whether a colleague's word counts: a server of ours proved the sender, where one is named that looks."""
    return not desk.authserv_ids or verdict(message, desk.authserv_ids).standing is Standing.PROVED


def doubted(claimed: Claim, reason: str) -> Claim:
    """Take nobody's word for who wrote it, and say why."""
    event = Event("sender_doubted", {"sender": claimed.message.sender.address, "reason": reason})
    return msgspec.structs.replace(claimed, standing=Standing.REFUTED, noted=(*claimed.noted, event))


def imitation(sender: Address, people: Collection[Address], shared: frozenset[str]) -> str:
    """Say how a sender passes for one of these people or their houses; "" when it does not."""
    addresses = {person.address for person in people} - {""}
    domains = {person.domain for person in people} - {""} - shared
    if sender.address in addresses:
        return ""
    shown = shown_address(sender)
    if shown is not None and (shown in addresses or shown.rpartition("@")[2] in domains):
        return f"the sender's name shows another address than its own: {shown}"
    like = imitated_domain(sender.domain, domains | (shared if sender.domain not in shared else frozenset()))
    return f"the sender's domain {sender.domain} looks like {like}, but has other letters" if like else ""


def _shown(sender: Address) -> Iterator[Event]:
    """Note a name that shows somebody's address, whom the desk does not know."""
    if (shown := shown_address(sender)) is not None:
        yield Event("name_shows_address", {"sender": sender.address, "shown": shown})


def _borrowed_name(sender: Address, ours: Collection[Address]) -> str:
    """Say whose name a stranger bears that is one of the desk's own."""
    for person in ours:
        if person.name and plain(person.name).casefold() == plain(sender.name).casefold():
            return f"the sender bears the name of {person}, but writes from another address"
    return ""


def _our_people(desk: Identity) -> list[Address]:
    """List the desk and its colleagues; a domain stands for all who are there."""
    ours = (one if "@" in one else f"@{one}" for one in desk.colleagues)
    return [desk.mailbox, *map(Address, ours)]


def is_form(message: InboundMessage, desk: Identity) -> bool:
    """Tell whether this claims to be a note of the hotline or a form of the website: a person filled it in."""
    return _client_of_form(message, desk) is not None


def _client_of_form(message: InboundMessage, desk: Identity) -> Address | None:
    return client_of_note(message.text) if message.sender.address in desk.form_senders else None


def _of_hotline(message: InboundMessage, found: Verdict, client: Address) -> Claim:
    """Take whom a note names for the client, if it is certain that our own form or hotline wrote it."""
    data = {"by": message.sender.address, "client": client.address or client.name}
    if found.standing is Standing.PROVED:
        inner = msgspec.structs.replace(
            message,
            sender=client,
            reply_to=(),
            to=(),
            cc=(),
            automatic=None,  # a form is sent by a machine, and filled in by a person
            robot="",
            channel=Channel.FAX if client.address.startswith("fax:") else message.channel,
        )
        return Claim(
            inner, found.standing, (Event("form_received", {**data, "proof": found.reason}),), message
        )
    event = Event("form_doubted", {**data, "reason": "no server of ours vouches for its sender"})
    return Claim(message, found.standing, (event,))


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
