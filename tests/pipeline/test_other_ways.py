"""By what else a client is reached when a fax does not get through, or names no number."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from faultdesk.adapters.sql.mending import retry_parked
from faultdesk.adapters.sql.person import erase
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.decision import File, Mail
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Classification, Event, Facts, Kind, Participant, Role, Status
from faultdesk.errors import FaxRefusedError
from faultdesk.handlers import Handler, hookimpl
from faultdesk_acknowledge import AcknowledgeHandler
from pipeline.desk import PlayedDesk
from pipeline.faxed import (
    LI,
    NEXT,
    NUMBER,
    OWNER,
    RECORDED,
    TIFF,
    Gateway,
    a_fax,
    a_page,
    called,
    mailed,
    opened,
    record,
    take_part,
)


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"gateway": Gateway(), "acknowledge": AcknowledgeHandler()})


def test_a_fax_that_failed_goes_by_mail_where_an_address_is_known(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    with desk.store.write() as tx:
        tx.tickets.add_participants(ticket_id, [Participant(Address("li@owner.example"), Role.CLIENT)])
    desk.perform()

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["li@owner.example"]]
    assert "fax_failed" in desk.events(ticket_id)


def test_a_report_whose_fax_failed_goes_by_mail_with_its_pages(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()
    report = Mail(
        name="report/1/1",
        ticket_id=ticket_id,
        to=(Address("fax:+862088881111"),),
        subject="报告",
        text="见附件",
        purpose="report",
        files=(File("报告.pdf", "application/pdf", b"%PDF-1.7 pages"),),
    )
    with desk.store.write() as tx:
        tx.tickets.add_participants(ticket_id, [Participant(Address("li@owner.example"), Role.CLIENT)])
        desk.ledger.apply(tx, ticket_id, "report", report)
    desk.perform()
    assert desk.fax_sender.sent[-1][2] == b"%PDF-1.7 pages"

    desk.decide(a_fax("receipt failed 2"))
    desk.perform()

    ((_, recipients, octets),) = desk.mailer.sent
    assert recipients == ["li@owner.example"]
    (pdf,) = message_from_bytes(octets, policy=policy.default).iter_attachments()
    assert pdf.get_content() == b"%PDF-1.7 pages"


def test_a_fax_that_failed_with_no_other_way_has_the_client_phoned(desk: PlayedDesk) -> None:
    opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    ((_, recipients, content),) = desk.mailer.sent
    assert recipients == ["ops@faultdesk.example"]
    assert b"FD-2026-000001" in content


def test_a_fax_that_failed_goes_to_the_client_s_next_number_before_it_goes_by_mail(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address, f"fax:{NEXT}")
    desk.perform()

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()
    assert (called(desk), mailed(desk)) == ([NUMBER, NEXT], [])

    desk.decide(a_fax("receipt failed 2"))
    desk.perform()
    assert (called(desk), mailed(desk)) == ([NUMBER, NEXT], [[LI.address]])


def test_a_fax_that_failed_goes_where_the_table_of_clients_says(desk: PlayedDesk) -> None:
    record(desk, OWNER)
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    for job in (1, 2):
        desk.decide(a_fax(f"receipt failed {job}"))
        desk.perform()

    # Not +862087561234, which nobody says is a fax machine.
    assert (called(desk), mailed(desk)) == ([NUMBER, RECORDED], [["wang@binjiang.example"]])
    with desk.store.read() as tx:
        assert tx.tickets.get(ticket_id).role_of(f"fax:{RECORDED}") is Role.CLIENT


def test_a_fax_that_no_gateway_takes_goes_another_way_and_the_desk_is_told(
    desk: PlayedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)

    def refuse(*_: object) -> str:
        raise FaxRefusedError("no such number")

    monkeypatch.setattr(desk.fax_sender, "send", refuse)
    desk.perform()

    assert sorted(mailed(desk)) == [[LI.address], ["ops@faultdesk.example"]]


class Reads(Handler, frozen=True):
    """Finds these facts in every message."""

    facts: Facts

    @hookimpl
    def classify_message(self) -> Classification:
        return Classification(kind=Kind.FAULT, confidence=1.0, facts=self.facts)


def a_desk_that_reads(store: SqlStore, facts: Facts) -> PlayedDesk:
    handlers = {"gateway": Gateway(), "reads": Reads(facts), "acknowledge": AcknowledgeHandler()}
    desk = PlayedDesk(store, handlers)
    record(desk, OWNER)
    return desk


def test_a_fax_without_a_number_is_answered_at_the_number_that_is_on_record(store: SqlStore) -> None:
    desk = a_desk_that_reads(store, Facts(project="滨江广场", phone="020-87561299"))

    ticket_id = opened(desk, a_page("滨江广场二楼门禁坏了"), message=a_fax("anonymous 1 k1", TIFF))
    desk.perform()

    assert called(desk) == [RECORDED]
    assert "answered_on_record" in desk.events(ticket_id)
    with desk.store.read() as tx:
        assert tx.tickets.get(ticket_id).requester == Address(f"fax:{RECORDED}")


def test_a_contract_s_number_alone_which_may_be_misread_sends_no_answer_to_anybody(store: SqlStore) -> None:
    desk = a_desk_that_reads(store, Facts(contract_no="YH-1"))

    opened(desk, a_page("合同 YH-1 门禁坏了"), message=a_fax("anonymous 1 k1", TIFF))
    desk.perform()

    assert called(desk) == []


def test_who_waits_for_a_receipt_is_not_erased_meanwhile(desk: PlayedDesk) -> None:
    opened(desk, a_page("二楼门禁坏了"))
    desk.perform()
    database = desk.store.database

    assert erase(database, f"fax:{NUMBER}", desk.clock.now(), dry_run=False).refused == ["FD-2026-000001"]

    desk.decide(a_fax("receipt delivered 1"))
    assert erase(database, f"fax:{NUMBER}", desk.clock.now(), dry_run=False).refused == []


def test_a_failure_that_is_told_of_who_was_erased_sends_no_empty_letter(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()
    take_part(desk, ticket_id, LI.address)
    with desk.store.write() as tx:
        tx.jobs.cancel("fax.overdue/1")
        tx.jobs.cancel("fax.overdue/2")
    erase(desk.store.database, f"fax:{NUMBER}", desk.clock.now(), dry_run=False)

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    assert mailed(desk) == []


def test_two_letters_of_the_same_words_each_go_another_way(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()
    for key in ("k2", "k3"):
        opened(
            desk,
            a_page("三楼也坏了", codes=("FD-2026-000001",)),
            message=a_fax(f"{NUMBER} 1 {key}", TIFF),
        )
        desk.perform()

    for job in (2, 3):
        desk.decide(a_fax(f"receipt failed {job}"))
    desk.perform()

    assert mailed(desk) == [[LI.address], [LI.address]]


def test_a_misread_contract_s_client_gets_no_letter_that_failed(store: SqlStore) -> None:
    desk = a_desk_that_reads(store, Facts(contract_no="YH-1"))
    opened(desk, a_page("合同 YH-1 门禁坏了"), message=a_fax("+862011112222 1 k1", TIFF))
    desk.perform()

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    assert called(desk) == ["+862011112222"]
    assert mailed(desk) == [["ops@faultdesk.example"]]


def test_what_an_acknowledgement_said_is_old_once_the_ticket_is_resolved(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()
    with desk.store.write() as tx:
        tx.tickets.set_status(ticket_id, Status.RESOLVED)

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    assert mailed(desk) == []


def test_the_number_that_the_desk_chose_itself_proves_nothing(store: SqlStore) -> None:
    desk = a_desk_that_reads(store, Facts(project="滨江广场"))
    ticket_id = opened(desk, a_page("滨江广场二楼门禁坏了"), message=a_fax("anonymous 1 k1", TIFF))
    with desk.store.read() as tx:
        before = tx.tickets.get(ticket_id).entitlement

    with desk.store.write() as tx:
        desk.changes.change(
            tx, ticket_id, Event(RECLASSIFIED, {"labels": {"severity": "high"}}, actor="desk")
        )

    with desk.store.read() as tx:
        assert tx.tickets.get(ticket_id).entitlement == before


def test_a_fax_that_fails_again_after_it_was_retried_is_told_again(
    desk: PlayedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(desk, a_page("二楼门禁坏了"))

    def refuse(*_: object) -> str:
        raise FaxRefusedError("no such number")

    monkeypatch.setattr(desk.fax_sender, "send", refuse)
    desk.perform()
    told = len(desk.mailer.sent)
    desk.clock.advance(timedelta(minutes=1))
    with desk.store.database.write() as connection:
        assert retry_parked(connection, desk.clock.now()) == 1
    desk.perform()

    assert told == 2  # the job that failed, and the client who is to be phoned
    assert len(desk.mailer.sent) == 3
