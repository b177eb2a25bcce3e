import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapters.sql.kept import (
    LI,
    WANG,
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
from faultdesk.adapters.sql.blanking import received_for
from faultdesk.adapters.sql.export import Exported, export
from faultdesk.adapters.sql.person import Erased, erase, find, is_sender
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.adapters.sql.tables import message
from faultdesk.errors import DatabaseUnavailableError, PermanentError
from faultdesk.pipeline.audit import audit
from faultdesk.pipeline.ledger import SEND_MAIL
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage
from pipeline.desk import PlayedDesk

ADDRESS = LI.address


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    """A desk with a resolved ticket and an open one of Li Ming."""
    played = a_desk(store)
    a_resolved_ticket(played, 1)
    receive(played, notice(2))
    return played


def erased(desk: PlayedDesk, *, dry_run: bool = False) -> Erased:
    return erase(desk.store.database, ADDRESS, desk.clock.now(), dry_run=dry_run)


def ignored(desk: PlayedDesk, content: bytes) -> int:
    """Have a message in the ledger that no ticket holds."""
    with desk.store.write() as tx:
        raw = RawMessage("900", content, desk.clock.now(), len(content))
        tx.inbox.add("service", Batch((raw,), Cursor(1, 900)), desk.clock.now())
        (received,) = tx.inbox.claim(9, 10**6)
        tx.inbox.ignore(received.id, f"automatic: sender {ADDRESS}")
    return received.id


def signs_of_texts(desk: PlayedDesk) -> int:
    with desk.store.database.read() as connection:
        found: int = connection.execute(select(func.count(message.c.likeness))).scalar_one()
    return found


def test_a_person_is_found_as_client_as_sender_and_as_recipient(desk: PlayedDesk) -> None:
    joined = receive(desk, notice(3, WANG, cc=(LI,)))

    assert find(desk.store.database, ADDRESS).tickets == [1, 2, joined]
    assert find(desk.store.database, "i@owner.example").tickets == []


def test_of_an_erased_person_no_word_is_left_and_the_figures_stay(desk: PlayedDesk) -> None:
    before = figures(desk.store)
    ignored(desk, raw_mail(LI, "advert"))
    assert still_there(desk.store) == list(WORDS)
    assert signs_of_texts(desk) > 0

    told = erased(desk)

    assert told == Erased(2, 1, [])
    assert still_there(desk.store) == []
    assert signs_of_texts(desk) == 0
    assert figures(desk.store) == before
    assert desk.events(1)[-1] == "person_erased"


def test_the_tickets_of_one_person_stay_those_of_one_person(desk: PlayedDesk) -> None:
    erased(desk)

    with desk.store.read() as tx:
        first, second = tx.tickets.get(1), tx.tickets.get(2)
    assert first.requester == second.requester
    assert first.requester.address.startswith("erased-")
    assert first.role_of(first.requester.address) == "client"


def test_of_an_engineer_who_was_erased_nothing_tells_whose_the_work_was(desk: PlayedDesk) -> None:
    erase(desk.store.database, "duty@faultdesk.example", desk.clock.now(), dry_run=False)

    with desk.store.database.read() as connection:
        left = connection.exec_driver_sql("SELECT engineer FROM ticket").scalars().all()
    assert left
    assert all(one is None or one.startswith("erased-") for one in left)
    assert "duty@" not in everything(desk.store)


def test_what_was_erased_passes_the_audit(desk: PlayedDesk) -> None:
    erased(desk)

    assert (
        audit(
            SqlBooks(desk.store.database),
            (),
            (SEND_MAIL, "sla.check", "dispatch.order", "dispatch.unanswered"),
            desk.clock.now(),
        ).findings
        == []
    )


def test_an_open_ticket_lives_on(desk: PlayedDesk) -> None:
    erased(desk)

    change(desk, 2, "answered")
    pass_time(desk, timedelta(days=3))

    assert figures(desk.store)[1]["response_met"] is not None


def test_another_persons_words_stay(desk: PlayedDesk) -> None:
    ticket = receive(desk, notice(7, WANG, text="gate 7 is dead", cc=(LI,)))
    thread = (desk.seal.message_id(ticket, "x", "faultdesk.example"),)
    for _ in range(2):  # the second is the same message once more
        receive(desk, notice(8, text="FD: call 13800138000", references=thread))
    assert len(desk_rows(desk, ticket)) == 3

    erased(desk)

    stored = everything(desk.store)
    assert "gate 7 is dead" in stored
    assert "Wang Fang" in stored
    assert still_there(desk.store, ("li@owner", "Li Ming", "13800138000")) == []


def desk_rows(desk: PlayedDesk, ticket: int) -> list[int]:
    """List all that was received for a ticket."""
    with desk.store.database.read() as connection:
        return received_for(connection, [ticket])


def test_a_ticket_on_hold_is_named_and_left(desk: PlayedDesk) -> None:
    change(desk, 1, "hold_set")

    told = erased(desk)

    assert told.refused == ["FD-2026-000001"]
    assert told.tickets == 1
    assert "construction" in still_there(desk.store)


def test_a_ticket_with_mail_on_its_way_is_named_and_left(desk: PlayedDesk) -> None:
    receive(desk, notice(2, text="more", references=(desk.seal.message_id(2, "x", "faultdesk.example"),)))
    with desk.store.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO job (kind, ticket_id, arguments, lane, state, run_at, tries)"
            " VALUES ('mail.send', 2, '{}', 'ticket/2', 'held', '2026-01-01', 0)"
        )

    assert erased(desk).refused == ["FD-2026-000002"]


def test_a_dry_run_erases_nothing(desk: PlayedDesk) -> None:
    ignored(desk, raw_mail(LI, "advert"))
    before = everything(desk.store)

    assert erased(desk, dry_run=True) == Erased(2, 1, [])

    assert everything(desk.store) == before


def test_erasing_twice_finds_nothing_more(desk: PlayedDesk) -> None:
    erased(desk)

    assert erased(desk) == Erased(0, 0, [])


def test_an_erased_mail_is_never_collected_as_new(desk: PlayedDesk) -> None:
    raw = RawMessage("1", raw_mail(LI, notice(1).text), desk.clock.now(), 1)
    erased(desk)

    with desk.store.write() as tx:
        again = tx.inbox.add("service", Batch((raw,), Cursor(2, 1)), desk.clock.now())

    assert again == 0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"From: Li <li@owner.example>", True),
        (b"From: =?utf-8?b?5p2O?=\r\n <LI@OWNER.EXAMPLE>", True),
        (b"Return-Path: <li@owner.example>", True),
        (b"To: li@owner.example", False),
        (b"From: xli@owner.example", False),
        (b"From: li@owner.example.org", False),
        (b"Subject: x\r\n\r\nFrom: li@owner.example", False),
    ],
)
def test_a_sender_is_told_by_the_header(header: bytes, expected: bool) -> None:  # noqa: FBT001 - parametrized
    assert is_sender(ADDRESS, b"X: y\r\n" + header + b"\r\n\r\nhello") is expected


def test_an_export_holds_the_mails_as_they_came_and_went_and_the_tickets(
    desk: PlayedDesk, tmp_path: Path
) -> None:
    ignored(desk, raw_mail(LI, "advert"))
    receive(desk, notice(7, WANG))
    file = tmp_path / "li.zip"

    told = export(desk.store.database, ADDRESS, file)

    assert told.tickets == 2
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as parts:
        names = parts.namelist()
        tickets = json.loads(parts.read("tickets.json"))
        assert parts.read("received-1.eml") == raw_mail(LI, notice(1).text)
        sent = [parts.read(name) for name in names if name.startswith("sent-")]
        whole = "".join(parts.read(name).decode() for name in names)
    assert len(names) == 1 + told.mails
    assert sum(name.startswith("received-") for name in names) == 3
    assert sum(b"To: Li Ming <li@owner.example>" in mail for mail in sent) == len(sent) == 3
    assert [ticket["reference"] for ticket in tickets] == ["FD-2026-000001", "FD-2026-000002"]
    assert tickets[0]["messages"][0]["text"] == notice(1).text
    assert tickets[0]["events"][0]["kind"] == "opened"
    assert "wang@" not in whole
    assert "duty@" not in json.dumps([event for ticket in tickets for event in ticket["events"]])


def test_an_export_of_nobody_is_empty(desk: PlayedDesk, tmp_path: Path) -> None:
    assert export(desk.store.database, "nobody@owner.example", tmp_path / "x.zip") == Exported(0, 0)


def test_an_export_overwrites_nothing(desk: PlayedDesk, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("mine")

    with pytest.raises(PermanentError, match="is there already"):
        export(desk.store.database, ADDRESS, tmp_path / "x.zip")
    with pytest.raises(DatabaseUnavailableError, match="No such file"):
        export(desk.store.database, ADDRESS, tmp_path / "nowhere/x.zip")

    assert (tmp_path / "x.zip").read_text() == "mine"
