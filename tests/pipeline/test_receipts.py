"""What follows from a gateway's receipt, or from its silence."""

from datetime import timedelta
from email import message_from_bytes, policy

import msgspec
import pytest

from faultdesk.adapters.sql.person import erase
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.client import Client, Project
from faultdesk.domain.decision import File, Mail
from faultdesk.domain.message import Address, DeliveryReport, RecipientStatus
from faultdesk.domain.ticket import Classification, Facts, Kind, Participant, Role
from faultdesk.errors import FaxRefusedError
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_sla import SlaHandler
from pipeline.desk import PlayedDesk
from pipeline.faxed import NUMBER, TIFF, Gateway, a_fax, a_page, opened


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"gateway": Gateway(), "acknowledge": AcknowledgeHandler()})


def test_a_delivered_fax_is_noted_on_its_ticket(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    receipt = desk.receive()
    desk.decide_received(desk.waiting(receipt), a_fax("receipt delivered 1"))

    assert desk.events(ticket_id)[-2:] == ["fax_sent", "fax_delivered"]
    assert desk.state(receipt)[0] == "ignored"


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


def test_a_retry_is_no_failure(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    desk.decide(a_fax("receipt retrying 1"))
    desk.decide(a_fax("receipt delivered 1"))

    assert desk.events(ticket_id)[-2:] == ["fax_retrying", "fax_delivered"]


def test_a_gateway_that_names_the_number_alone_may_tell_of_retries_first(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    desk.decide(a_fax("receipt retrying -"))
    desk.decide(a_fax("receipt failed -"))

    assert [kind for kind in desk.events(ticket_id) if kind.startswith("fax_")] == [
        "fax_sent",
        "fax_retrying",
        "fax_failed",
    ]


NEXT, RECORDED = "+862088882222", "+862088883333"
LI = Address("li@owner.example")
OWNER = Client(
    name="滨江物业",
    numbers=("+862087561234", NUMBER),
    faxes=(RECORDED, "+862088884444x12"),
    addresses=("wang@binjiang.example",),
    projects=(Project(name="滨江广场"),),
)


def take_part(desk: PlayedDesk, ticket_id: int, *addresses: str) -> None:
    with desk.store.write() as tx:
        tx.tickets.add_participants(ticket_id, [Participant(Address(one), Role.CLIENT) for one in addresses])


def record(desk: PlayedDesk, client: Client) -> None:
    with desk.store.write() as tx:
        tx.clients.put([client])


def called(desk: PlayedDesk) -> list[str]:
    return [number for number, _, _ in desk.fax_sender.sent]


def mailed(desk: PlayedDesk) -> list[list[str]]:
    return [recipients for _, recipients, _ in desk.mailer.sent]


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


def test_of_two_faxes_to_a_number_a_receipt_without_job_speaks_of_the_one_that_went_first(
    desk: PlayedDesk,
) -> None:
    first = opened(desk, a_page("二楼门禁坏了"))
    second = opened(desk, a_page("三楼断网"), message=a_fax(f"{NUMBER} 1 k2", TIFF))
    desk.perform()

    desk.decide(a_fax("receipt delivered -"))

    assert ("fax_delivered" in desk.events(first), "fax_delivered" in desk.events(second)) == (True, False)


def test_of_two_faxes_to_a_number_a_receipt_speaks_of_the_ticket_that_it_names(desk: PlayedDesk) -> None:
    first = opened(desk, a_page("二楼门禁坏了"))
    second = opened(desk, a_page("三楼断网"), message=a_fax(f"{NUMBER} 1 k2", TIFF))
    desk.perform()

    desk.decide(msgspec.structs.replace(a_fax("receipt delivered -"), text="Your fax: FD-2026-000002"))

    assert ("fax_delivered" in desk.events(first), "fax_delivered" in desk.events(second)) == (False, True)


def an_answer(desk: PlayedDesk, ticket_id: int) -> None:
    """Send the client what stops the clock of the answer."""
    letter = Mail(
        name="answer",
        ticket_id=ticket_id,
        to=(Address(f"fax:{NUMBER}"),),
        subject="回复",
        text="工程师今晚到",
        purpose="answer",
    )
    with desk.store.write() as tx:
        desk.ledger.apply(tx, ticket_id, "test", letter)
    desk.perform()


def is_answered(desk: PlayedDesk, ticket_id: int) -> bool:
    with desk.store.read() as tx:
        deadline = tx.tickets.get(ticket_id).deadline("response")
    assert deadline is not None
    return deadline.met_at is not None


@pytest.fixture
def promising(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"gateway": Gateway(), "sla": SlaHandler()})


def test_a_fax_of_which_the_gateway_tells_nothing_goes_another_way_in_time(promising: PlayedDesk) -> None:
    desk = promising
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    an_answer(desk, ticket_id)
    assert is_answered(desk, ticket_id)

    desk.clock.advance(timedelta(minutes=31))
    desk.perform()

    assert mailed(desk) == [[LI.address]]
    assert [
        kind for kind in desk.events(ticket_id) if kind in {"fax_unconfirmed", "undelivered", "mail_sent"}
    ] == [
        "fax_unconfirmed",
        "undelivered",
        "mail_sent",
    ]


def test_a_fax_that_was_taken_for_lost_and_arrives_answers_after_all(promising: PlayedDesk) -> None:
    desk = promising
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    an_answer(desk, ticket_id)
    desk.clock.advance(timedelta(minutes=31))
    desk.perform()
    assert not is_answered(desk, ticket_id)

    desk.decide(a_fax("receipt delivered 1"))

    assert is_answered(desk, ticket_id)


def test_after_a_receipt_nobody_waits_for_another(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()
    desk.decide(a_fax("receipt delivered 1"))

    desk.clock.advance(timedelta(hours=3))
    desk.perform()

    assert mailed(desk) == []


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


def test_a_mail_server_that_bounces_our_mail_to_the_gateway_tells_of_a_fax_that_failed(
    desk: PlayedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = "<fax.0123456789abcdef0123456789abcdef@faultdesk.example>"
    monkeypatch.setattr(desk.fax_sender, "send", lambda *_: job)
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()

    report = DeliveryReport(
        job, (RecipientStatus("862088881111@fax.example", "failed", "5.1.1", "no such user"),)
    )
    desk.decide(
        a_message(
            sender=Address("mailer-daemon@relay.example"),
            automatic="a delivery report",
            delivery_report=report,
        )
    )
    desk.perform()

    assert mailed(desk) == [[LI.address]]
    assert "fax_failed" in desk.events(ticket_id)


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


def test_a_failure_that_is_told_twice_or_late_sends_the_letter_once(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address, f"fax:{NEXT}")
    desk.perform()

    for told in ("receipt failed 1", "receipt failed 1 "):
        desk.decide(msgspec.structs.replace(a_fax(told), message_id=f"<{len(told)}@fax.example>"))
    desk.perform()

    assert (called(desk), mailed(desk)) == ([NUMBER, NEXT], [])


def test_a_gateway_that_fails_after_it_was_given_up_has_nobody_phoned(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()
    desk.clock.advance(timedelta(minutes=31))
    desk.perform()

    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    assert mailed(desk) == [[LI.address]]


def test_a_failure_that_is_told_after_the_delivery_sends_nothing(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()

    desk.decide(a_fax("receipt delivered 1"))
    desk.decide(a_fax("receipt failed 1"))
    desk.perform()

    assert mailed(desk) == []


def test_a_receipt_of_somebody_else_s_job_to_the_client_is_none_of_ours(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    desk.decide(a_fax("receipt failed 4711"))

    assert "fax_failed" not in desk.events(ticket_id)


def test_a_gateway_that_counts_anew_speaks_of_the_fax_of_these_days(desk: PlayedDesk) -> None:
    old = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()
    desk.decide(a_fax("receipt delivered 1"))
    desk.clock.advance(timedelta(days=300))
    desk.fax_sender.sent.clear()
    new = opened(desk, a_page("三楼断网"), message=a_fax(f"{NUMBER} 1 k2", TIFF))
    desk.perform()

    desk.decide(msgspec.structs.replace(a_fax("receipt failed 1"), message_id="<new@fax.example>"))

    assert ("fax_failed" in desk.events(old), "fax_failed" in desk.events(new)) == (False, True)


def test_a_receipt_without_job_speaks_of_what_is_waited_for_before_what_was_given_up(
    desk: PlayedDesk,
) -> None:
    first = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()
    desk.clock.advance(timedelta(minutes=31))
    desk.perform()
    second = opened(desk, a_page("三楼断网"), message=a_fax(f"{NUMBER} 1 k2", TIFF))
    desk.perform()

    desk.decide(a_fax("receipt delivered -"))

    assert ("fax_delivered" in desk.events(first), "fax_delivered" in desk.events(second)) == (False, True)


def test_a_gateway_that_still_tries_is_given_as_long_again(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()
    desk.decide(a_fax("receipt retrying 1"))

    desk.clock.advance(timedelta(minutes=31))
    desk.perform()
    assert mailed(desk) == []

    desk.clock.advance(timedelta(minutes=31))
    desk.perform()
    assert mailed(desk) == [[LI.address]]


def test_receipts_that_nobody_could_collect_are_waited_for(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()

    desk.clock.advance(timedelta(hours=5))  # the daemon stood still
    desk.perform()
    desk.decide(a_fax("receipt delivered 1"))
    desk.clock.advance(timedelta(hours=5))
    desk.perform()

    assert mailed(desk) == []


def test_an_answer_that_failed_by_fax_and_bounced_as_mail_is_not_said(promising: PlayedDesk) -> None:
    desk = promising
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    an_answer(desk, ticket_id)
    desk.decide(a_fax("receipt failed 1"))
    desk.perform()
    assert is_answered(desk, ticket_id)

    with desk.store.read() as tx:
        (instead,) = [
            event.data["instead"] for event in tx.tickets.events(ticket_id) if event.kind == "sent_otherwise"
        ]
    report = DeliveryReport(instead, (RecipientStatus(LI.address, "failed", "5.1.1", "no such user"),))
    desk.decide(
        a_message(
            sender=Address("mailer-daemon@relay.example"),
            automatic="a delivery report",
            delivery_report=report,
            references=(instead,),
        )
    )

    assert not is_answered(desk, ticket_id)


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
