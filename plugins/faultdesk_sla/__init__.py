"""Keeps the clocks of the promise: warns before a deadline, escalates when it is broken."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.message import Address
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Deadline, Event, Kind, Ticket
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.settings import require_addresses, require_folder, require_positive
from faultdesk.handlers.templates import render

CHECK = "sla.check"


class SlaHandler(Handler, frozen=True, kw_only=True):
    """Spans, warnings and the chain of people: engineer on duty, branch lead, centre manager."""

    respond_within: timedelta = timedelta(hours=2)
    on_site_within: timedelta = timedelta(hours=24)
    on_site_kinds: tuple[Kind, ...] = (Kind.FAULT,)
    warn_at: tuple[float, ...] = (0.5, 0.75)
    """Fractions of a span at which the first of the chain is reminded."""
    escalate_at: tuple[float, ...] = (1.0, 1.5)
    """Fractions at which the next of the chain is told; the last of it stays the last."""
    chain: tuple[str, ...] = ()
    templates: Path | None = None

    def __post_init__(self) -> None:
        require_positive("respond_within", self.respond_within)
        require_positive("on_site_within", self.on_site_within)
        if not all(0 < step < 1 for step in self.warn_at):
            raise ValueError("warn_at: holds fractions of a span, between 0 and 1")
        if not all(step >= 1 for step in self.escalate_at):
            raise ValueError("escalate_at: holds multiples of a span, 1 and more")
        require_addresses("chain", self.chain)
        require_folder("templates", self.templates)

    @hookimpl
    def promise_ticket(self, ticket: Ticket) -> Promise:
        """Owe an answer to everybody who asked, and a visit for a fault unless the client wants none."""
        about = ticket.classification
        if about.unsolicited:
            return Promise()
        needs_visit = about.kind in self.on_site_kinds and about.facts.wants_onsite is not False
        return Promise(self.respond_within, self.on_site_within if needs_visit else None)

    @hookimpl
    def ticket_opened(self, ticket: Ticket) -> list[Job]:
        """Set the ticket's one timer to the first step of any of its clocks."""
        upcoming = self._next_step(ticket, after=ticket.noticed_at)
        return [_timer(ticket, upcoming)] if upcoming else []

    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event) -> list[Job]:
        """Look at the clocks at once when they began earlier than was known."""
        return [_timer(ticket, None)] if event.kind == "noticed_earlier" else []

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
            if deadline.met_at is None:
                self._look(ticket, deadline, log, now, desk)
        upcoming = self._next_step(ticket, after=now)
        if upcoming:
            desk.put(_timer(ticket, upcoming))

    def _look(
        self, ticket: Ticket, deadline: Deadline, log: tuple[Event, ...], now: datetime, desk: Desk
    ) -> None:
        passed = [step for step in self._steps() if deadline.at(step) <= now]
        ours = [event for event in log if event.kind in {"warned", "escalated"}]
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
            desk.send(self._mail(ticket, deadline, step, to, desk))

    def _mail(self, ticket: Ticket, deadline: Deadline, step: float, to: str, desk: Desk) -> Mail:
        letter = render(
            "faultdesk_sla",
            self.templates,
            "escalation.txt",
            ticket=ticket,
            deadline=deadline,
            percent=round(step * 100),
            is_breach=step >= 1,
            zone=desk.time_zone,
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
        running = [deadline for deadline in ticket.deadlines if deadline.met_at is None]
        moments = (deadline.at(step) for deadline in running for step in self._steps())
        return min((moment for moment in moments if moment > after), default=None)


def _timer(ticket: Ticket, at: datetime | None) -> Job:
    return Job(CHECK, ticket.id, name=f"{CHECK}/{ticket.id}", run_at=at)
