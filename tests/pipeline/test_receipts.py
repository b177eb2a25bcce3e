"""What follows from a gateway's receipt, or from its silence."""

from datetime import timedelta

import msgspec
import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Mail
from faultdesk.domain.message import Address, DeliveryReport, RecipientStatus
from faultdesk.handlers.testing import a_message
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_sla import SlaHandler
from pipeline.desk import PlayedDesk
from pipeline.faxed import (
    LI,
    NEXT,
    NUMBER,
    TIFF,
    Gateway,
    a_fax,
    a_page,
    called,
    mailed,
    opened,
    take_part,
)


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


def test_a_receipt_whose_job_is_of_another_form_is_known_by_the_number(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.perform()

    desk.decide(a_fax("receipt delivered <a-reply-of-its-own@fax.example>"))

    assert "fax_delivered" in desk.events(ticket_id)


def test_a_receipt_that_comes_twice_is_not_taken_for_the_next_fax(desk: PlayedDesk) -> None:
    opened(desk, a_page("二楼门禁坏了"))
    second = opened(desk, a_page("三楼断网"), message=a_fax(f"{NUMBER} 1 k2", TIFF))
    desk.perform()

    for copy in range(2):
        receipt = msgspec.structs.replace(
            a_fax("receipt delivered -"), text="Your fax: FD-2026-000001", message_id=f"<{copy}@fax.example>"
        )
        desk.decide(receipt)

    assert "fax_delivered" not in desk.events(second)


def test_while_a_mailbox_cannot_be_reached_its_receipts_are_waited_for(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.perform()
    with desk.store.write() as tx:
        tx.inbox.report("service", desk.clock.now(), "connection refused")

    desk.clock.advance(timedelta(minutes=31))
    desk.perform()

    assert mailed(desk) == []


def test_an_answer_close_to_its_deadline_is_given_time_to_be_sent(promising: PlayedDesk) -> None:
    desk = promising
    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    take_part(desk, ticket_id, LI.address)
    desk.clock.advance(timedelta(hours=1, minutes=58))
    an_answer(desk, ticket_id)

    desk.clock.advance(timedelta(minutes=4))
    desk.perform()

    assert "fax_unconfirmed" not in desk.events(ticket_id)
