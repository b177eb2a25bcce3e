"""What tickets are looked for by: like faults, who works on them, their next deadline, what opened them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from faultdesk.adapters.sql.listings import Wanted, count, tickets
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.adapters.sql.tables import ticket
from faultdesk.domain.message import Address, Attachment
from faultdesk.domain.promise import next_due
from faultdesk.domain.ticket import Classification, Event, FaultClass, Kind, Status
from faultdesk.errors import NotFoundError
from faultdesk.handlers.testing import a_message
from pipeline.desk import PlayedDesk

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWED = {"basis": "in_warranty", "charge": "free"}


def a_ticket(
    store: SqlStore,
    *more: Event,
    system: str = "cctv",
    fault_class: FaultClass = FaultClass.LINE,
    client: str = "",
    promise: Mapping[str, Any] = {"response": 7200},
    at: datetime = NOW,
) -> int:
    about = Classification(kind=Kind.FAULT, system=system, fault_class=fault_class)
    with store.write() as tx:
        ticket = tx.tickets.open(a_message(id=0), about, at, at)
        opened = Event("opened", {"noticed_at": at.isoformat(), "promise": promise})
        judged = Event("entitled", {**OWED, "client": client})
        tx.tickets.record(ticket.id, [opened, judged, *more], at)
        if any(event.kind == "resolved" for event in more):
            tx.tickets.set_status(ticket.id, Status.RESOLVED)
    return ticket.id


def solved(cause: str) -> Event:
    return Event("resolved", {"cause": cause, "method": "new plug"})


def causes(store: SqlStore, ticket_id: int) -> list[str]:
    with store.read() as tx:
        return [fault.cause for fault in tx.tickets.similar(tx.tickets.get(ticket_id))]


def test_like_faults_are_the_clients_own_first_then_of_the_same_system_and_class(store: SqlStore) -> None:
    a_ticket(store, solved("another class of theirs"), fault_class=FaultClass.VIRUS, client="Plaza")
    a_ticket(store, solved("of somebody else"), client="Mall")
    a_ticket(store, solved("another system"), system="parking", client="Plaza")
    a_ticket(store, client="Plaza")  # open: nothing is known of it yet
    a_ticket(store, solved(""), client="Plaza")  # purged
    mine = a_ticket(store, client="Plaza")

    assert causes(store, mine) == ["another class of theirs", "of somebody else"]


def test_three_of_them_are_told_the_latest_first(store: SqlStore) -> None:
    for number in range(5):
        a_ticket(store, solved(f"cause {number}"))

    assert causes(store, a_ticket(store)) == ["cause 4", "cause 3", "cause 2"]


def test_open_tickets_are_counted_by_who_works_on_them(store: SqlStore) -> None:
    wang, zhao = "wang@desk.example", "zhao@desk.example"
    for _ in range(2):
        a_ticket(store, Event("assigned", {"engineer": wang}))
    a_ticket(store, Event("assigned", {"engineer": wang}), solved("x"))
    a_ticket(store, Event("assigned", {"engineer": wang}), Event("assigned", {"engineer": zhao}))
    a_ticket(store, Event("assigned", {"engineer": zhao}), Event("unassigned", {"reasons": []}))

    with store.read() as tx:
        assert tx.tickets.open_of([wang, zhao, "li@desk.example"]) == {wang: 2, zhao: 1, "li@desk.example": 0}


def listed(store: SqlStore, wanted: Wanted) -> list[int]:
    with store.database.read() as connection:
        return [int(row["reference"][-6:]) for row in tickets(connection, wanted, 10)]


def test_tickets_are_listed_by_their_next_deadline(store: SqlStore) -> None:
    late = a_ticket(store, promise={"response": 7200, "on_site": 86400})
    soon = a_ticket(store, promise={"response": 3600})
    calm = a_ticket(store, Event("answered", {}, NOW))  # every clock is met, and the fault is there
    with store.write() as tx:
        tx.tickets.record(late, [Event("answered", {}, NOW + HOUR)], NOW)

    assert listed(store, Wanted(by_deadline=True)) == [soon, late, calm]
    assert listed(store, Wanted(due_before=NOW + 2 * HOUR)) == [soon]


def test_while_the_client_is_waited_for_no_deadline_is_next(store: SqlStore) -> None:
    answered = Event("answered", {}, NOW)
    waits = a_ticket(store, answered, Event("waiting", {}, NOW), promise={"response": 60, "on_site": 86400})

    assert listed(store, Wanted(by_deadline=True)) == [waits]
    assert listed(store, Wanted(due_before=NOW + 999 * HOUR)) == []
    with store.database.read() as connection:
        (row,) = tickets(connection, Wanted(by_deadline=True), 10)
    assert (row["due"], row["is_waiting"]) == (None, True)


def test_an_advert_has_no_place_by_deadline(store: SqlStore) -> None:
    about = Classification(kind=Kind.OTHER, unsolicited=True)
    with store.write() as tx:
        tx.tickets.open(a_message(id=0), about, NOW, NOW)

    assert listed(store, Wanted(by_deadline=True)) == []
    assert len(listed(store, Wanted())) == 1


def test_more_than_are_listed_are_counted(store: SqlStore) -> None:
    for _ in range(3):
        a_ticket(store)
    a_ticket(store, solved("x"))

    with store.database.read() as connection:
        assert len(tickets(connection, Wanted(), 2)) == 2
        assert count(connection, Wanted()) == 3
        assert count(connection, Wanted(with_ended=True)) == 4


def test_a_list_tells_what_is_owed_and_what_a_ticket_ended_without(store: SqlStore) -> None:
    number = a_ticket(store, Event("closed", {"reason": "double", "lacks": ["report"]}))
    with store.write() as tx:
        tx.tickets.set_status(number, Status.CLOSED)

    with store.database.read() as connection:
        (row,) = tickets(connection, Wanted(with_ended=True), 10)

    assert (row["basis"], row["charge"], row["lacks"]) == (OWED["basis"], OWED["charge"], ["report"])


def test_tickets_are_listed_by_client_and_state(store: SqlStore) -> None:
    plaza = a_ticket(store, client="Plaza")
    mall = a_ticket(store, solved("x"), client="Mall")

    assert listed(store, Wanted(client="Plaza")) == [plaza]
    assert listed(store, Wanted(client="owner.example", with_ended=True)) == [plaza, mall]
    assert listed(store, Wanted(status="resolved")) == [mall]


def test_the_message_that_opened_a_ticket_is_given_as_it_is_kept(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    photo = Attachment("门.jpg", "image/jpeg", 7)
    ticket_id = desk.decide(a_message("dark", signature="Li\n13800138000", attachments=(photo,)))
    assert ticket_id is not None

    with store.read() as tx:
        notice = tx.tickets.notice(ticket_id)
        with pytest.raises(NotFoundError):
            tx.tickets.notice(999)

    assert (notice.id, notice.text, notice.signature) == (1, "dark", "Li\n13800138000")
    assert notice.sender == Address("client@owner.example", "Li Ming")
    assert notice.attachments == (photo,)


HAPPENS = st.sampled_from(
    [
        Event("answered", {}),
        Event("answered", {"purpose": "answer"}),
        Event("accepted", {}),
        Event("arrived", {}),
        Event("waiting", {"reason": "key"}),
        Event("resumed", {}),
        Event("resolved", {"number": 1}),
        Event("reopened", {"reason": "again"}),
        Event("mail_sent", {"purpose": "report"}),
        Event("undelivered", {"purpose": "answer"}),
        Event("undelivered", {"purpose": "report"}),
        Event("message_received", {}),
        Event("promised", {"promise": {"response": 1800, "on_site": 7200, "progress": 900}}),
        Event("noticed_earlier", {"noticed_at": (NOW - HOUR).isoformat()}),
    ]
)


@given(st.lists(st.tuples(HAPPENS, st.integers(0, 300)), max_size=10))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_next_deadline_as_it_was_kept_step_by_step_is_that_of_the_whole_log(
    sqlite_store: SqlStore, happened: list[tuple[Event, int]]
) -> None:
    number = a_ticket(
        sqlite_store, promise={"response": 7200, "on_site": 86400, "progress": 14400, "report": 3600}
    )
    at = NOW
    for what, minutes in happened:
        at += timedelta(minutes=minutes)
        with sqlite_store.write() as tx:
            tx.tickets.record(number, [Event(what.kind, what.data, at)], at)

    with sqlite_store.database.read() as connection:
        kept = connection.execute(select(ticket.c.due_at).where(ticket.c.id == number)).scalar_one()
    with sqlite_store.read() as tx:
        assert kept == next_due(tx.tickets.events(number))
