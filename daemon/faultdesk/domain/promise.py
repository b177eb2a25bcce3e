"""Deadlines, derived from the event log by a pure function."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce

import msgspec

from faultdesk.domain.replay import noticed_after
from faultdesk.domain.ticket import Deadline, Event


class Clock(StrEnum):
    """The promised clocks (P3, P4)."""

    RESPONSE = "response"
    ON_SITE = "on_site"


_MET_BY = {
    Clock.RESPONSE: frozenset({"answered", "arrived", "resolved"}),
    Clock.ON_SITE: frozenset({"arrived", "resolved"}),
}
"""The events that keep a promise. An automatic acknowledgement is none of them."""


def deadlines_of(events: Sequence[Event]) -> tuple[Deadline, ...]:
    """Derive the deadlines from a ticket's log, oldest event first.

    The `opened` event carries when the notice reached the desk and the promised spans in seconds;
    `noticed_earlier` says that an earlier one was worked on later.
    """
    opened = next((event for event in events if event.kind == "opened"), None)
    started_at = reduce(noticed_after, events, None)
    if opened is None or started_at is None:
        return ()
    return tuple(
        _deadline(clock, started_at, timedelta(seconds=opened.data["promise"][clock]), events)
        for clock in Clock
        if opened.data.get("promise", {}).get(clock) is not None
    )


def _deadline(clock: Clock, started_at: datetime, span: timedelta, events: Iterable[Event]) -> Deadline:
    met = next((event for event in events if event.kind in _MET_BY[clock] and event.at), None)
    return Deadline(
        name=clock,
        started_at=started_at,
        due_at=started_at + span,
        met_at=_moment(met) if met else None,
        met_by=met.kind if met else "",
    )


def _moment(event: Event) -> datetime | None:
    """Tell when it truly happened: a recovery is often written down hours later."""
    recovered_at = event.data.get("recovered_at")
    return datetime.fromisoformat(recovered_at) if recovered_at else event.at


class Stretch(msgspec.Struct, frozen=True):
    """A piece of time that a clock counted, and why."""

    clock: str
    start: datetime
    end: datetime
    counted: timedelta
    reason: str


def explain(deadlines: Iterable[Deadline], now: datetime) -> tuple[Stretch, ...]:
    """Say which time counted against each deadline until it was met, or until now."""
    return tuple(_stretch(deadline, now) for deadline in deadlines)


def _stretch(deadline: Deadline, now: datetime) -> Stretch:
    end = deadline.met_at or now
    reason = f"stopped by {deadline.met_by}" if deadline.met_at else "still running"
    return Stretch(
        clock=deadline.name,
        start=deadline.started_at,
        end=max(end, deadline.started_at),
        counted=max(end - deadline.started_at, timedelta()),
        reason=f"7x24, every minute counts; {reason}",
    )
