"""Clocks explained, by the stretches of time that counted and those that did not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from faultdesk.domain.calendar import Stretch, counted, timeline
from faultdesk.domain.ticket import Deadline


class Account(msgspec.Struct, frozen=True):
    """How the time of one clock was counted until it was met, or until now."""

    clock: str
    start: datetime
    end: datetime
    counted: timedelta
    reason: str
    parts: tuple[Stretch, ...] = ()
    """Parted at the deadline, if it was broken."""


def accounts_of(deadlines: Iterable[Deadline], now: datetime) -> tuple[Account, ...]:
    """Say which time counted against each deadline, and why."""
    return tuple(_account(deadline, now) for deadline in deadlines)


def _account(deadline: Deadline, now: datetime) -> Account:
    end = max(deadline.met_at or now, deadline.started_at)
    broken_at = min(deadline.due_at, end)
    parts = (
        *timeline(deadline.calendar, deadline.pauses, deadline.started_at, broken_at),
        *timeline(deadline.calendar, deadline.pauses, broken_at, end),
    )
    if deadline.met_at:
        reason = f"stopped by {deadline.met_by}"
    elif deadline.is_paused:
        reason = "stands still"
    else:
        reason = "still running"
    every = ", every minute counts" if deadline.calendar.is_around_the_clock else ""
    return Account(
        clock=deadline.name,
        start=deadline.started_at,
        end=end,
        counted=counted(parts),
        reason=f"{deadline.calendar.name}{every}; {reason}",
        parts=parts,
    )
