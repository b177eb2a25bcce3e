import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.kept import (
    LI,
    WORDS,
    a_desk,
    a_resolved_ticket,
    change,
    everything,
    figures,
    notice,
    pass_time,
    raw_mail,
    receive,
    still_there,
)
from faultdesk.adapters.sql.audit import SqlBooks
from faultdesk.adapters.sql.mending import retry_inbox
from faultdesk.adapters.sql.purge import Purged, purge
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.errors import NotFoundError
from faultdesk.pipeline.audit import audit
from faultdesk.pipeline.ledger import SEND_MAIL
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage
from pipeline.desk import PlayedDesk

YEAR = timedelta(days=365)


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    """A desk with a ticket that was resolved more than two years ago."""
    played = a_desk(store)
    a_resolved_ticket(played)
    pass_time(played, 2 * YEAR + timedelta(hours=1))
    return played


def purged(desk: PlayedDesk, age: timedelta = 2 * YEAR, *, dry_run: bool = False) -> Purged:
    now = desk.clock.now()
    return purge(desk.store.database, now - age, now, dry_run=dry_run)


def test_of_an_old_ticket_no_word_is_left_and_its_figures_stay(desk: PlayedDesk) -> None:
    before = figures(desk.store)
    kinds = desk.events(1)
    assert still_there(desk.store) == list(WORDS)

    told = purged(desk)

    assert (told.tickets, told.messages) == (1, 1)
    assert told.octets > 100
    assert still_there(desk.store) == []
    assert "wang@" not in everything(desk.store)
    assert figures(desk.store) == before
    assert desk.events(1) == kinds
    assert before[0]["response_met"] is not None


def test_what_was_purged_passes_the_audit(desk: PlayedDesk) -> None:
    purged(desk)

    report = audit(SqlBooks(desk.store.database), (), (SEND_MAIL,), desk.clock.now())
    assert report.findings == []


def test_a_dry_run_tells_the_same_and_removes_nothing(desk: PlayedDesk) -> None:
    before = everything(desk.store)

    told = purged(desk, dry_run=True)

    assert everything(desk.store) == before
    assert told == purged(desk)


def test_a_second_purge_finds_nothing(desk: PlayedDesk) -> None:
    purged(desk)

    assert purged(desk) == Purged(0, 0, 0)


def test_the_age_is_that_of_the_last_event(desk: PlayedDesk) -> None:
    change(desk, 1, "answered")

    assert purged(desk).tickets == 0


def test_what_came_after_a_purge_is_purged_in_its_time(desk: PlayedDesk) -> None:
    purged(desk)
    pass_time(desk, timedelta(minutes=1))
    receive(desk, notice(9, text="FD-2026-000001 call 13800138000", references=desk_ids(desk)))
    assert "13800138000" in still_there(desk.store)
    pass_time(desk, 2 * YEAR + timedelta(hours=1))

    assert purged(desk).tickets == 1

    assert still_there(desk.store) == []


def desk_ids(desk: PlayedDesk) -> tuple[str, ...]:
    """Give a signed id of the ticket, as an answer to the acknowledgement holds it."""
    return (desk.seal.message_id(1, "acknowledge/1", "faultdesk.example"),)


def test_an_open_ticket_keeps_its_words(store: SqlStore) -> None:
    desk = a_desk(store)
    receive(desk, notice())
    for _ in range(2):  # its escalations are events, too
        pass_time(desk, 3 * YEAR)

    assert purged(desk).tickets == 0
    assert "Li Ming" in still_there(store)


def test_an_advert_is_purged_though_nobody_resolved_it(store: SqlStore) -> None:
    desk = a_desk(store)
    advert = "limited offer, 90% discount, buy followers, click here to unsubscribe from this promotion, call 13800138000"
    ticket = receive(desk, notice(subject="limited offer!!! promotion", text=advert))
    with store.read() as tx:
        assert tx.tickets.get(ticket).classification.unsolicited
    pass_time(desk, 3 * YEAR)

    assert purged(desk).tickets == 1
    assert purged(desk).tickets == 0
    assert "13800138000" not in still_there(store)


def test_a_ticket_on_hold_keeps_its_words_until_it_is_released(desk: PlayedDesk) -> None:
    change(desk, 1, "hold_set")
    pass_time(desk, 3 * YEAR)
    assert purged(desk).tickets == 0

    change(desk, 1, "hold_released")
    pass_time(desk, 3 * YEAR)

    assert purged(desk).tickets == 1


def test_a_ticket_with_a_job_keeps_its_words(desk: PlayedDesk) -> None:
    with desk.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE message SET at = NULL WHERE purpose = 'report'")
        connection.exec_driver_sql(
            "INSERT INTO job (kind, ticket_id, arguments, lane, state, run_at, tries)"
            " VALUES ('mail.send', 1, '{}', 'ticket/1', 'parked', '2026-01-01', 8)"
        )

    assert purged(desk).tickets == 0


def test_ignored_mail_is_purged_by_its_age(store: SqlStore) -> None:
    desk = a_desk(store)
    with store.write() as tx:
        for number in (1, 2):
            at = desk.clock.now() - number * YEAR
            raw = RawMessage(str(number), raw_mail(LI, "advert"), at, 9)
            tx.inbox.add("service", Batch((raw,), Cursor(1, number)), at)
            tx.inbox.ignore(number, "automatic: sender li@owner.example")

    assert purged(desk, 2 * YEAR - timedelta(days=1)).messages == 1

    with store.read() as tx:
        assert b"advert" in tx.inbox.content(1)
        with pytest.raises(NotFoundError, match="message 2 was purged on"):
            tx.inbox.content(2)
    with store.database.write() as connection:
        assert not retry_inbox(connection, 2)


def test_a_purged_mail_is_never_collected_as_new(desk: PlayedDesk) -> None:
    raw = RawMessage("1", raw_mail(LI, notice().text), desk.clock.now(), 1)
    purged(desk)

    with desk.store.write() as tx:
        again = tx.inbox.add("service", Batch((raw,), Cursor(1, 1)), desk.clock.now())
        rescanned = tx.inbox.add("service", Batch((raw,), Cursor(2, 1)), desk.clock.now())

    assert (again, rescanned) == (0, 0)


def test_more_tickets_than_go_into_one_transaction_are_purged(desk: PlayedDesk) -> None:
    names = "status, subject, channel, language, classification, requester_address, requester_name, noticed_at, opened_at"
    with desk.store.database.write() as connection:
        for number in range(2, 252):
            connection.exec_driver_sql(
                f"INSERT INTO ticket (id, reference, {names}) SELECT {number}, 'FD-2026-{number:06}', {names}"  # noqa: S608
                " FROM ticket WHERE id = 1"
            )
            connection.exec_driver_sql(
                f"INSERT INTO event (ticket_id, at, kind, actor, data) SELECT {number}, at, kind, actor, data"  # noqa: S608
                " FROM event WHERE ticket_id = 1"
            )

    assert purged(desk, dry_run=True).tickets == 251
    assert purged(desk).tickets == 251

    assert still_there(desk.store) == []


def test_nothing_of_it_lies_in_the_file_any_more(sqlite_store: SqlStore, tmp_path: Path) -> None:
    desk = a_desk(sqlite_store)
    a_resolved_ticket(desk)
    pass_time(desk, 3 * YEAR)

    with closing(sqlite3.connect(tmp_path / "faultdesk.db")) as daemon:  # keeps the write-ahead log alive
        daemon.execute("SELECT count(*) FROM ticket").fetchone()
        purged(desk)
        octets = b"".join(path.read_bytes() for path in tmp_path.glob("faultdesk.db*"))

    assert b"Li Ming" not in octets
    assert b"13800138000" not in octets
