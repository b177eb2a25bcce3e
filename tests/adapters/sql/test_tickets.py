import threading
from datetime import UTC, datetime

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import (
    Classification,
    Event,
    Facts,
    FaultClass,
    Kind,
    Participant,
    Role,
    Status,
    Ticket,
)
from faultdesk.errors import DatabaseUnavailableError, NotFoundError
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.letters import OutgoingMail

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
ABOUT = Classification(
    kind=Kind.FAULT, fault_class=FaultClass.LINE, facts=Facts(phone="188"), evidence=("断",)
)


def open_ticket(
    store: SqlStore, noticed_at: datetime = NOW, classification: Classification = ABOUT
) -> Ticket:
    message = a_message(id=0)
    with store.write() as tx:
        ticket = tx.tickets.open(message, classification, noticed_at, NOW)
        data = {"noticed_at": noticed_at.isoformat(), "promise": {"response": 7200}}
        tx.tickets.record(ticket.id, [Event("opened", data)], NOW)
        return ticket


def test_references_rise_within_a_year_and_begin_anew_with_the_next(store: SqlStore) -> None:
    first, second = open_ticket(store), open_ticket(store)
    next_year = open_ticket(store, datetime(2027, 1, 1, tzinfo=UTC))

    assert [ticket.reference for ticket in (first, second, next_year)] == [
        "FD-2026-000001",
        "FD-2026-000002",
        "FD-2027-000001",
    ]


def test_references_given_from_two_threads_are_never_the_same(store: SqlStore) -> None:
    open_ticket(store)
    references: list[str] = []

    def work() -> None:
        references.extend(open_ticket(store).reference for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(references)) == 40


def test_a_ticket_comes_back_as_it_was_opened(store: SqlStore) -> None:
    opened = open_ticket(store)

    with store.read() as tx:
        found = tx.tickets.get(opened.id)

    assert found.classification == ABOUT
    assert found.requester == Address("client@owner.example", "Li Ming")
    assert found.deadlines[0].due_at == datetime(2026, 3, 5, 6, 0, tzinfo=UTC)


def test_a_ticket_is_found_by_its_reference_in_any_case(store: SqlStore) -> None:
    opened = open_ticket(store)

    with store.read() as tx:
        found = tx.tickets.find(opened.reference.lower())

    assert found is not None
    assert found.id == opened.id


def test_an_unknown_ticket_is_not_found(store: SqlStore) -> None:
    with store.read() as tx:
        assert tx.tickets.find("FD-2026-999999") is None
        with pytest.raises(NotFoundError, match="no ticket 99"):
            tx.tickets.get(99)


def test_the_log_is_read_oldest_first_with_its_data(store: SqlStore) -> None:
    ticket = open_ticket(store)
    with store.write() as tx:
        tx.tickets.record(ticket.id, [Event("a", {"文": 1}, actor="x"), Event("b")], NOW)

    with store.read() as tx:
        events = tx.tickets.events(ticket.id)

    assert [event.kind for event in events] == ["opened", "a", "b"]
    assert events[1] == Event("a", {"文": 1}, NOW, "x")


def test_an_engineer_in_the_clients_copy_becomes_the_engineer_and_stays_it(store: SqlStore) -> None:
    ticket = open_ticket(store)
    somebody = Address("duty@faultdesk.example")
    with store.write() as tx:
        for role in (Role.CLIENT, Role.ENGINEER, Role.STAFF, Role.CLIENT):
            tx.tickets.add_participants(ticket.id, [Participant(somebody, role)])

    with store.read() as tx:
        assert tx.tickets.get(ticket.id).role_of("duty@faultdesk.example") is Role.ENGINEER


def mail(message_id: str = "<fd.1@x>") -> OutgoingMail:
    return OutgoingMail(
        ticket_id=None,
        message_id=message_id,
        purpose="acknowledgement",
        recipients=["client@owner.example"],
        content=b"octets",
        automatic=True,
        internal=False,
    )


def test_a_mail_decided_twice_is_filed_once(store: SqlStore) -> None:
    with store.write() as tx:
        row = tx.tickets.add_mail(mail(), "s", "t")
        again = tx.tickets.add_mail(mail(), "s", "t")
        assert row is not None
        assert tx.tickets.mail(row).content == b"octets"

    assert again is None


def test_sent_mails_count_against_an_address_by_the_hour(store: SqlStore) -> None:
    with store.write() as tx:
        row = tx.tickets.add_mail(mail(), "s", "t")
        assert row is not None
        tx.tickets.mark_sent(tx.tickets.mail(row), NOW)

    with store.read() as tx:
        assert tx.tickets.sent_to("client@owner.example", NOW) == 1
        assert tx.tickets.sent_to("client@owner.example", NOW.replace(hour=5)) == 0


def test_a_status_changes(store: SqlStore) -> None:
    ticket = open_ticket(store)
    with store.write() as tx:
        tx.tickets.set_status(ticket.id, Status.RESOLVED)

    with store.read() as tx:
        assert tx.tickets.get(ticket.id).status is Status.RESOLVED


def test_what_waits_for_a_commit_does_not_happen_without_it(store: SqlStore) -> None:
    ran: list[str] = []
    with store.write() as tx:
        tx.after_commit(lambda: ran.append("committed"))
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.after_commit(lambda: ran.append("rolled back"))
        raise RuntimeError

    assert ran == ["committed"]


def test_a_database_that_is_not_there_is_said_to_be_unavailable() -> None:
    from faultdesk.adapters.sql.database import Database  # noqa: PLC0415 - only here

    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")

    with pytest.raises(DatabaseUnavailableError, match="database:"), database.read():
        pass
