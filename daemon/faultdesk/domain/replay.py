"""What follows from a ticket's log: played again, it must give what is stored."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from faultdesk.domain.ticket import Event, Status

_STATUS = {
    "answered": Status.ANSWERED,
    "resolved": Status.RESOLVED,
    "closed": Status.CLOSED,
    "reopened": Status.NEW,
}
HOLDS = {"hold_set": True, "hold_released": False}
"""The events of a legal hold, and whether it holds after them."""

_NOTICED = frozenset({"opened", "noticed_earlier"})

TELLING = frozenset({*_NOTICED, *_STATUS, *HOLDS})
"""The kinds of events that a standing follows from."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a ticket and follows from its log."""

    status: Status = Status.NEW
    noticed_at: datetime | None = None
    """None for a log without beginning."""
    held: bool = False


def status_after(status: Status, event: Event) -> Status:
    """Tell where a ticket is after an event."""
    if event.kind == "answered" and not status.is_open:
        return status  # a word to the client after the resolution does not undo it
    return _STATUS.get(event.kind, status)


def noticed_after(known: datetime | None, event: Event) -> datetime | None:
    """Tell when a ticket's first notice reached the desk, as far as is known after an event."""
    at = event.data.get("noticed_at") if event.kind in _NOTICED else None
    if at is None:
        return known
    moment = datetime.fromisoformat(at)
    return moment if known is None else min(known, moment)


def replay(events: Iterable[Event]) -> Standing:
    """Play a log, oldest event first."""
    standing = Standing()
    for event in events:
        standing = Standing(
            status=status_after(standing.status, event),
            noticed_at=noticed_after(standing.noticed_at, event),
            held=HOLDS.get(event.kind, standing.held),
        )
    return standing
