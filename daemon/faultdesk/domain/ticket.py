"""A ticket, what is known of it, and who takes part in it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.calendar import AROUND_THE_CLOCK, Calendar, Pause, moment_after
from faultdesk.domain.client import Entitlement
from faultdesk.domain.message import Address, Channel, Language

CLIENT_NAMED = "client_named"
"""The event; its data are the `client`'s address and `name`."""


class Kind(StrEnum):
    """What the client wants from the desk (P9 to P17)."""

    FAULT = "fault"
    CONSULTATION = "consultation"
    ENHANCEMENT = "enhancement"
    UPGRADE = "upgrade"
    SPARE_PARTS = "spare_parts"
    TRAINING = "training"
    REVISIT = "revisit"
    FOLLOWUP = "followup"
    OTHER = "other"


class FaultClass(StrEnum):
    """The cause that the client's text supports (P8)."""

    LINE = "line"
    HARDWARE = "hardware"
    SOFTWARE = "software"
    CONFIG_LOSS = "config_loss"
    MISOPERATION = "misoperation"
    VIRUS = "virus"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much stands still."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Status(StrEnum):
    """Where a ticket is in its life."""

    NEW = "new"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"
    """Nothing is left to do: reported, or ended for a stated reason."""

    @property
    def is_open(self) -> bool:
        """Tell whether somebody has to work on it."""
        return self in {Status.NEW, Status.ANSWERED}


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the client said of the case, verbatim; None where nothing was said."""

    customer: str | None = None
    site: str | None = None
    contact: str | None = None
    phone: str | None = None
    location: str | None = None
    device: str | None = None
    occurred_at: str | None = None
    project: str | None = None
    """As a form names it; who has no other site has it as the site as well."""
    contract_no: str | None = None
    serial_no: str | None = None
    wants_onsite: bool | None = None


class Span(msgspec.Struct, frozen=True):
    """Where a fact was read: characters of one part of the message."""

    part: str
    """subject, text, signature, attached_text, or sender: the name in From"""
    start: int
    end: int


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is about; `confidence` from 0 to 1, `evidence` the words that told."""

    kind: Kind = Kind.OTHER
    fault_class: FaultClass | None = None
    system: str = "none"
    severity: Severity = Severity.NORMAL
    confidence: float = 0.0
    evidence: tuple[str, ...] = ()
    facts: Facts = Facts()
    spans: Mapping[str, Span] = {}
    """Where each fact was read, by its name; `occurred_at` and `wants_onsite` are told by the words that stand there."""
    unsolicited: bool = False
    """Adverts, phishing and the like: kept on a ticket, neither answered nor timed."""
    unsure: tuple[str, ...] = ()
    """The labels that somebody should look at: "fault_class", "kind", "system"."""

    def with_facts_of(self, other: "Classification") -> "Classification":
        """Add the facts that only the other tells."""
        own = {name: value for name, value in msgspec.structs.asdict(self.facts).items() if value is not None}
        theirs = {
            name: value for name, value in msgspec.structs.asdict(other.facts).items() if name not in own
        }
        spans = {name: span for name, span in other.spans.items() if name in theirs}
        return msgspec.structs.replace(self, facts=Facts(**own, **theirs), spans={**spans, **self.spans})


class Role(StrEnum):
    """What somebody is in a ticket."""

    CLIENT = "client"
    ENGINEER = "engineer"
    """Works on it: gets what the client adds."""
    STAFF = "staff"
    """Of the desk, and was told of it."""
    COPIED = "copied"
    """Was sent a copy, as a line crew or a vendor: decides nothing."""


class Participant(msgspec.Struct, frozen=True):
    """Somebody who takes part in a ticket."""

    person: Address
    role: Role


class Event(msgspec.Struct, frozen=True):
    """Something that happened to a ticket; the log is append-only and everything else follows from it.

    `at` None means "when it is recorded". `actor` is a handler's name, an address or an operator.
    """

    kind: str
    data: Mapping[str, Any] = {}
    at: datetime | None = None
    actor: str = ""


class Deadline(msgspec.Struct, frozen=True):
    """One promise with a time: kept once `met_at` is set and not after `due_at`."""

    name: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    met_by: str = ""
    span: timedelta | None = None
    """What is counted by `calendar` without the pauses; None: all that lies between."""
    calendar: Calendar = AROUND_THE_CLOCK
    pauses: tuple[Pause, ...] = ()
    """While the last of them has no end, `due_at` is what it would be if it ended at once."""

    @property
    def is_paused(self) -> bool:
        """Tell whether the clock stands still."""
        return self.met_at is None and any(pause.end is None for pause in self.pauses)

    @property
    def unknown_year(self) -> int | None:
        """Tell the year in which it falls, if nobody knows yet what is off in it."""
        year = self.due_at.astimezone(ZoneInfo(self.calendar.zone)).year
        return year if year in self.calendar.unknown_years else None

    def at(self, fraction: float) -> datetime:
        """Tell when this fraction of the span has passed, or would have."""
        if self.span is None:
            return self.started_at + (self.due_at - self.started_at) * fraction
        closed = [pause for pause in self.pauses if pause.end is not None]
        return moment_after(self.calendar, closed, self.started_at, self.span * fraction) or self.due_at

    def is_breached(self, now: datetime) -> bool:
        """Tell whether the promise was broken, or is at this moment."""
        if self.met_at is not None:
            return self.met_at > self.due_at
        stands_since = next((pause.start for pause in self.pauses if pause.end is None), now)
        return min(stands_since, now) >= self.due_at


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One case of one client, with its deadlines derived from the event log."""

    id: int
    reference: str
    subject: str = ""
    status: Status = Status.NEW
    channel: Channel = Channel.MAIL
    language: Language = Language.ZH_HANS
    classification: Classification = Classification()
    requester: Address = Address("")
    noticed_at: datetime
    """When the notice reached the desk's server: the zero of every clock."""
    participants: tuple[Participant, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    entitlement: Entitlement | None = None
    """None where no clients are on record."""
    engineer: Address | None = None
    """Who was sent to work on it last."""
    thread: tuple[str, ...] = ()
    """Message-IDs of what was received for it, oldest first: what an answer refers to."""

    def zone(self, usual: str) -> str:
        """Tell the client's time zone: that of its contract's calendar, else the usual one."""
        named = (
            deadline.calendar for deadline in self.deadlines if not deadline.calendar.is_around_the_clock
        )
        return next((calendar.zone for calendar in named), usual)

    def deadline(self, name: str) -> Deadline | None:
        """Find a deadline by name."""
        return next((deadline for deadline in self.deadlines if deadline.name == name), None)

    def role_of(self, address: str) -> Role | None:
        """Tell how this address takes part; None when it does not."""
        return next((who.role for who in self.participants if who.person.address == address), None)
