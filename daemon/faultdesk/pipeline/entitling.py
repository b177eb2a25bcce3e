"""Looks up whose ticket it is, and what that client is owed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.client import Entitlement, KeyKind, folded
from faultdesk.domain.entitlement import ENTITLED, ON_RECORD, Known, Named, entitle
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.number import fax_number
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.errors import NotFoundError
from faultdesk.pipeline.store import Transaction

_OPENED_AGAIN = "opened again on"


def entitlement_of(
    tx: Transaction,
    ticket: Ticket,
    desk: Identity,
    text: str,
    *,
    is_refuted: bool,
    at: datetime | None = None,
) -> Entitlement | None:
    """Judge a ticket, by default on the day of the notice. None where no clients are on record.

    `text` is what the client wrote. Of a refuted sender only what it names counts.
    """
    if tx.clients.is_empty():
        return None
    facts = ticket.classification.facts
    places = tuple(name for name in (facts.project, facts.site, facts.customer) if name)
    named = Named(
        contract=facts.contract_no or "",
        places=places,
        words=(ticket.subject, facts.location or ""),
        fault_class=ticket.classification.fault_class,
        text=text,
    )
    on = (at or ticket.noticed_at).astimezone(ZoneInfo(desk.time_zone)).date()
    senders = [] if is_refuted else list(_of_sender(tx, ticket, desk))
    found = entitle(senders, list(_of_text(tx, named)), named, on)
    if not is_refuted:
        return found
    doubts = (*found.doubts, "the sender is refuted: see the log")
    return msgspec.structs.replace(found, doubts=doubts, spans={}, calendar="", engineer="")


def entitled_by(tx: Transaction, ticket: Ticket, desk: Identity, contract: str, because: str) -> Entitlement:
    """Judge a ticket by the contract that a person names.

    Raises:
        NotFoundError: No client has it, or several have.
    """
    clients = tx.clients.known_by(KeyKind.CONTRACT, folded(contract)) if folded(contract) else []
    if len(clients) != 1:
        raise NotFoundError(
            f"contract {contract}: {'several clients have it' if clients else 'not on record'}"
        )
    on = ticket.noticed_at.astimezone(ZoneInfo(desk.time_zone)).date()
    named = Named(contract=contract, fault_class=ticket.classification.fault_class)
    return entitle([Known(clients[0], because)], [], named, on)


def judged_anew(tx: Transaction, ticket: Ticket, desk: Identity) -> Entitlement | None:
    """Judge a ticket again, as when contracts or its class have changed; None where the verdict stands.

    What a person said stands.
    """
    log = tx.tickets.events(ticket.id)
    last = next((event for event in reversed(log) if event.kind == ENTITLED), None)
    if last is not None and last.actor:
        return None
    text = tx.tickets.notice(ticket.id).text
    found = entitlement_of(tx, _as_it_came(ticket, log), desk, text, is_refuted=_is_refuted(ticket, log))
    if found is not None and ticket.entitlement is not None:
        again = (doubt for doubt in ticket.entitlement.doubts if doubt.startswith(_OPENED_AGAIN))
        found = msgspec.structs.replace(found, doubts=(*found.doubts, *again))
    return None if found == ticket.entitlement else found


def doubted_again(tx: Transaction, ticket: Ticket, desk: Identity, at: datetime) -> list[Event]:
    """Give the verdict of a ticket that is opened again, with a doubt if it would be another at this moment.

    The fault is the one that was noticed then; whether it is, years later, a person says.
    """
    log, owed = tx.tickets.events(ticket.id), ticket.entitlement
    would_be = entitlement_of(
        tx, _as_it_came(ticket, log), desk, "", is_refuted=_is_refuted(ticket, log), at=at
    )
    if owed is None or would_be is None or (owed.basis, owed.charge) == (would_be.basis, would_be.charge):
        return []
    on = at.astimezone(ZoneInfo(desk.time_zone)).date()
    doubt = f"{_OPENED_AGAIN} {on}, when it would be {would_be.basis}, {would_be.charge}"
    doubted = msgspec.structs.replace(owed, doubts=tuple(dict.fromkeys((*owed.doubts, doubt))))
    said_by = next((event.actor for event in reversed(log) if event.kind == ENTITLED), "")
    return [Event(ENTITLED, msgspec.to_builtins(doubted), actor=said_by)]


def _as_it_came(ticket: Ticket, log: Sequence[Event]) -> Ticket:
    """Leave out a requester whom the desk took from its records: its own choice proves nothing."""
    chosen = {event.data.get("to") for event in log if event.kind == ON_RECORD}
    if ticket.requester.address not in chosen:
        return ticket
    return msgspec.structs.replace(ticket, requester=Address(""))


def _is_refuted(ticket: Ticket, log: Sequence[Event]) -> bool:
    """Tell whether the requester's own mail was refuted; somebody else's says nothing of the client."""
    return any(
        event.kind in {"sender_refuted", "sender_doubted"}
        and event.data.get("sender") == ticket.requester.address
        for event in log
    )


def entitled(entitlement: Entitlement | None) -> list[Event]:
    """Write the verdict for the log."""
    return [] if entitlement is None else [Event(ENTITLED, msgspec.to_builtins(entitlement))]


def _of_sender(tx: Transaction, ticket: Ticket, desk: Identity) -> Iterator[Known]:
    """Find clients by the surest that is known of the sender."""
    sender = ticket.requester
    if (number := fax_number(sender.address)) is not None:
        yield from _known(tx, KeyKind.NUMBER, number, f"fax number {number}")
        return
    by_address = list(_known(tx, KeyKind.ADDRESS, sender.address, f"address {sender.address}"))
    yield from by_address
    if not by_address and sender.domain not in desk.free_mail_domains:
        yield from _known(tx, KeyKind.DOMAIN, sender.domain, f"domain {sender.domain}")


def _of_text(tx: Transaction, named: Named) -> Iterator[Known]:
    if named.contract:
        yield from _known(tx, KeyKind.CONTRACT, folded(named.contract), f"contract {named.contract}")
    for name in named.places:
        yield from _known(tx, KeyKind.NAME, folded(name), f"name {name}")


def _known(tx: Transaction, kind: KeyKind, key: str, by: str) -> Iterator[Known]:
    if key:
        yield from (Known(client, by) for client in tx.clients.known_by(kind, key))
