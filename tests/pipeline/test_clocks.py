"""Clocks that stand still, go on and count anew, from mails and commands to the people who are told."""

from datetime import timedelta
from email import message_from_bytes

import msgspec
import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.client import AgreedSpans, Basis, Charge, Entitlement
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.message import Address
from faultdesk.domain.promise import WAITING
from faultdesk.domain.ticket import Classification, Event, Kind, Ticket
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk_sla import SlaHandler
from faultdesk_sla.levels import Level
from faultdesk_sla.working_hours import WorkingHours
from pipeline.desk import NOON, PlayedDesk

LI = Address("li@owner.example", "Li Ming")
DUTY, LEAD, MANAGER = "duty@faultdesk.example", "lead@faultdesk.example", "manager@faultdesk.example"
LEVELS = tuple(Level(at=at, to=(to,)) for at, to in ((0.5, DUTY), (0.75, DUTY), (1.0, LEAD), (1.5, MANAGER)))


class Classing(Handler, frozen=True):
    kind: Kind = Kind.FAULT

    @hookimpl
    def classify_message(self) -> Classification:
        return Classification(kind=self.kind, confidence=1.0)


def a_desk(store: SqlStore, sla: SlaHandler, kind: Kind = Kind.FAULT) -> PlayedDesk:
    return PlayedDesk(store, {"classing": Classing(kind=kind), "sla": sla})


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return a_desk(store, SlaHandler(levels=LEVELS))


def notice(desk: PlayedDesk) -> int:
    ticket_id = desk.decide(a_message(sender=LI, message_id="<1@owner.example>"))
    assert ticket_id is not None
    return ticket_id


def signed(desk: PlayedDesk, ticket_id: int) -> str:
    """Give the Message-ID of a mail of ours about this ticket."""
    return desk.seal.message_id(ticket_id, "acknowledge/1", "faultdesk.example")


def happens(desk: PlayedDesk, ticket_id: int, kind: str, **data: object) -> None:
    with desk.store.write() as tx:
        desk.changes.change(tx, ticket_id, Event(kind, data, actor="operator"))


def ticket(desk: PlayedDesk, ticket_id: int) -> Ticket:
    with desk.store.read() as tx:
        return tx.tickets.get(ticket_id)


def due(desk: PlayedDesk, ticket_id: int, clock: str) -> timedelta | None:
    deadline = ticket(desk, ticket_id).deadline(clock)
    return deadline.due_at - NOON if deadline else None


def told(desk: PlayedDesk) -> list[tuple[str, str]]:
    """Say who was told of which clock and how much of it."""
    return [
        (recipients[0], str(message_from_bytes(content)["Subject"]).rpartition(" ")[2])
        for _, recipients, content in desk.mailer.sent
    ]


def pass_time(desk: PlayedDesk, hours: int) -> None:
    """Let time pass in steps of a quarter of an hour, timers and all."""
    for _ in range(hours * 4):
        desk.clock.advance(timedelta(minutes=15))
        desk.perform()


def test_what_the_client_writes_ends_the_waiting(desk: PlayedDesk) -> None:
    ticket_id = notice(desk)
    happens(desk, ticket_id, WAITING, reason="the key")
    desk.clock.advance(timedelta(hours=5))

    desk.decide(
        a_message(
            "here is the key",
            sender=LI,
            message_id="<2@owner.example>",
            references=(signed(desk, ticket_id),),
        )
    )

    assert "resumed" in desk.events(ticket_id)
    assert due(desk, ticket_id, "on_site") == timedelta(hours=29)
    assert due(desk, ticket_id, "response") == timedelta(hours=2)


def test_what_was_written_before_the_waiting_does_not_end_it(desk: PlayedDesk) -> None:
    ticket_id = notice(desk)
    desk.clock.advance(timedelta(hours=5))
    happens(desk, ticket_id, WAITING, reason="the key")

    early = a_message(
        "and gate 2", sender=LI, message_id="<2@owner.example>", references=(signed(desk, ticket_id),)
    )
    received = desk.waiting(desk.receive(arrived_at=NOON + timedelta(hours=1)))
    desk.decide_received(received, early)

    assert "resumed" not in desk.events(ticket_id)


def test_what_nobody_proves_the_client_to_have_written_is_asked_of_the_desk(desk: PlayedDesk) -> None:
    ticket_id = notice(desk)
    happens(desk, ticket_id, WAITING, reason="the key")

    desk.decide(
        a_message("the key", sender=LI, message_id="<2@owner.example>", references=("<1@owner.example>",))
    )
    desk.perform()

    assert "resumed" not in desk.events(ticket_id)
    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["ops@faultdesk.example"]]


def test_a_promise_that_was_relaxed_is_escalated_when_it_breaks(desk: PlayedDesk) -> None:
    ticket_id = notice(desk)
    pass_time(desk, 4)
    before = len(told(desk))

    owed = Entitlement(
        basis=Basis.WARRANTY, charge=Charge.FREE, spans={"all": AgreedSpans(timedelta(hours=6))}
    )
    happens(desk, ticket_id, "entitled", **msgspec.to_builtins(owed))
    pass_time(desk, 8)

    assert [event for event in desk.events(ticket_id) if event == "promised"] == ["promised"]
    assert [who for who, _ in told(desk)[before:]].count(LEAD) == 1
    assert [who for who, _ in told(desk)[before:]].count(MANAGER) == 1


def test_nobody_is_warned_of_a_clock_that_stands_still_and_everybody_when_it_goes_on(
    desk: PlayedDesk,
) -> None:
    ticket_id = notice(desk)
    happens(desk, ticket_id, "answered")
    happens(desk, ticket_id, WAITING, reason="a permit")
    pass_time(desk, 40)
    assert told(desk) == []

    happens(desk, ticket_id, "resumed")
    pass_time(desk, 11)
    assert told(desk) == []
    pass_time(desk, 25)

    assert [who for who, _ in told(desk)] == [DUTY, DUTY, LEAD, MANAGER]


def test_a_question_that_turns_out_to_be_a_fault_is_owed_a_visit(store: SqlStore) -> None:
    desk = a_desk(store, SlaHandler(levels=LEVELS), Kind.CONSULTATION)
    ticket_id = notice(desk)
    assert due(desk, ticket_id, "on_site") is None
    desk.clock.advance(timedelta(hours=1))

    happens(desk, ticket_id, RECLASSIFIED, labels={"kind": "fault", "fault_class": "line"})

    assert due(desk, ticket_id, "on_site") == timedelta(hours=24)
    assert "promised" in desk.events(ticket_id)


def test_another_class_that_changes_no_span_promises_nothing_anew(desk: PlayedDesk) -> None:
    ticket_id = notice(desk)

    happens(desk, ticket_id, RECLASSIFIED, labels={"fault_class": "line"})

    assert "promised" not in desk.events(ticket_id)


def test_a_fault_that_came_back_is_escalated_by_its_new_clock(desk: PlayedDesk) -> None:
    ticket_id = notice(desk)
    pass_time(desk, 13)
    happens(desk, ticket_id, "resolved", cause="c", method="m", number=1)
    before = len(told(desk))

    happens(desk, ticket_id, "reopened", reason="again dark")
    pass_time(desk, 13)

    assert ticket(desk, ticket_id).status == "new"
    assert [who for who, _ in told(desk)[before:]] == [DUTY]
    assert due(desk, ticket_id, "on_site") == timedelta(hours=37)


def test_without_progress_somebody_is_reminded_until_there_is_some(store: SqlStore) -> None:
    desk = a_desk(store, SlaHandler(levels=LEVELS, progress_within=timedelta(hours=8)))
    ticket_id = notice(desk)
    happens(desk, ticket_id, "answered")
    happens(desk, ticket_id, "arrived")
    pass_time(desk, 4)
    assert [who for who, _ in told(desk)] == [DUTY]

    happens(desk, ticket_id, "noted", text="waits for a part")
    pass_time(desk, 4)

    assert [who for who, _ in told(desk)] == [DUTY, DUTY]


def test_working_hours_keep_a_night_from_breaking_a_promise(store: SqlStore) -> None:
    office = WorkingHours(hours=("08:30-12:00", "13:30-17:30"))
    desk = a_desk(store, SlaHandler(levels=LEVELS, calendar="office", calendars={"office": office}))
    desk.clock.advance(timedelta(hours=5))  # 17:00 in Shanghai, on a Thursday

    ticket_id = notice(desk)
    pass_time(desk, 15)
    assert told(desk) == []
    pass_time(desk, 1)

    assert [who for who, _ in told(desk)] == [DUTY]
    assert due(desk, ticket_id, "response") == timedelta(hours=22)
