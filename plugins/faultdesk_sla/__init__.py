"""Keeps the clocks of the promise: warns before a deadline, escalates when it is broken."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.calendar import AROUND_THE_CLOCK, Calendar
from faultdesk.domain.client import AgreedSpans
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.identity import Identity
from faultdesk.domain.promise import PROGRESS_BY, REOPENED, RESUMED, UNDELIVERED, VISIT_WANTED, Promise
from faultdesk.domain.ticket import CLIENT_NAMED, Event, Kind, Severity, Status, Ticket
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.settings import require_folder, require_positive
from faultdesk_sla.escalation import Escalation, breaches
from faultdesk_sla.levels import USUAL, Level, channels, job_of, require_known, strangers
from faultdesk_sla.working_hours import Days, Holidays, WorkingHours, calendar_of, read_holidays

CHECK = "sla.check"
_ANY_DAY = date(2026, 1, 1)
_AHEAD = timedelta(days=45)
"""How early a year is asked for; the State Council tells it in November."""
_MOVED_BY = PROGRESS_BY | {
    "noticed_earlier",
    "resolved",
    "closed",
    RECLASSIFIED,
    ENTITLED,
    CLIENT_NAMED,
    UNDELIVERED,
    VISIT_WANTED,
}
"""Events after which a clock may be due at another time."""


class Spans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What takes the place of the usual spans; None leaves the usual one."""

    respond_within: timedelta | None = None
    on_site_within: timedelta | None = None


# dict=True: room for what `cached_property` keeps beside the settings.
class SlaHandler(Handler, frozen=True, kw_only=True, dict=True):
    """Spans, calendars, and the levels of people who are told: engineer, branch lead, centre manager."""

    respond_within: timedelta = timedelta(hours=2)
    on_site_within: timedelta = timedelta(hours=24)
    progress_within: timedelta | None = None
    """Without a word of those who work on it a fault is reminded of, then escalated."""
    report_within: timedelta | None = None
    """After the resolution."""
    by_severity: Mapping[Severity, Spans] = {}
    calendar: str = AROUND_THE_CLOCK.name
    """By which spans are counted: one of `calendars`."""
    calendars: Mapping[str, WorkingHours] = {}
    holidays: Path | None = None
    """A file of years whose days off take the place of the library's (docs/operations.md)."""
    on_site_kinds: tuple[Kind, ...] = (Kind.FAULT,)
    levels: tuple[Level, ...] = USUAL
    """Who is told of a clock, and when."""
    templates: Path | None = None

    def __post_init__(self) -> None:
        for name, span in self._spans():
            require_positive(name, span)
        if self.calendar not in self._known_calendars:
            raise ValueError(f"calendar: {self.calendar} is none of calendars")
        days_off = (
            self._days_off
        )  # at start, not at the first mail: a bad file is refused while somebody looks
        for name, working in self.calendars.items():
            calendar_of(name, working, days_off, _ANY_DAY)
        require_known(self.levels)
        require_folder("templates", self.templates)

    def _spans(self) -> Iterator[tuple[str, timedelta]]:
        named: list[tuple[str, timedelta | None]] = [
            (name, getattr(self, name))
            for name in ("respond_within", "on_site_within", "progress_within", "report_within")
        ]
        for severity, spans in self.by_severity.items():
            named += [
                (f"by_severity.{severity}.{name}", getattr(spans, name)) for name in Spans.__struct_fields__
            ]
        return ((name, span) for name, span in named if span is not None)

    @cached_property
    def _days_off(self) -> Holidays:
        return read_holidays(self.holidays)

    def _years_unknown(self, now: datetime) -> list[int]:
        """List the years that begin soon, or have, and of which nobody knows the days off."""
        if not any(working.days is Days.CHINA for working in self.calendars.values()):
            return []
        years = {now.year, (now + _AHEAD).year}
        return sorted(year for year in years if not self._days_off.knows(year))

    @property
    def _known_calendars(self) -> frozenset[str]:
        return frozenset({*self.calendars, AROUND_THE_CLOCK.name})

    @hookimpl
    def calendars_of_contracts(self) -> frozenset[str]:
        """Name the calendars of the settings, and the one of every minute."""
        return self._known_calendars

    def _own_spans(self, ticket: Ticket) -> Spans:
        """Take what the contract says of this severity, else the shorter of what it says of all and what is usual.

        Who has a contract is not served later than who has none.
        """
        severity = ticket.classification.severity
        usual = self.by_severity.get(severity, Spans())
        agreed = ticket.entitlement.spans if ticket.entitlement else {}
        own, of_all = agreed.get(severity, AgreedSpans()), agreed.get("all", AgreedSpans())
        return Spans(
            respond_within=own.respond_within or _shorter(of_all.respond_within, usual.respond_within),
            on_site_within=own.on_site_within or _shorter(of_all.on_site_within, usual.on_site_within),
        )

    def _calendar(self, ticket: Ticket) -> Calendar:
        agreed = ticket.entitlement.calendar if ticket.entitlement else ""
        name = agreed if agreed in self._known_calendars else self.calendar
        working = self.calendars.get(name)
        if working is None:
            return AROUND_THE_CLOCK
        moments = (ticket.noticed_at, *(deadline.started_at for deadline in ticket.deadlines))
        days = [moment.astimezone(ZoneInfo(working.zone)).date() for moment in moments]
        return calendar_of(name, working, self._days_off, *days)

    def _of_unknown_calendar(self, ticket: Ticket) -> Iterator[Event]:
        """Note that the contract names a calendar that is not configured."""
        agreed = ticket.entitlement.calendar if ticket.entitlement else ""
        if agreed and agreed not in self._known_calendars:
            yield Event("calendar_unknown", {"calendar": agreed, "instead": self.calendar})

    @hookimpl
    def promise_ticket(self, ticket: Ticket) -> Promise:
        """Owe an answer to everybody who asked, and a visit for a fault unless the client wants none."""
        about = ticket.classification
        if about.unsolicited:
            return Promise()
        own = self._own_spans(ticket)
        is_fault = about.kind in self.on_site_kinds
        # Of a critical one the rule decides (P4), whatever the client wrote at first.
        needs_visit = is_fault and (
            about.facts.wants_onsite is not False or about.severity is Severity.CRITICAL
        )
        return Promise(
            respond_within=own.respond_within or self.respond_within,
            on_site_within=(own.on_site_within or self.on_site_within) if needs_visit else None,
            progress_within=self.progress_within if is_fault else None,
            report_within=self.report_within if is_fault else None,
            calendar=self._calendar(ticket),
        )

    @hookimpl
    def ticket_opened(self, ticket: Ticket) -> list[Job | Event]:
        """Set the ticket's one timer to the first step of any of its clocks."""
        upcoming = self._next_step(ticket, after=ticket.noticed_at)
        timer = [_timer(ticket, upcoming)] if upcoming else []
        return [*timer, *_of_unknown_years(ticket), *self._of_unknown_calendar(ticket)]

    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event, desk: Identity) -> list[Job | Mail | Event]:
        """Look at the clocks at once when they may be due at another time; pass up what an engineer cannot solve."""
        noted = (*_of_unknown_years(ticket), *self._of_unknown_calendar(ticket))
        return [
            *([_timer(ticket, None)] if event.kind in _MOVED_BY else []),
            *(noted if event.kind in {ENTITLED, CLIENT_NAMED, REOPENED, RESUMED} else ()),
            *(self._told.of_stuck(ticket, event, desk) if event.kind == "stuck" else ()),
        ]

    @hookimpl
    def look_ahead(self, desk: Identity, now: datetime, job_kinds: frozenset[str]) -> Iterator[str]:
        """Tell of years whose days off nobody knows, names that are nobody's, and channels that no handler has."""
        for year in self._years_unknown(now):
            yield (
                f"calendars: nobody knows yet what is off in {year}: deadlines count weekdays; "
                "name its days in `holidays`, or take a newer package chinesecalendar"
            )
        for name in strangers(self.levels, desk):
            yield f"levels: {name} is nobody of people, and no role"
        for name in channels(self.levels):
            if job_of(name) not in job_kinds:
                yield f"levels: no handler performs {job_of(name)}, so channel:{name} tells nobody"

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Perform the timer."""
        return {CHECK: self.check}

    @cached_property
    def _told(self) -> Escalation:
        return Escalation(self.levels, self.templates)

    def check(self, job: Job, desk: Desk) -> None:
        """Look at the clocks again, tell whom it concerns, and set the timer to the next step."""
        # Read once: a step between two readings would be neither told nor timed.
        ticket, log, now = desk.ticket(job.ticket_id or 0), desk.events(job.ticket_id or 0), desk.now
        is_closed = ticket.status is Status.CLOSED
        ended = (
            next((event.at for event in reversed(log) if event.kind == "closed"), None) if is_closed else None
        )
        for broken in breaches(ticket, log, min(now, ended or now)):
            desk.record(ticket.id, broken)
        if is_closed:
            return
        put_off = [
            until
            for deadline in ticket.deadlines
            if deadline.met_at is None and not deadline.is_paused
            for until in self._told.look(ticket, deadline, log, now, desk)
        ]
        upcoming = self._next_step(ticket, after=now)
        if moments := [*put_off, *([upcoming] if upcoming else [])]:
            desk.put(_timer(ticket, min(moments)))

    def _next_step(self, ticket: Ticket, after: datetime) -> datetime | None:
        running = [
            deadline for deadline in ticket.deadlines if deadline.met_at is None and not deadline.is_paused
        ]
        moments = (
            deadline.at(step) for deadline in running for step in self._told.steps(deadline.name, ticket)
        )
        return min((moment for moment in moments if moment > after), default=None)


def _shorter(*spans: timedelta | None) -> timedelta | None:
    return min((span for span in spans if span is not None), default=None)


def _of_unknown_years(ticket: Ticket) -> Iterator[Event]:
    """Note that a deadline falls in a year of which nobody knows the days off."""
    for deadline in ticket.deadlines:
        if (year := deadline.unknown_year) is not None:
            data = {"clock": deadline.name, "calendar": deadline.calendar.name, "year": year}
            yield Event("calendar_unknown", data)


def _timer(ticket: Ticket, at: datetime | None) -> Job:
    return Job(CHECK, ticket.id, name=f"{CHECK}/{ticket.id}", run_at=at)
