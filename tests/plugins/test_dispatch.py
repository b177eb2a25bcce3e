from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Attachment
from faultdesk.domain.ticket import Classification, Event, Facts, Kind, Participant, Role
from faultdesk.handlers.testing import a_message, a_ticket
from faultdesk_dispatch import DispatchHandler

DESK = Identity(name="desk", address="service@faultdesk.example")
DISPATCH = DispatchHandler(duty="duty@faultdesk.example", by_system={"cctv": "cctv@faultdesk.example"})


def order(**about: object) -> list[Mail | Event]:
    ticket = a_ticket(classification=Classification(kind=Kind.FAULT, **about))  # type: ignore[arg-type]
    message = a_message(attachments=(Attachment("现场.jpg", "image/jpeg", 51200),))
    return DISPATCH.ticket_opened(ticket, message, DESK)


def test_the_work_order_goes_to_duty_with_the_original_and_everything_known() -> None:
    event, mail = order(facts=Facts(phone="188 5200 4417", wants_onsite=True))

    assert event == Event("dispatched", {"engineer": "duty@faultdesk.example", "reason": "on duty"})
    assert isinstance(mail, Mail)
    assert mail.internal
    assert mail.attached == (1,)
    for told in (
        "188 5200 4417",
        "the camera at gate 3 is dark",
        "现场.jpg",
        "2026-03-05 14:00",
        "asked for",
    ):
        assert told in mail.text


def test_a_system_with_an_engineer_of_its_own_goes_there() -> None:
    event, mail = order(system="cctv")

    assert isinstance(mail, Mail)
    assert mail.to == (Address("cctv@faultdesk.example"),)
    assert isinstance(event, Event)
    assert event.data["reason"] == "on duty for cctv"


def test_an_advert_makes_no_work() -> None:
    assert order(unsolicited=True) == [Event("not_dispatched", {"reason": "unsolicited"})]


def test_nobody_on_duty_is_said_on_the_ticket() -> None:
    (event,) = DispatchHandler().ticket_opened(a_ticket(), a_message(), DESK)

    assert isinstance(event, Event)
    assert event.kind == "not_dispatched"


def test_a_clients_addition_reaches_the_engineer_at_work() -> None:
    ticket = a_ticket(participants=(Participant(Address("wang@faultdesk.example"), Role.ENGINEER),))

    (mail,) = DISPATCH.message_added(ticket, a_message(text="and gate 4 too"), DESK)

    assert mail.to == (Address("wang@faultdesk.example"),)
    assert "and gate 4 too" in mail.text


def test_an_engineers_own_mail_is_not_sent_back() -> None:
    ticket = a_ticket(participants=(Participant(Address("wang@faultdesk.example"), Role.ENGINEER),))

    assert DISPATCH.message_added(ticket, a_message(sender=Address("wang@faultdesk.example")), DESK) == []


def test_an_original_too_large_for_mail_stays_with_the_desk_and_is_named() -> None:
    _, mail = DISPATCH.ticket_opened(a_ticket(), a_message(size=30_000_000), DESK)

    assert isinstance(mail, Mail)
    assert mail.attached == ()
    assert "faultdesk inbox show 1 --raw" in mail.text


def test_the_work_order_asks_for_what_is_unsure() -> None:
    _, mail = order(unsure=("system",))
    _, certain = order()

    assert isinstance(mail, Mail)
    assert isinstance(certain, Mail)
    assert "Unsure     system: faultdesk classify" in mail.text
    assert "Unsure" not in certain.text
