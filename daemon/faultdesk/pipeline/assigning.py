"""Sends somebody to a ticket: whom the handlers find fit, of several the one with the fewest open tickets."""

from collections.abc import Sequence
from datetime import datetime

from faultdesk.domain.assignment import ASSIGNED, UNASSIGNED, Choice, passed_over
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.handlers.host import Failed, Host
from faultdesk.pipeline.store import Transaction


def assign(
    tx: Transaction,
    host: Host,
    desk: Identity,
    ticket: Ticket,
    log: Sequence[Event],
    at: datetime,
    failed: Failed,
) -> list[Event]:
    """Decide who works on a ticket; no event where no handler has a say."""
    choice = host.assign(ticket, desk, at, passed_over(log), failed)
    return [] if choice is None else [_event(tx, choice)]


def send_again(
    tx: Transaction, host: Host, desk: Identity, ticket: Ticket, at: datetime, failed: Failed
) -> list[Event]:
    """Send who was there before, if they can go now; else whom the handlers find fit."""
    choice = host.assign(ticket, desk, at, frozenset(), failed)
    if choice is None:
        return []
    known = ticket.engineer.address if ticket.engineer else ""
    before = next((one for one in choice.candidates if one.address == known), None)
    return [assign_to(tx, before, "was there before") if before else _event(tx, choice)]


def assign_to(tx: Transaction, engineer: Address, reason: str) -> Event:
    """Send whom somebody has named."""
    return _event(tx, Choice((engineer,), (reason,)))


def _event(tx: Transaction, choice: Choice) -> Event:
    if not choice.candidates:
        return Event(UNASSIGNED, {"reasons": list(choice.reasons)})
    busy = tx.tickets.open_of([one.address for one in choice.candidates])
    # Of equally busy ones the first: the same log, the same choice.
    chosen = min(choice.candidates, key=lambda one: busy[one.address])
    reasons = list(choice.reasons)
    if len(choice.candidates) > 1:
        others = ", ".join(f"{one.address} {busy[one.address]}" for one in choice.candidates)
        reasons.append(f"fewest open tickets: {others}")
    data = {"engineer": chosen.address, "reasons": reasons, "open": busy[chosen.address]}
    return Event(ASSIGNED, data)
