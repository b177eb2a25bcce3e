"""Fakes for authors of handlers: no database, no server, no clock but the one you set."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.past import PastFault
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

    def __init__(self, *tickets: Ticket, now: datetime = NOON, **identity: object) -> None:
        known: dict[str, object] = {
            "name": "the desk",
            "address": "service@faultdesk.example",
            "alerts": ("ops@faultdesk.example",),
        }
        self.identity = Identity(**{**known, **identity})  # type: ignore[arg-type]
        self.tickets = {ticket.id: ticket for ticket in tickets}
        self.now = now
        self.sent: list[Mail] = []
        self.jobs: list[Job] = []
        self.cancelled: list[str] = []
        self.recorded: list[tuple[int, Event]] = []
        self.changed: list[tuple[int, Event]] = []
        self.notices: dict[int, InboundMessage] = {}
        self.past: list[PastFault] = []
        self.corrected: list[Correction] = []
        self.artefacts: list[Artefact] = []
        self.originals: dict[int, bytes] = {}
        self.filed: dict[int, int] = {}
        self.withheld: dict[int, str] = {}
        self.released: list[int] = []

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

    def change(self, ticket_id: int, event: Event) -> None:
        """Keep an event in `changed`."""
        self.changed.append((ticket_id, event))

    def notice(self, ticket_id: int) -> InboundMessage:
        """Give what the test put into `notices`, else some message."""
        return self.notices.get(ticket_id, a_message())

    def similar(self, ticket: Ticket) -> tuple[PastFault, ...]:  # noqa: ARG002 - the test says what is similar
        """Give what the test put into `past`."""
        return tuple(self.past)

    def corrections(self) -> tuple[Correction, ...]:
        """Give what the test put into `corrected`."""
        return tuple(self.corrected)

    def keep(self, name: str, content: bytes, figures: Mapping[str, Any]) -> None:
        """Keep a version in `artefacts`, in force at once."""
        version = 1 + sum(one.name == name for one in self.artefacts)
        if content:
            self._out_of_force(name)
        made = Artefact(name=name, version=version, made_at=self.now, figures=dict(figures), content=content)
        self.artefacts.append(msgspec.structs.replace(made, in_force=bool(content)))

    def kept(self, name: str) -> Artefact | None:
        """Give what is in force."""
        return next((one for one in self.artefacts if one.name == name and one.in_force), None)

    def versions(self, name: str) -> tuple[Artefact, ...]:
        """List the versions."""
        return tuple(msgspec.structs.replace(one, content=b"") for one in self.artefacts if one.name == name)

    def withdraw(self, name: str, *, everything: bool = False) -> None:
        """Take back what is in force."""
        taken = [one for one in self.artefacts if one.name == name and (one.in_force or everything)]
        self.artefacts = [
            msgspec.structs.replace(one, in_force=False, withdrawn_at=self.now) if one in taken else one
            for one in self.artefacts
        ]
        fit = [one for one in self.artefacts if one.name == name and one.content and not one.withdrawn_at]
        if fit:
            self.artefacts[self.artefacts.index(fit[-1])] = msgspec.structs.replace(fit[-1], in_force=True)

    def _out_of_force(self, name: str) -> None:
        self.artefacts = [
            msgspec.structs.replace(one, in_force=one.in_force and one.name != name) for one in self.artefacts
        ]

    def original(self, inbox_id: int) -> bytes:
        """Give what the test put into `originals`."""
        if inbox_id not in self.originals:
            raise NotFoundError(f"no message {inbox_id} in the inbox")
        return self.originals[inbox_id]

    def ticket_of(self, inbox_id: int) -> int | None:
        """Look into `filed`."""
        return self.filed.get(inbox_id)

    def withhold(self, inbox_id: int, reason: str) -> None:
        """Keep the reason in `withheld`."""
        self.withheld[inbox_id] = reason

    def release(self, inbox_id: int) -> None:
        """Keep the number in `released`."""
        self.released.append(inbox_id)
