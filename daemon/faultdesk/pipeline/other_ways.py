"""By what else a client can be reached when a fax does not get through, may not ring, or names no number to answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from faultdesk.domain.client import Client, KeyKind, folded
from faultdesk.domain.decision import File, Mail
from faultdesk.domain.entitlement import ENTITLED, ON_RECORD
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.number import fax_address, fax_number
from faultdesk.domain.promise import UNDELIVERED
from faultdesk.domain.ticket import Event, Participant, Role, Ticket
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.letters import OutgoingMail
from faultdesk.pipeline.store import Transaction

SENT_OTHERWISE, UNREACHED = "sent_otherwise", "unreached"
"""The events of a letter (`message_id`) that goes another way (`to`) as `instead`, or for which there is none."""
_ENDS = (SENT_OTHERWISE, UNREACHED)


def reachable(
    tx: Transaction, ticket: Ticket, message: InboundMessage
) -> tuple[Ticket, InboundMessage, list[Event]]:
    """Let a fax that names no number be answered where its client is on record: what its pages name is never dialled.

    A contract's number alone is no proof, for one misread digit makes it another client's: a name must be known, too.
    """
    client = _client_of(tx, ticket)
    if (
        message.fax is None
        or message.reply_address.address
        or client is None
        or not _is_named(client, ticket)
    ):
        return ticket, message, []
    known = next(_on_record(client), None)
    if known is None:
        return ticket, message, []
    tx.tickets.set_requester(ticket.id, known)
    return (
        msgspec.structs.replace(ticket, requester=known),
        msgspec.structs.replace(message, reply_to=(known,)),
        [Event(ON_RECORD, {"to": known.address})],
    )


def try_otherwise(
    tx: Transaction,
    changes: Changes,
    letter: int,
    reason: str,
    *,
    takes: Callable[[Address], bool] = lambda _: True,
    alerts: bool = True,
) -> bool:
    """Take back what a stored fax said to the client, and let it go the next way, once.

    To the next fax number of the client, else by mail: of those who take part, and then of the table of clients; `takes`
    says which of them will do. When nothing is left, the desk is told to phone the client; without `alerts` only of a
    letter that came from another way. Return whether it goes another way.
    """
    mail = tx.tickets.mail(letter)
    if mail.ticket_id is None or mail.internal or not _says_anything(tx, mail):
        return False
    ticket = tx.tickets.lock(mail.ticket_id)
    log = tx.tickets.events(ticket.id)
    if mail.automatic and not ticket.status.is_open:
        return False  # the report has told more since
    if ended := [event.kind for event in log if event.kind in _ENDS and _is_of(event, mail)]:
        return SENT_OTHERWISE in ended
    earlier = _earlier(log, mail)
    tried = {to for message_id in earlier for to in tx.tickets.recipients_of(message_id)}
    left = _left(tx, ticket, log, lambda way: way.address not in tried and takes(way))
    if left is None and not alerts and len(earlier) == 1:
        return False
    lost = {"purpose": mail.purpose, "message_id": mail.message_id}
    changes.change(tx, ticket.id, Event(UNDELIVERED, lost))
    if left is None:
        _have_phoned(tx, changes, ticket, mail, reason)
        return False
    _send_again(tx, changes, ticket, mail, left, reason)
    return True


def _send_again(
    tx: Transaction, changes: Changes, ticket: Ticket, mail: OutgoingMail, to: Address, reason: str
) -> None:
    subject, text = tx.tickets.letter(mail.id)
    again = Mail(
        name=f"instead/{mail.id}/{to.address}",
        ticket_id=ticket.id,
        to=(to,),
        subject=subject,
        text=text,
        purpose=mail.purpose,
        automatic=mail.automatic,
        files=(File(f"{ticket.reference}.pdf", "application/pdf", mail.content),) if mail.content else (),
    )
    instead = changes.ledger.message_id_of(ticket.id, again.name, to.address)
    data = {
        "purpose": mail.purpose,
        "to": to.address,
        "reason": reason,
        "message_id": mail.message_id,
        "instead": instead,
    }
    tx.tickets.record(ticket.id, [Event(SENT_OTHERWISE, data)], changes.now)
    # An answer from there is the client's.
    tx.tickets.add_participants(ticket.id, [Participant(to, Role.CLIENT)])
    changes.ledger.apply(tx, ticket.id, "faultdesk", again)


def _have_phoned(tx: Transaction, changes: Changes, ticket: Ticket, mail: OutgoingMail, reason: str) -> None:
    data = {"purpose": mail.purpose, "message_id": mail.message_id}
    tx.tickets.record(ticket.id, [Event(UNREACHED, data)], changes.now)
    changes.ledger.alert(
        tx,
        f"unreached/{ticket.id}/{mail.recipients[0]}",
        f"{ticket.reference}: client not reached, phone them",
        f"The {mail.purpose} by fax to {fax_number(mail.recipients[0])} is not known to have arrived: {reason}\n\n"
        f"No other way to the client is known. Please phone the client.\nfaultdesk ticket {ticket.reference}\n",
        ticket.id,
    )


def _says_anything(tx: Transaction, mail: OutgoingMail) -> bool:
    """Tell whether a letter's words are still there: those of who was erased are not."""
    return bool(mail.content) or any(tx.tickets.letter(mail.id))


def _is_of(event: Event, mail: OutgoingMail) -> bool:
    return event.data.get("message_id") == mail.message_id


def _earlier(log: Sequence[Event], mail: OutgoingMail) -> list[str]:
    """Name a letter, and those in whose place it went, the last first."""
    before = {
        event.data.get("instead"): event.data.get("message_id")
        for event in log
        if event.kind == SENT_OTHERWISE
    }
    chain = [mail.message_id]
    while (message_id := before.get(chain[-1])) and message_id not in chain:
        chain.append(message_id)
    return chain


def _left(
    tx: Transaction, ticket: Ticket, log: Sequence[Event], will_do: Callable[[Address], bool]
) -> Address | None:
    """Choose the first fax number that is left, else the first address."""
    clients = [who.person for who in ticket.participants if who.role is Role.CLIENT]
    client = _client_of(tx, ticket)
    is_sure = client is not None and (
        _is_named(client, ticket) or _is_known(client, clients) or _is_said(log)
    )
    known = [*clients, *(_on_record(client) if client is not None and is_sure else ())]
    left = (person for person in known if person.address and will_do(person))
    return min(left, key=lambda person: fax_number(person.address) is None, default=None)


def _client_of(tx: Transaction, ticket: Ticket) -> Client | None:
    owed = ticket.entitlement
    return tx.clients.named(owed.client) if owed and owed.client else None


def _is_named(client: Client, ticket: Ticket) -> bool:
    """Tell whether the notice names the client: a contract's number alone is another's by one misread digit."""
    facts = ticket.classification.facts
    names = {name for kind, name in client.known_by() if kind is KeyKind.NAME}
    return not names.isdisjoint(folded(name) for name in (facts.project, facts.site, facts.customer) if name)


def _is_known(client: Client, people: Iterable[Address]) -> bool:
    """Tell whether one of those who take part is on record as the client's."""
    keys = {key for kind, key in client.known_by() if kind not in {KeyKind.NAME, KeyKind.CONTRACT}}
    return any(
        not keys.isdisjoint({person.address, person.domain, fax_number(person.address)}) for person in people
    )


def _is_said(log: Sequence[Event]) -> bool:
    """Tell whether a person gave the verdict."""
    return any(event.actor for event in reversed(log) if event.kind == ENTITLED)


def _on_record(client: Client) -> Iterator[Address]:
    """Give a client's fax numbers and then its addresses."""
    yield from (Address(fax_address(number)) for number in client.faxes if fax_address(number))
    yield from map(Address, client.addresses)
