"""Corrections as lessons: derived from log and messages, and gone with the words."""

from datetime import timedelta

from adapters.sql.kept import LI, WANG, a_desk, notice, pass_time, receive, resolve
from faultdesk.adapters.sql.person import erase
from faultdesk.adapters.sql.purge import purge
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.correction import RECLASSIFIED, Correction
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event, Role
from pipeline.desk import PlayedDesk


def correct(desk: PlayedDesk, ticket_id: int, actor: str = "operator", **data: object) -> None:
    known: dict[str, object] = {"labels": {"system": "cctv"}}
    with desk.store.write() as tx:
        desk.changes.change(tx, ticket_id, Event(RECLASSIFIED, known | data, actor=actor))


def corrections(store: SqlStore, limit: int = 99) -> tuple[Correction, ...]:
    with store.read() as tx:
        return tx.tickets.corrections(limit)


def test_a_correction_holds_the_message_what_was_read_and_who_said_otherwise(store: SqlStore) -> None:
    desk = a_desk(store)
    receive(desk, notice(1))
    ticket_id = receive(desk, notice(2, references=("<0@owner.example>",)))
    receive(desk, notice(3, references=("<2@owner.example>",), text="and a second one"))

    correct(desk, ticket_id)
    correct(desk, ticket_id, LI.address, labels={"severity": "low"}, role=Role.CLIENT, inbox=3)

    (one,) = corrections(store)
    assert (one.reference, one.message.subject) == ("FD-2026-000002", "access control out of order")
    assert one.message.text == "access control at gate 2 is dead, call 13800138000"
    assert (one.message.sender, one.message.references) == (LI, ("<0@owner.example>",))
    assert one.answers["classify"]["system"] == "access_control"
    assert [(said.labels, said.by, said.is_the_desks) for said in one.said] == [
        ({"system": "cctv"}, "operator", True),
        ({"severity": "low"}, LI.address, False),
    ]


def test_the_latest_are_given_oldest_ticket_first(store: SqlStore) -> None:
    desk = a_desk(store)
    for number in (1, 2, 3):
        receive(desk, notice(number, Address(f"{number}@owner{number}.example")))
    for ticket_id in (3, 1, 2):
        correct(desk, ticket_id)

    assert [one.reference for one in corrections(store, limit=2)] == ["FD-2026-000001", "FD-2026-000002"]


def test_what_was_purged_teaches_nothing_any_more(store: SqlStore) -> None:
    desk = a_desk(store)
    for number in (1, 2):
        correct(desk, receive(desk, notice(number)))
    resolve(desk, 1)
    pass_time(desk, timedelta(days=800))

    purge(store.database, desk.clock.now() - timedelta(days=730), desk.clock.now(), dry_run=False)

    assert [one.reference for one in corrections(store)] == ["FD-2026-000002"]


def test_what_an_erased_person_wrote_teaches_nothing_any_more(store: SqlStore) -> None:
    desk = a_desk(store)
    for number, sender in ((1, LI), (2, WANG)):
        correct(desk, receive(desk, notice(number, sender)))

    erase(store.database, LI.address, desk.clock.now(), dry_run=False)

    assert [one.message.sender.address for one in corrections(store)] == [WANG.address]
