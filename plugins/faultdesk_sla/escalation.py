"""Tells people of a clock, and writes down why somebody was not told."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.people import Post
from faultdesk.domain.promise import earlier_rounds, told_since
from faultdesk.domain.ticket import Deadline, Event, Ticket
from faultdesk.handlers import Desk
from faultdesk.handlers.templates import render
from faultdesk_sla.levels import Level, job_of, told

_BREACH = 1.0
_BREACHED, _TOLD, _PUT_OFF = "breached", {"warned", "escalated"}, "warning_put_off"


def breaches(ticket: Ticket, log: Sequence[Event], now: datetime) -> Iterator[Event]:
    """Give the events of broken promises that the log does not hold, be they kept since or not."""
    noted = {(event.data["clock"], event.data["due_at"]) for event in log if event.kind == _BREACHED}
    for deadline in (*earlier_rounds(log), *ticket.deadlines):
        broken = (deadline.name, deadline.due_at.isoformat())
        if deadline.is_breached(now) and broken not in noted:
            noted.add(broken)
            yield Event(_BREACHED, dict(zip(("clock", "due_at"), broken, strict=True)))


class Escalation:
    """The levels at work: nobody is told twice of one, and of several that have passed only the latest is told."""

    def __init__(self, levels: Sequence[Level], templates: Path | None) -> None:
        self._levels = levels
        self._templates = templates

    def steps(self, clock: str, ticket: Ticket) -> list[float]:
        """List the fractions of a span at which something is due; a breach always is."""
        return sorted({_BREACH, *(level.at for level in self._levels if level.concerns(clock, ticket))})

    def look(
        self, ticket: Ticket, deadline: Deadline, log: tuple[Event, ...], now: datetime, desk: Desk
    ) -> Iterator[datetime]:
        """Tell whom it concerns of one clock; give when to look again at what was put off."""
        turn, since = told_since(deadline.name, log)
        ours = [event for event in since if event.data.get("clock") == deadline.name]
        passed = [
            one for one in self._levels if one.concerns(deadline.name, ticket) and deadline.at(one.at) <= now
        ]
        asleep, ready = self._untold(passed, ours, now, desk.identity.time_zone)
        for level, until in asleep:
            data: dict[str, Any] = {"clock": deadline.name, "level": level.key, "until": until.isoformat()}
            if not any(event.kind == _PUT_OFF and event.data.get("level") == level.key for event in ours):
                desk.record(ticket.id, Event(_PUT_OFF, {**data, "reason": "quiet hours"}))
            yield until
        if ready:
            # Only the latest: after a long silence nobody needs four mails about one clock.
            step = max(level.at for level in ready)
            skipped = sorted({level.at for level in ready} - {step})
            self._tell(ticket, deadline, [one for one in ready if one.at == step], step, skipped, turn, desk)

    @staticmethod
    def _untold(
        passed: Sequence[Level], ours: Sequence[Event], now: datetime, zone: str
    ) -> tuple[list[tuple[Level, datetime]], list[Level]]:
        """Part the levels that are still to be told: who sleeps, until when, and who does not.

        What a later one has overtaken is not told any more, unless it waited for the end of its quiet hours.
        """
        done = [event for event in ours if event.kind in _TOLD]
        furthest = max((event.data["step"] for event in done), default=0.0)
        told_levels = {key for event in done for key in event.data.get("levels", ())}
        put_off = {event.data.get("level") for event in ours if event.kind == _PUT_OFF} - told_levels
        untold = [one for one in passed if one.at > furthest or one.key in put_off]
        asleep = [(one, until) for one in untold if (until := one.told_at(now, zone)) > now]
        sleepers = {one.key for one, _ in asleep}
        return asleep, [one for one in untold if one.key not in sleepers]

    def _tell(
        self,
        ticket: Ticket,
        deadline: Deadline,
        levels: Sequence[Level],
        step: float,
        skipped: list[float],
        turn: int,
        desk: Desk,
    ) -> None:
        today = desk.now.astimezone(ZoneInfo(desk.identity.time_zone)).date()
        who, is_breach = told(levels, ticket, desk.identity, today), step >= _BREACH
        people = who.people
        if is_breach and levels and not people and not who.channels:
            people = tuple(map(Address, desk.identity.alerts))  # a breach is nobody's secret
        data: dict[str, Any] = {"clock": deadline.name, "step": step, "to": [one.address for one in people]}
        data |= {"levels": [level.key for level in levels]}
        data |= {"channels": list(who.channels)} if who.channels else {}
        data |= {"skipped": skipped} if skipped else {}
        data |= {"not_told": list(who.absent)} if who.absent else {}
        desk.record(ticket.id, Event("escalated" if is_breach else "warned", data))
        mail = self._mail(ticket, deadline, step, desk.identity)
        for person in people:
            # Of a clock that began anew it is another mail.
            name = f"sla/{ticket.id}/{deadline.name}/{step}/{person.address}" + (f"/{turn}" if turn else "")
            desk.send(msgspec.structs.replace(mail, name=name, to=(person,)))
        for channel in who.channels:
            told_there = {"subject": mail.subject, "text": mail.text}
            desk.put(Job(job_of(channel), ticket.id, told_there))

    def of_stuck(self, ticket: Ticket, event: Event, desk: Identity) -> Iterator[Mail | Event]:
        """Pass up what an engineer cannot solve: to the lead, else the managers, else who is told of everything."""
        on = (event.at or ticket.noticed_at).astimezone(ZoneInfo(desk.time_zone)).date()
        to: tuple[Address, ...] = ()
        for post in (Post.LEAD, Post.MANAGER):
            to = to or told([Level(at=_BREACH, to=(post,))], ticket, desk, on).people
        to = to or tuple(map(Address, desk.alerts))
        yield Event("escalated", {"clock": "stuck", "step": 0, "to": [one.address for one in to]})
        if to:
            by = desk.people.mailbox(event.actor) if "@" in event.actor else event.actor
            yield Mail(
                name=f"sla/{ticket.id}/stuck/{event.data.get('inbox', event.data.get('reason'))}",
                ticket_id=ticket.id,
                to=to,
                subject=f"[{ticket.reference}] 无法解决 stuck: {ticket.subject}",
                text=f"{ticket.reference}  {ticket.subject}\n\n{by}: {event.data.get('reason') or '-'}\n\n"
                f"faultdesk ticket {ticket.reference}\nfaultdesk assign {ticket.reference} NAME\n",
                purpose="escalation",
                internal=True,
            )

    def _mail(self, ticket: Ticket, deadline: Deadline, step: float, desk: Identity) -> Mail:
        letter = render(
            "faultdesk_sla",
            self._templates,
            "escalation.txt",
            ticket=ticket,
            deadline=deadline,
            percent=round(step * 100),
            is_breach=step >= _BREACH,
            zone=desk.time_zone,
        )
        return Mail(
            name="",
            ticket_id=ticket.id,
            to=(),
            subject=letter.subject,
            text=letter.text,
            purpose="escalation" if step >= _BREACH else "warning",
            internal=True,
        )
