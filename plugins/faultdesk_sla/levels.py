"""Who is told of a clock, and when: the table of escalation."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.identity import Identity, is_deliverable
from faultdesk.domain.message import Address
from faultdesk.domain.people import Person, Post
from faultdesk.domain.promise import Clock
from faultdesk.domain.ticket import Severity, Ticket

_ENGINEER = "engineer"
_CHANNEL = "channel:"


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of the way up."""

    at: Annotated[float, msgspec.Meta(gt=0)]
    """Of the span: 0.5 is half of it, 1 the breach."""
    to: tuple[str, ...]
    """"engineer" (who was sent), "lead" (of the branch), "manager", somebody of people, an address, "channel:NAME"."""
    clocks: tuple[Clock, ...] = tuple(Clock)
    severities: tuple[Severity, ...] = tuple(Severity)
    quiet: Annotated[str, msgspec.Meta(pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] = ""
    """As in "22:00-07:00", the desk's time: then it is told at the end of them."""

    @property
    def key(self) -> str:
        """By which the log knows it."""
        return f"{self.at:g}/{'+'.join(self.to)}"

    def concerns(self, clock: str, ticket: Ticket) -> bool:
        """Tell whether it is a step of this clock of this ticket."""
        return clock in self.clocks and ticket.classification.severity in self.severities

    def told_at(self, now: datetime, zone: str) -> datetime:
        """Tell when it may be told: now, or when the quiet hours end."""
        if not self.quiet:
            return now
        begin, end = (time.fromisoformat(clock) for clock in self.quiet.split("-"))
        local = now.astimezone(ZoneInfo(zone))
        is_quiet = begin <= local.time() < end if begin <= end else not end <= local.time() < begin
        ends = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
        return (ends + timedelta(days=ends <= local)) if is_quiet else now


USUAL = (
    Level(at=0.5, to=(_ENGINEER,)),
    Level(at=0.75, to=(_ENGINEER,)),
    Level(at=1.0, to=(_ENGINEER, Post.LEAD)),
    Level(at=1.5, to=(Post.MANAGER,)),
)


class Told(NamedTuple):
    """Whom a level tells: people by mail, and channels of handlers."""

    people: tuple[Address, ...]
    channels: tuple[str, ...]
    absent: tuple[str, ...]
    """Whom nobody is, or who are away without a substitute."""


def told(levels: Sequence[Level], ticket: Ticket, desk: Identity, on: date) -> Told:
    """Find who is told, each once."""
    names = [name for level in levels for name in level.to]
    people: list[Address] = []
    absent: list[str] = []
    for name in (name for name in names if not name.startswith(_CHANNEL)):
        found = list(_found(name, ticket, desk, on))
        people += found
        absent += [] if found else [name]
    return Told(tuple(dict.fromkeys(people)), channels(levels), tuple(dict.fromkeys(absent)))


def channels(levels: Iterable[Level]) -> tuple[str, ...]:
    """Name the channels that are told, each once."""
    named = (name for level in levels for name in level.to if name.startswith(_CHANNEL))
    return tuple(dict.fromkeys(name.removeprefix(_CHANNEL) for name in named))


def job_of(channel: str) -> str:
    """Name the job by which a handler tells its channel."""
    return f"{channel}.tell"


def require_known(levels: Iterable[Level]) -> None:
    """Refuse what can be nobody: a word with an at sign that is no address.

    Raises:
        ValueError: It stands in a level.
    """
    for level in levels:
        for name in level.to:
            if "@" in name and not is_deliverable(name):
                raise ValueError(f"levels: {name} is not a mail address")


def strangers(levels: Iterable[Level], desk: Identity) -> Iterator[str]:
    """Name who is told and is nobody of the desk's people."""
    for name in dict.fromkeys(name for level in levels for name in level.to):
        is_role = name in {_ENGINEER, Post.LEAD, Post.MANAGER} or name.startswith(_CHANNEL)
        if not is_role and "@" not in name and len(desk.people.named(name)) != 1:
            yield name


def _found(name: str, ticket: Ticket, desk: Identity, on: date) -> Iterator[Address]:
    if name == _ENGINEER:
        if ticket.engineer is not None:
            yield from _present(desk.people.at(ticket.engineer.address), ticket.engineer, desk, on)
        return
    branch = ticket.entitlement.branch if ticket.entitlement else ""
    holders = desk.people.holding(Post(name), branch) if name in {Post.LEAD, Post.MANAGER} else ()
    for person in holders or desk.people.named(name):
        yield from _present(person, person.mailbox, desk, on)
    if "@" in name and not desk.people.named(name):
        yield Address(name)


def _present(person: Person | None, address: Address, desk: Identity, on: date) -> Iterator[Address]:
    """Give somebody, or who stands in for them."""
    if person is None:
        yield address
    elif (there := desk.people.present(person, on)) is not None:
        yield there.mailbox
