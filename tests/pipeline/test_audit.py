"""Every finding, produced by damaging what it speaks of."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from faultdesk.adapters.sql.audit import SqlBooks
from faultdesk.adapters.sql.listings import job_rows
from faultdesk.adapters.sql.mending import drop_job
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.ticket import Event
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.audit import Report, audit
from faultdesk.pipeline.ledger import SEND_MAIL
from faultdesk.pipeline.ports import Mailbox
from faultdesk_acknowledge import AcknowledgeHandler
from pipeline.desk import PlayedDesk

NOTICE = b"From: li@owner.example\n\nThe lift stands still.\n"


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    """A desk that did all its work: one ticket, one acknowledgement sent."""
    played = PlayedDesk(store, {"acknowledge": AcknowledgeHandler()})
    played.decide(a_message())
    played.perform()
    return played


def audited(desk: PlayedDesk, *mailboxes: Mailbox, kinds: Sequence[str] = (SEND_MAIL,)) -> Report:
    return audit(SqlBooks(desk.store.database), mailboxes, kinds, desk.clock.now())


def found(desk: PlayedDesk, *mailboxes: Mailbox) -> list[tuple[str, str]]:
    return [(one.subject, one.problem) for one in audited(desk, *mailboxes).findings]


def damage(desk: PlayedDesk, *statements: str) -> None:
    with desk.store.database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_desk_that_did_its_work_misses_nothing(desk: PlayedDesk) -> None:
    report = audited(desk)

    assert report.findings == []
    assert report.summary == "1 message, 1 ticket, no mailbox looked at: nothing is missing"


def test_mail_on_its_way_is_nothing_missing(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))

    assert found(desk) == []


def test_a_message_that_waits_for_more_than_an_hour_is_stuck(desk: PlayedDesk) -> None:
    desk.receive(b"x")
    assert found(desk) == []

    desk.clock.advance(timedelta(hours=1, seconds=1))

    assert found(desk) == [("message 2", "waits for triage for more than an hour")]


def test_a_state_that_does_not_exist_is_found(desk: PlayedDesk) -> None:
    damage(desk, "UPDATE inbox SET state = 'thinking'")

    assert found(desk) == [("message 1", "is in a state that does not exist: thinking")]


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_message_that_no_ticket_holds_is_found(desk: PlayedDesk, state: str) -> None:
    damage(
        desk,
        f"UPDATE inbox SET state = '{state}'",  # noqa: S608
        "DELETE FROM message WHERE inbox_id IS NOT NULL",
    )

    assert found(desk) == [("message 1", "is done, but no ticket holds it")]


def test_a_message_on_two_tickets_is_found(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))
    damage(desk, "UPDATE inbox SET state = 'ignored' WHERE id = 2")

    damage(desk, "UPDATE message SET inbox_id = 1 WHERE inbox_id = 2")

    assert found(desk) == [("message 1", "is on more than one ticket")]


def test_a_ticket_that_nobody_acknowledged_is_found(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    desk.decide(a_message())

    assert [problem for _, problem in found(desk)] == ["was never acknowledged"]


def test_a_refusal_to_acknowledge_is_a_decision(store: SqlStore) -> None:
    desk = PlayedDesk(store, {"acknowledge": AcknowledgeHandler()}, address="client@owner.example")

    ticket_id = desk.decide(a_message())

    assert "mail_withheld" in desk.events(ticket_id)
    assert found(desk) == []


def test_a_persons_answer_ends_the_want_of_an_acknowledgement(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    ticket_id = desk.decide(a_message())
    assert ticket_id is not None

    with store.write() as tx:
        desk.changes.change(tx, ticket_id, Event("answered"))

    assert found(desk) == []


def test_a_decided_mail_without_its_job_is_found(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))

    damage(desk, "DELETE FROM job")

    assert [problem for _, problem in found(desk)] == ["was decided, and is neither sent nor under way"]


def test_a_mail_that_the_rate_cap_withheld_is_nothing_missing(store: SqlStore) -> None:
    desk = PlayedDesk(store, {"acknowledge": AcknowledgeHandler()}, hourly_cap=1)
    for number in (1, 2):
        desk.decide(a_message(message_id=f"<{number}@owner.example>", text=f"{number}"))
        desk.perform()

    assert len(desk.mailer.sent) == 1
    assert found(desk) == []


def test_a_mail_that_an_operator_dropped_is_nothing_missing(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))
    damage(desk, "UPDATE job SET state = 'parked'")

    with desk.store.database.write() as connection:
        (job,) = job_rows(connection, None, 9)
        assert drop_job(connection, job["id"])

    assert found(desk) == []


def test_a_job_for_a_mail_that_does_not_exist_is_found(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))

    damage(desk, "DELETE FROM message WHERE at IS NULL")

    assert ("job 2", "shall send a mail that does not exist") in found(desk)


def test_a_job_for_a_ticket_that_does_not_exist_is_found(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))

    lift = (
        "PRAGMA foreign_keys=OFF"
        if desk.store.database.is_sqlite
        else "ALTER TABLE job DROP CONSTRAINT fk_job_ticket_id_ticket"
    )
    with desk.store.database.session() as connection:
        connection.exec_driver_sql(lift)
        connection.exec_driver_sql("UPDATE job SET ticket_id = 99")

    assert found(desk) == [("job 2", "belongs to a ticket that does not exist")]


def test_a_job_that_nobody_performs_is_found(desk: PlayedDesk) -> None:
    desk.decide(a_message(message_id="<2@owner.example>", text="another"))

    assert [one.problem for one in audited(desk, kinds=("sla.check",)).findings] == [
        "is of a kind that no handler performs"
    ]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE ticket SET status = 'resolved'", "status is resolved, its log says new"),
        ("DELETE FROM event WHERE kind = 'opened'", "noticed_at is"),
        ("UPDATE ticket SET held = NOT held", "held is True, its log says False"),
    ],
)
def test_a_ticket_that_does_not_agree_with_its_log_is_found(
    desk: PlayedDesk, statement: str, problem: str
) -> None:
    damage(desk, statement)

    ((subject, told),) = found(desk)
    assert subject.startswith("FD-2026-")
    assert told.startswith(problem)
