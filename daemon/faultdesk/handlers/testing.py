"""Fakes for authors of handlers: no database, no server, no clock but the one you set."""

from datetime import UTC, datetime, timedelta

from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Classification, Deadline, Event, Kind, Participant, Role, Status, Ticket
from faultdesk.errors import NotFoundError

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai: when the fakes' tickets were noticed."""


def a_message(text: str = "the camera at gate 3 is dark", **fields: object) -> InboundMessage:
    """Make a message of a client; give what matters to the test."""
    known: dict[str, object] = {
        "id": 1,
        "subject": "camera",
        "sender": Address("client@owner.example", "Li Ming"),
        "to": (Address("service@faultdesk.example"),),
        "message_id": "<notice@owner.example>",
        "text": text,
    }
    return InboundMessage(**{**known, **fields})  # type: ignore[arg-type]


def a_ticket(*, respond_within: timedelta = timedelta(hours=2), **fields: object) -> Ticket:
    """Make a ticket of a client, noticed at NOON, with a running response clock."""
    client = Address("client@owner.example", "Li Ming")
    known: dict[str, object] = {
        "id": 1,
        "reference": "FD-2026-000123",
        "subject": "camera",
        "status": Status.NEW,
        "requester": client,
        "classification": Classification(kind=Kind.FAULT),
        "noticed_at": NOON,
        "participants": (Participant(client, Role.CLIENT),),
        "deadlines": (Deadline("response", NOON, NOON + respond_within),),
        "thread": ("<notice@owner.example>",),
    }
    return Ticket(**{**known, **fields})  # type: ignore[arg-type]


class FakeDesk:
    """A desk that keeps what a job decides, for a test to look at."""

    name = "the desk"
    address = Address("service@faultdesk.example", "the desk")
    time_zone = "Asia/Shanghai"

    def __init__(self, *tickets: Ticket, now: datetime = NOON) -> None:
        self.tickets = {ticket.id: ticket for ticket in tickets}
        self.now = now
        self.sent: list[Mail] = []
        self.jobs: list[Job] = []
        self.cancelled: list[str] = []
        self.recorded: list[tuple[int, Event]] = []

    def ticket(self, ticket_id: int) -> Ticket:
        """Look a given ticket up."""
        if ticket_id not in self.tickets:
            raise NotFoundError(f"no ticket {ticket_id}")
        return self.tickets[ticket_id]

    def events(self, ticket_id: int) -> tuple[Event, ...]:
        """Read what was recorded."""
        return tuple(event for of, event in self.recorded if of == ticket_id)

    def send(self, mail: Mail) -> None:
        """Keep a mail in `sent`."""
        self.sent.append(mail)

    def put(self, job: Job) -> None:
        """Keep a job in `jobs`."""
        self.jobs.append(job)

    def cancel(self, name: str) -> None:
        """Keep a name in `cancelled`."""
        self.cancelled.append(name)

    def record(self, ticket_id: int, event: Event) -> None:
        """Keep an event in `recorded`."""
        self.recorded.append((ticket_id, event))
