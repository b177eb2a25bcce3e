"""Deadlines, derived from the event log by a pure function."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Any

import msgspec

from faultdesk.domain.calendar import (
    AROUND_THE_CLOCK,
    FURTHEST,
    Calendar,
    Pause,
    moment_after,
)
from faultdesk.domain.replay import noticed_after
from faultdesk.domain.ticket import Deadline, Event


class Clock(StrEnum):
    """The promised clocks (P3, P4, P6, P11)."""

    RESPONSE = "response"
    ON_SITE = "on_site"
    PROGRESS = "progress"
    """From the last thing that somebody did for the ticket."""
    REPORT = "report"
    """From the resolution."""


class Promise(msgspec.Struct, frozen=True):
    """The spans owed to this client for this ticket; None where no such clock runs."""

    respond_within: timedelta | None = None
    on_site_within: timedelta | None = None
    progress_within: timedelta | None = None
    report_within: timedelta | None = None
    calendar: Calendar = AROUND_THE_CLOCK
    """By which all of them are counted."""

    def as_data(self) -> dict[str, Any]:
        """Give what an `opened` or `promised` event holds of it: seconds by clock, and a calendar of its own."""
        spans = (self.respond_within, self.on_site_within, self.progress_within, self.report_within)
        data: dict[str, Any] = {
            clock: span.total_seconds() for clock, span in zip(Clock, spans, strict=True) if span is not None
        }
        if self.calendar != AROUND_THE_CLOCK:
            data["calendar"] = msgspec.to_builtins(self.calendar)
        return data


PROMISED = "promised"
"""The event of a promise that takes the place of the first, from the same moment on; its data are `promise`."""
WAITING, RESUMED, REOPENED = "waiting", "resumed", "reopened"
"""The events of a pause for the client (`reason`), of its end, and of a fault that is not gone."""
VISIT_WANTED = "visit_wanted"
"""The event of a visit that client or dispatcher want after all (P4): the clock counts from the notice."""
UNDELIVERED = "undelivered"
"""The event of a letter to the client that will never arrive (`purpose`, `message_id`): what it said is not said."""
FAX_DELIVERED = "fax_delivered"
"""The event of a fax of which the gateway says that it arrived (`message_id`)."""

_MET_BY = {
    Clock.RESPONSE: frozenset({"answered", "arrived", "resolved", "mail_sent", "fax_sent"}),
    Clock.ON_SITE: frozenset({"arrived", "resolved"}),
    Clock.PROGRESS: frozenset({"resolved"}),
    Clock.REPORT: frozenset({"mail_sent", "fax_sent"}),
}
"""The events that keep a promise; of letters those of `_LETTERS`. An automatic acknowledgement is none of them."""
_LETTERS = {Clock.RESPONSE: "answer", Clock.REPORT: "report"}
PROGRESS_BY = frozenset(
    {"opened", "accepted", "answered", "arrived", "noted", "restored", "stuck", WAITING, RESUMED, REOPENED}
)
"""What somebody does for a ticket."""
_BEGUN_BY = {
    Clock.RESPONSE: frozenset({"opened"}),
    Clock.ON_SITE: frozenset({REOPENED}),
    Clock.PROGRESS: PROGRESS_BY,
    Clock.REPORT: frozenset({"resolved"}),
}
"""The events with which they begin, each time anew."""
_MOVING = PROGRESS_BY.union(*_MET_BY.values(), {PROMISED, UNDELIVERED, FAX_DELIVERED, "noticed_earlier"})
_PAUSED = frozenset({Clock.ON_SITE, Clock.PROGRESS})
"""What waits for the client; the response never does (P5)."""


def deadlines_of(events: Sequence[Event]) -> tuple[Deadline, ...]:
    """Derive the deadlines from a ticket's log, oldest event first.

    The `opened` event carries when the notice reached the desk and the promised spans in seconds;
    `noticed_earlier` says that an earlier one was worked on later. After `reopened` all but the response begins anew.
    """
    started_at = reduce(noticed_after, events, None)
    promise = promise_in(events)
    if started_at is None or not promise:
        return ()
    calendar = msgspec.convert(promise["calendar"], Calendar) if "calendar" in promise else AROUND_THE_CLOCK
    latest = since_begun(Clock.ON_SITE, events)
    rounds = {
        Clock.RESPONSE: events,
        Clock.ON_SITE: latest,
        Clock.PROGRESS: latest,
        Clock.REPORT: since_begun(Clock.REPORT, latest),
    }
    found = (
        _deadline(clock, promise, calendar, rounds[clock], started_at)
        for clock in Clock
        if promise.get(clock) is not None
    )
    return tuple(deadline for deadline in found if deadline)


def promise_in(events: Sequence[Event]) -> Mapping[str, Any]:
    """Find the promise that holds: the last that was made."""
    made = (event.data["promise"] for event in reversed(events) if event.kind in {PROMISED, "opened"})
    return next(made, {})


def since_begun(clock: str, events: Sequence[Event]) -> Sequence[Event]:
    """Give what the log holds since this clock began to run: by its order, for machines' clocks are set back."""
    begun_by = _BEGUN_BY[Clock(clock)]
    last = max((at for at, event in enumerate(events) if event.kind in begun_by), default=0)
    return events[last:]


def told_since(clock: str, events: Sequence[Event]) -> tuple[int, Sequence[Event]]:
    """Give what the log holds since this clock began or was promised anew, and which time that was."""
    again = _BEGUN_BY[Clock(clock)] - {"opened"}
    promised: tuple[Any, Any] | None = None
    turns = []
    for at, event in enumerate(events):
        if event.kind in {"opened", PROMISED}:
            promise = event.data.get("promise", {})
            before, promised = promised, (promise.get(clock), _hours_of(promise.get("calendar", {})))
            if before is not None and before != promised:
                turns.append(at)
        elif event.kind in again:
            turns.append(at)
    return len(turns), events[turns[-1] :] if turns else events


def _hours_of(calendar: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave of a calendar by what it differs from another, whatever years it knows."""
    return {name: value for name, value in calendar.items() if name not in {"off", "on", "unknown_years"}}


def moves_clocks(event: Event) -> bool:
    """Tell whether another deadline may be the next after this event."""
    is_letter = event.kind in {"mail_sent", "fax_sent"}
    return event.kind in _MOVING and (not is_letter or event.data.get("purpose") in _LETTERS.values())


def next_due(events: Sequence[Event]) -> datetime | None:
    """Tell which deadline of a ticket is the next that nobody has kept; None when none runs."""
    running = (one for one in deadlines_of(events) if one.met_at is None and not one.is_paused)
    return min((deadline.due_at for deadline in running), default=None)


def work_began_at(noticed_at: datetime, events: Sequence[Event]) -> datetime:
    """Tell since when something can have been done for it, to the minute that people write: the notice, or the last reopening."""
    again = next((event.at for event in reversed(events) if event.kind == REOPENED), None)
    return max(noticed_at, again or noticed_at).replace(second=0, microsecond=0)


def earlier_rounds(events: Sequence[Event]) -> Iterator[Deadline]:
    """Derive the clocks that have begun anew since, as they stood then: the visits before each reopening, and silences that lasted too long."""
    for end, event in enumerate(events):
        if not end or event.kind not in PROGRESS_BY:
            continue
        for one in deadlines_of(events[:end]):
            if one.name == Clock.ON_SITE and event.kind == REOPENED:
                yield _ended(one, events[:end], event)
            elif one.name == Clock.PROGRESS and event.at and one.is_breached(event.at):
                met_at = one.met_at or event.at
                yield msgspec.structs.replace(one, met_at=met_at, met_by=one.met_by or event.kind)


def _ended(one: Deadline, log: Sequence[Event], by: Event) -> Deadline:
    """End a clock that nobody met with its round: when the ticket was closed, else by what began the next."""
    if one.met_at is not None or by.at is None:
        return one
    closed = next((event for event in reversed(log) if event.kind == "closed"), by)
    return msgspec.structs.replace(one, met_at=closed.at or by.at, met_by=closed.kind)


def _deadline(
    clock: Clock,
    promise: Mapping[str, Any],
    calendar: Calendar,
    events: Sequence[Event],
    noticed_at: datetime,
) -> Deadline | None:
    started_at = _start(clock, events, noticed_at)
    if started_at is None:
        return None
    kept = [(_moment(clock, event), event.kind) for event in delivered(events) if _keeps(clock, event)]
    # Nobody comes before the notice: people write minutes, and machines' clocks are set back.
    met = min(((max(at, started_at), kind) for at, kind in kept if at), default=None)
    pauses = tuple(_pauses(events, met[0] if met else None)) if clock in _PAUSED else ()
    span = timedelta(seconds=promise[clock])
    closed = [pause for pause in pauses if pause.end is not None]
    return Deadline(
        name=clock,
        started_at=started_at,
        due_at=moment_after(calendar, closed, started_at, span) or started_at + FURTHEST,
        met_at=met[0] if met else None,
        met_by=met[1] if met else "",
        span=span,
        calendar=calendar,
        pauses=pauses,
    )


def _start(clock: Clock, events: Sequence[Event], noticed_at: datetime) -> datetime | None:
    """Tell when a clock began to run; None if it has not."""
    first = events[0]
    if clock is Clock.REPORT:
        return first.at if first.kind == "resolved" else None
    if clock is Clock.PROGRESS:
        return since_begun(clock, events)[0].at or noticed_at
    return first.at if clock is Clock.ON_SITE and first.kind == REOPENED else noticed_at


def _keeps(clock: Clock, event: Event) -> bool:
    if event.kind not in _MET_BY[clock] or event.at is None:
        return False
    is_letter = event.kind in {"mail_sent", "fax_sent"}
    return not is_letter or event.data.get("purpose") == _LETTERS.get(clock)


def _moment(clock: Clock, event: Event) -> datetime | None:
    """Tell when it truly happened: an arrival or a call is often written down hours later, a recovery too.

    A recovery is no answer.
    """
    happened_at = event.data.get("arrived_at") or event.data.get("answered_at")
    if clock is not Clock.RESPONSE:
        happened_at = happened_at or event.data.get("recovered_at")
    return datetime.fromisoformat(happened_at) if happened_at else event.at


def arrivals(log: Iterable[Event]) -> frozenset[datetime]:
    """List when somebody came."""
    came = (event.data.get("arrived_at") for event in log if event.kind == "arrived")
    return frozenset(datetime.fromisoformat(moment) for moment in came if moment)


def delivered(log: Sequence[Event]) -> Sequence[Event]:
    """Leave out the letters to the client that never arrived, and answers that were nothing but such a letter.

    A fax that was taken for lost may arrive after all.
    """
    arrived = {event.data.get("message_id") for event in log if event.kind == FAX_DELIVERED}
    kept: list[Event] = []
    for event in log:
        lost = event.data.get("message_id") if event.kind == UNDELIVERED else None
        kept = [one for one in kept if lost is None or lost in arrived or not _is_of(one, lost)]
        kept.append(event)
    return kept


def _is_of(event: Event, message_id: str) -> bool:
    return event.kind in {"mail_sent", "fax_sent", "answered"} and event.data.get("message_id") == message_id


def _pauses(events: Iterable[Event], met_at: datetime | None = None) -> Iterator[Pause]:
    """Pair what began a pause with what ended it; nothing pauses a clock that was met."""
    since: Event | None = None
    for event in events:
        if event.kind == WAITING and since is None:
            since = event
        elif event.kind in {RESUMED, "resolved"} and since is not None and since.at and event.at:
            yield Pause(since.at, max(since.at, event.at), _why(since))
            since = None
    if since is not None and since.at:
        yield Pause(since.at, met_at and max(since.at, met_at), _why(since))


def is_waiting(events: Sequence[Event]) -> bool:
    """Tell whether the ticket waits for its client."""
    return any(pause.end is None for pause in _pauses(since_begun(Clock.ON_SITE, events)))


def _why(event: Event) -> str:
    reason = event.data.get("reason")
    return f"waiting for the client: {reason}" if reason else "waiting for the client"
