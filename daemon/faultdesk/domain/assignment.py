"""Who works on a ticket, and why that one."""

from collections.abc import Sequence

import msgspec

from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event

ASSIGNED = "assigned"
"""The event; its data are the `engineer`'s address, the `reasons`, and their `open` tickets. No names: an address is
what an erasure finds."""
UNASSIGNED = "unassigned"
"""Nobody can be sent; its data are the `reasons`."""
PASSED_ON = "passed_on"
"""Another shall work on it; its data are `reason`, and `to` if somebody is named."""


_BY_WHOMEVER = frozenset({"accepted", "answered", "arrived", "restored", "stuck", "waiting"})
"""What shows that somebody works on it, whoever says so."""
_BY_WHO_WAS_SENT = frozenset({"noted", "resumed"})


class Choice(msgspec.Struct, frozen=True):
    """Who can work on a ticket, all equally well, and why they; of several the desk takes the least busy."""

    candidates: tuple[Address, ...]
    reasons: tuple[str, ...] = ()


def engineer_in(log: Sequence[Event]) -> Address | None:
    """Tell who works on a ticket: the last who was assigned."""
    last = next((event for event in reversed(log) if event.kind in {ASSIGNED, UNASSIGNED}), None)
    # Of a ticket whose words were purged nobody knows it.
    address = last.data.get("engineer") if last else None
    return Address(address) if address else None


def is_answered(log: Sequence[Event]) -> bool:
    """Tell whether who was sent last has done something since, or anybody what only who works on it does."""
    engineer = engineer_in(log)
    for event in reversed(log):
        if event.kind in {ASSIGNED, "reopened"}:
            return False
        is_theirs = engineer is not None and event.actor == engineer.address
        if event.kind in _BY_WHOMEVER or (is_theirs and event.kind in _BY_WHO_WAS_SENT):
            return True
    return False


def passed_over(log: Sequence[Event]) -> frozenset[str]:
    """Tell who was asked since the ticket was opened, or opened again: they are not asked twice."""
    asked: set[str] = set()
    for event in log:
        if event.kind == "reopened":
            asked.clear()
        elif event.kind == ASSIGNED:
            asked.add(event.data.get("engineer", ""))
    return frozenset(asked)
