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
from faultdesk.domain.message import Address
from faultdesk.domain.promise import PROGRESS_BY, REOPENED, RESUMED, Promise, told_since
from faultdesk.domain.ticket import Deadline, Event, Kind, Severity, Ticket
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.settings import require_addresses, require_folder, require_positive
from faultdesk.handlers.templates import render
from faultdesk_sla.working_hours import Holidays, WorkingHours, calendar_of, read_holidays

CHECK = "sla.check"


_ANY_DAY = date(2026, 1, 1)
_MOVED_BY = PROGRESS_BY | {"noticed_earlier", "resolved", RECLASSIFIED, ENTITLED}
"""Events after which a clock may be due at another time."""


class Spans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What takes the place of the usual spans; None leaves the usual one."""

    respond_within: timedelta | None = None
    on_site_within: timedelta | None = None


# dict=True: room for what `cached_property` keeps beside the settings.
class SlaHandler(Handler, frozen=True, kw_only=True, dict=True):
    """Spans, calendars, warnings and the chain of people: engineer on duty, branch lead, centre manager."""

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
    warn_at: tuple[float, ...] = (0.5, 0.75)
    """Fractions of a span at which the first of the chain is reminded."""
    escalate_at: tuple[float, ...] = (1.0, 1.5)
    """Fractions at which the next of the chain is told; the last of it stays the last."""
    chain: tuple[str, ...] = ()
    templates: Path | None = None

    def __post_init__(self) -> None:
        for name, span in self._spans():
            require_positive(name, span)
        if self.calendar not in {*self.calendars, AROUND_THE_CLOCK.name}:
            raise ValueError(f"calendar: {self.calendar} is none of calendars")
        days_off = (
            self._days_off
        )  # at start, not at the first mail: a bad file is refused while somebody looks
        for name, working in self.calendars.items():
            calendar_of(name, working, days_off, _ANY_DAY)
        if not all(0 < step < 1 for step in self.warn_at):
            raise ValueError("warn_at: holds fractions of a span, between 0 and 1")
        if not all(step >= 1 for step in self.escalate_at):
            raise ValueError("escalate_at: holds multiples of a span, 1 and more")
        require_addresses("chain", self.chain)
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

    def _own_spans(self, ticket: Ticket) -> Spans:
        """Take what the contract says, else what is usual for this severity."""
        usual = self.by_severity.get(ticket.classification.severity, Spans())
        agreed = ticket.entitlement.spans if ticket.entitlement else {}
        for severity in ("all", ticket.classification.severity):
            said = agreed.get(severity, AgreedSpans())
            usual = Spans(
                respond_within=said.respond_within or usual.respond_within,
                on_site_within=said.on_site_within or usual.on_site_within,
            )
        return usual

    def _calendar(self, ticket: Ticket) -> Calendar:
        agreed = ticket.entitlement.calendar if ticket.entitlement else ""
        name = agreed if agreed in {*self.calendars, AROUND_THE_CLOCK.name} else self.calendar
        working = self.calendars.get(name)
        if working is None:
            return AROUND_THE_CLOCK
        noticed_on = ticket.noticed_at.astimezone(ZoneInfo(working.zone)).date()
        return calendar_of(name, working, self._days_off, noticed_on)

    def _of_unknown_calendar(self, ticket: Ticket) -> Iterator[Event]:
        """Note that the contract names a calendar that is not configured."""
        agreed = ticket.entitlement.calendar if ticket.entitlement else ""
        if agreed and agreed not in {*self.calendars, AROUND_THE_CLOCK.name}:
            yield Event("calendar_unknown", {"calendar": agreed, "instead": self.calendar})

    @hookimpl
    def promise_ticket(self, ticket: Ticket) -> Promise:
        """Owe an answer to everybody who asked, and a visit for a fault unless the client wants none."""
        about = ticket.classification
        if about.unsolicited:
            return Promise()
        own = self._own_spans(ticket)
        is_fault = about.kind in self.on_site_kinds
        needs_visit = is_fault and about.facts.wants_onsite is not False
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
    def ticket_changed(self, ticket: Ticket, event: Event) -> list[Job | Event]:
        """Look at the clocks at once when they may be due at another time."""
        noted = (*_of_unknown_years(ticket), *self._of_unknown_calendar(ticket))
        return [
            *([_timer(ticket, None)] if event.kind in _MOVED_BY else []),
            *(noted if event.kind in {ENTITLED, REOPENED, RESUMED} else ()),
        ]

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Perform the timer."""
        return {CHECK: self.check}

    def check(self, job: Job, desk: Desk) -> None:
        """Look at the clocks again, tell whom it concerns, and set the timer to the next step."""
        ticket = desk.ticket(job.ticket_id or 0)
        # Read once: a step between two readings would be neither told nor timed.
        log, now = desk.events(ticket.id), desk.now
        for deadline in ticket.deadlines:
            if deadline.met_at is None and not deadline.is_paused:
                self._look(ticket, deadline, log, now, desk)
        upcoming = self._next_step(ticket, after=now)
        if upcoming:
            desk.put(_timer(ticket, upcoming))

    def _look(
        self, ticket: Ticket, deadline: Deadline, log: tuple[Event, ...], now: datetime, desk: Desk
    ) -> None:
        passed = [step for step in self._steps() if deadline.at(step) <= now]
        turn, since = told_since(deadline.name, log)
        ours = [event for event in since if event.kind in {"warned", "escalated"}]
        told = {event.data["step"] for event in ours if event.data["clock"] == deadline.name}
        untold = [step for step in passed if step not in told]
        if not untold or max(untold) < max(told, default=0):
            return
        # Only the latest: after a long silence nobody needs four mails about one clock.
        step = max(untold)
        is_breach = step >= 1
        to = self._person_for(step)
        data = {
            "clock": deadline.name,
            "step": step,
            "to": to,
            "skipped": [earlier for earlier in untold if earlier != step],
        }
        desk.record(ticket.id, Event("escalated" if is_breach else "warned", data))
        if to:
            mail = self._mail(ticket, deadline, step, to, desk)
            # Of a clock that began anew it is another mail.
            desk.send(msgspec.structs.replace(mail, name=f"{mail.name}/{turn}") if turn else mail)

    def _mail(self, ticket: Ticket, deadline: Deadline, step: float, to: str, desk: Desk) -> Mail:
        letter = render(
            "faultdesk_sla",
            self.templates,
            "escalation.txt",
            ticket=ticket,
            deadline=deadline,
            percent=round(step * 100),
            is_breach=step >= 1,
            zone=desk.identity.time_zone,
        )
        return Mail(
            name=f"sla/{ticket.id}/{deadline.name}/{step}",
            ticket_id=ticket.id,
            to=(Address(to),),
            subject=letter.subject,
            text=letter.text,
            purpose="escalation" if step >= 1 else "warning",
            internal=True,
        )

    def _steps(self) -> list[float]:
        return sorted((*self.warn_at, *self.escalate_at))

    def _person_for(self, step: float) -> str:
        if not self.chain:
            return ""
        level = sorted(self.escalate_at).index(step) + 1 if step in self.escalate_at else 0
        return self.chain[min(level, len(self.chain) - 1)]

    def _next_step(self, ticket: Ticket, after: datetime) -> datetime | None:
        running = [
            deadline for deadline in ticket.deadlines if deadline.met_at is None and not deadline.is_paused
        ]
        moments = (deadline.at(step) for deadline in running for step in self._steps())
        return min((moment for moment in moments if moment > after), default=None)


def _of_unknown_years(ticket: Ticket) -> Iterator[Event]:
    """Note that a deadline falls in a year of which nobody knows the days off."""
    for deadline in ticket.deadlines:
        calendar = deadline.calendar
        year = deadline.due_at.astimezone(ZoneInfo(calendar.zone)).year
        if year in calendar.unknown_years:
            yield Event("calendar_unknown", {"clock": deadline.name, "calendar": calendar.name, "year": year})


def _timer(ticket: Ticket, at: datetime | None) -> Job:
    return Job(CHECK, ticket.id, name=f"{CHECK}/{ticket.id}", run_at=at)
