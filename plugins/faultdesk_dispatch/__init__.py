"""Sends an engineer: chooses who, writes the work order, and takes the next when nobody answers."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from faultdesk.domain.assignment import ASSIGNED, PASSED_ON, Choice, is_answered
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.people import People, Person, Post
from faultdesk.domain.promise import REOPENED
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.settings import require_addresses, require_folder, require_positive
from faultdesk_dispatch.choose import Chooser
from faultdesk_dispatch.lookout import warnings_of
from faultdesk_dispatch.orders import Orders
from faultdesk_dispatch.roster import Roster, Shift

ORDER, UNANSWERED = "dispatch.order", "dispatch.unanswered"


# dict=True: room for what `cached_property` keeps beside the settings.
class DispatchHandler(Handler, frozen=True, kw_only=True, dict=True):
    """Chooses among [people.NAME] by contract, branch, skill and roster; `duty` is who is left."""

    duty: str = ""
    """The address for everything that nobody of `people` can be sent to."""
    roster: Path | None = None
    """An iCalendar file: each event's SUMMARY names who is on duty."""
    shifts: tuple[Shift, ...] = ()
    """A roster of tables, in place of a file."""
    answer_within: timedelta = timedelta(minutes=15)
    """Without a word from who was sent, the next is sent."""
    attach_octets: int = 10 * 1024 * 1024
    """Larger originals stay with the desk: most mail servers would refuse them."""
    templates: Path | None = None

    def __post_init__(self) -> None:
        require_addresses("duty", [self.duty] if self.duty else [])
        require_folder("templates", self.templates)
        require_positive("answer_within", self.answer_within)
        if self.roster and self.shifts:
            raise ValueError("roster: a file and shifts are two rosters")
        _ = self._roster  # at start, not at the first mail: a bad file is refused while somebody looks

    @cached_property
    def _roster(self) -> Roster:
        return Roster(self.shifts, self.roster)

    @cached_property
    def _orders(self) -> Orders:
        return Orders(self.templates, self.attach_octets)

    @hookimpl
    def assign_ticket(
        self, ticket: Ticket, desk: Identity, at: datetime, passed_over: frozenset[str]
    ) -> Choice | None:
        """Choose who can go; nobody for what nobody asked us."""
        if ticket.classification.unsolicited:
            return None
        zone = ZoneInfo(desk.time_zone)
        chooser = Chooser(desk.people, at.astimezone(zone).date(), passed_over)
        if (choice := chooser.choose(ticket, self._on_duty(desk.people, at, zone))) is not None:
            return choice
        duty = self.duty.lower()  # as whoever answers is known by
        if duty and duty not in passed_over:
            return Choice((desk.people.mailbox(duty),), (*chooser.reasons, "on duty for everything"))
        nobody = "everybody was asked" if passed_over else "neither people nor duty name anybody"
        return Choice((), (*chooser.reasons, nobody))

    def _on_duty(self, people: People, at: datetime, zone: ZoneInfo) -> list[Person] | None:
        if not self._roster:
            return None
        return [one for name in self._roster.on_duty(at, zone) for one in people.named(name)]

    @hookimpl
    def ticket_opened(self, ticket: Ticket) -> list[Job | Event]:
        """Have the work order written, but for what nobody asked us."""
        if ticket.classification.unsolicited:
            return [Event("not_dispatched", {"reason": "unsolicited"})]
        return [Job(ORDER, ticket.id)]

    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event) -> list[Job]:
        """Have the order written to who is sent now, to who goes again, and anew when the class is another."""
        is_of_another_class = event.kind == RECLASSIFIED and (
            "fault_class" in event.data["labels"] or "was_unsolicited" in event.data
        )
        is_owed_else = event.kind == ENTITLED and ticket.engineer is not None
        orders_anew = event.kind in {PASSED_ON, REOPENED} or is_of_another_class or is_owed_else
        return [Job(ORDER, ticket.id)] if orders_anew else []

    @hookimpl
    def message_added(self, ticket: Ticket, message: InboundMessage, desk: Identity) -> list[Mail]:
        """Pass on what a client adds to those who work on it."""
        # Who was called off is not written to any more.
        engineers = (desk.people.mailbox(ticket.engineer.address),) if ticket.engineer else ()
        if not engineers or ticket.role_of(message.sender.address) in {Role.ENGINEER, Role.STAFF}:
            return []
        letter = self._orders.letter("addition.txt", ticket, message, desk.time_zone)
        name = f"dispatch/addition/{message.id}"
        return [self._orders.mail(name, "client's addition", ticket, message, letter, engineers)]

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Perform the order, and look whether it was answered."""
        return {ORDER: self.order, UNANSWERED: self.unanswered}

    @hookimpl
    def look_ahead(self, desk: Identity, now: datetime) -> Iterator[str]:
        """Tell of holes in the roster before they come, and of names that are nobody's."""
        if not self.duty and not desk.people.holding_any(Post.ENGINEER):
            yield "nobody can be sent: there is no engineer among people, and no duty"
        yield from warnings_of(self._roster, desk.people, now, ZoneInfo(desk.time_zone))

    def order(self, job: Job, desk: Desk) -> None:
        """Write to who was sent last, and set the timer for the answer."""
        ticket, log = desk.ticket(job.ticket_id or 0), desk.events(job.ticket_id or 0)
        if not ticket.status.is_open:
            return
        if ticket.engineer is None:
            desk.send(self._nobody(ticket, log, desk))
            return
        number = sum(event.kind in {ASSIGNED, REOPENED, RECLASSIFIED, ENTITLED} for event in log)
        for mail in self._orders.work_order(ticket, desk, number):
            desk.send(mail)
        for mail in self._called_off(ticket, log):
            desk.send(mail)
        if not is_answered(log):
            # Who it was stands in the log alone: what is erased there must not live on here.
            arguments, run_at = {"sent": _sent(log)}, desk.now + self.answer_within
            desk.put(Job(UNANSWERED, ticket.id, arguments, name=f"{UNANSWERED}/{ticket.id}", run_at=run_at))

    def unanswered(self, job: Job, desk: Desk) -> None:
        """Send the next one, if who was sent has said nothing."""
        ticket, log = desk.ticket(job.ticket_id or 0), desk.events(job.ticket_id or 0)
        is_last = job.arguments["sent"] == _sent(log)
        if not ticket.status.is_open or ticket.engineer is None or not is_last or is_answered(log):
            return
        engineer = ticket.engineer.address
        if (until := _order_ended(log, desk.now) + self.answer_within) > desk.now:
            desk.put(
                Job(UNANSWERED, ticket.id, job.arguments, name=f"{UNANSWERED}/{ticket.id}", run_at=until)
            )
            return
        minutes = round(self.answer_within / timedelta(minutes=1))
        reason = f"no answer of {engineer} within {minutes} minutes"
        desk.change(ticket.id, Event(PASSED_ON, {"from": engineer, "reason": reason}))

    def _called_off(self, ticket: Ticket, log: tuple[Event, ...]) -> Iterator[Mail]:
        """Tell who was sent before that another goes now, lest two drive."""
        sent = [event.data.get("engineer", "") for event in log if event.kind == ASSIGNED]
        # By when they were sent last: of one sending nobody is called off twice.
        others = {one: number for number, one in enumerate(sent, 1) if one and one != sent[-1]}
        passed = next((event for event in reversed(log) if event.kind == PASSED_ON), None)
        letter = self._orders.letter(
            "called_off.txt", ticket, InboundMessage(), "UTC", reason=passed.data["reason"] if passed else ""
        )
        for one, number in others.items():
            name = f"dispatch/call-off/{ticket.id}/{number}"
            to = (Address(one),)
            yield self._orders.mail(name, "called off", ticket, InboundMessage(), letter, to)

    @staticmethod
    def _nobody(ticket: Ticket, log: tuple[Event, ...], desk: Desk) -> Mail:
        last = next((event for event in reversed(log) if event.kind == "unassigned"), None)
        reasons = "\n".join(last.data.get("reasons", ())) if last else ""
        return Mail(
            name=f"dispatch/nobody/{ticket.id}/{len(log)}",
            ticket_id=ticket.id,
            to=tuple(map(Address, desk.identity.alerts)),
            subject=f"{ticket.reference}: nobody can be sent",
            text=f"{reasons}\n\nfaultdesk assign {ticket.reference} NAME\n",
            purpose="alert",
            internal=True,
        )


def _sent(log: tuple[Event, ...]) -> int:
    """Count how often somebody was sent."""
    return sum(event.kind == ASSIGNED for event in log)


def _order_ended(log: tuple[Event, ...], now: datetime) -> datetime:
    """Tell when the last order went out, or never will; until then nobody can have answered it."""
    for event in reversed(log):
        is_of_order = event.data.get("purpose") == "work order"
        if event.kind in {"mail_sent", "mail_withheld"} and is_of_order:
            return event.at or now
        if event.kind == "job_parked" and event.data.get("kind") in {"mail.send", ORDER}:
            return event.at or now
        if event.kind == ASSIGNED:
            break
    return now
