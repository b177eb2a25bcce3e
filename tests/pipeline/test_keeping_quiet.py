"""Machines that answer each other must fall silent, and what they report must be known."""

from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Mail
from faultdesk.domain.message import Address
from faultdesk.handlers.testing import a_message
from faultdesk.reading import read_message
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_classify import ClassifyHandler
from pipeline.desk import PlayedDesk

Robot = Callable[[int, Message], str]
NOTICE = "三号楼大堂的门禁读卡器从今天早上开始完全没有反应，业主进不了门，请派工程师上门处理，谢谢。"


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"classify": ClassifyHandler(), "acknowledge": AcknowledgeHandler()})


def mail(sender: str, subject: str, text: str, *fields: str) -> bytes:
    head = "".join(f"{field}\r\n" for field in fields)
    return (
        f"From: {sender}\r\nTo: service@faultdesk.example\r\nSubject: {subject}\r\n{head}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


def exchange(desk: PlayedDesk, opening: bytes, robot: Robot, most: int = 20) -> int:
    """Let a robot answer each mail the desk sends it; count the mails until one of them is silent."""
    waiting, count, answered = [opening], 0, 0
    while waiting and count < most:
        desk.decide(read_message(waiting.pop(0)))
        count += 1
        desk.perform()
        for _, _, content in desk.mailer.sent[answered:]:
            count += 1
            waiting.append(robot(count, message_from_bytes(content)).encode())
        answered = len(desk.mailer.sent)
    return count


def answering(sender: str, text: str, *, threaded: bool) -> Robot:
    """Answer in the thread, or with nothing but the subject to tell what is answered."""

    def answer(number: int, received: Message) -> str:
        fields = [f"Message-ID: <r{number}@crm.example>"]
        if threaded:
            fields += [f"In-Reply-To: {received['Message-ID']}"]
        subject = f"Case {number}" if threaded else f"Re: {make_header(decode_header(received['Subject']))}"
        return mail(sender.format(number), subject, text.format(number), *fields).decode()

    return answer


def test_the_desk_falls_silent_before_itself(desk: PlayedDesk) -> None:
    def itself(number: int, received: Message) -> str:
        return received.as_string()

    assert exchange(desk, mail("li@owner.example", "door", NOTICE, "Message-ID: <1@o>"), itself) <= 3


def test_two_desks_fall_silent(desk: PlayedDesk) -> None:
    """Each mail goes over as octets, as between two houses of the same make."""
    opening = mail("service@other.example", "door", NOTICE, "Message-ID: <1@o>")

    def other(number: int, received: Message) -> str:
        del received["From"]
        received["From"] = "service@other.example"
        return received.as_string()

    assert exchange(desk, opening, other) <= 3


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "您好，我正在外地出差，可能不能及时回复您的邮件，如有急事请电联。",
        "Hello, I am out of the office until Monday. For anything urgent call the reception.",
        "您好！您的来信我已经收到，我会尽快给您回复，谢谢！",
    ],
)
def test_a_vacation_responder_without_any_header_gets_no_second_answer(
    desk: PlayedDesk, *, text: str, threaded: bool
) -> None:
    opening = mail("li@owner.example", "door", NOTICE, "Message-ID: <1@o>")

    assert exchange(desk, opening, answering("li@owner.example", text, threaded=threaded)) <= 3


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "Your request has been received. Our case number is {0}.",
        "Ticket {0} opened.",
        "Noted ({0})",
        "{0}",
        "已收到，工单号{0}。",
        "感谢来信，编号{0}，祝好",
        "Dear partner, we have noted case {0} and one of our agents is going to look into the matter shortly.",
        "尊敬的合作伙伴：贵方函件编号{0}现由专员跟进当中，请静候佳音，感谢贵方一如既往的支持与配合。",
    ],
)
def test_a_crm_that_changes_its_address_every_time_gets_no_second_answer(
    desk: PlayedDesk, *, text: str, threaded: bool
) -> None:
    robot = answering("case-{0}@crm.example", text, threaded=threaded)
    opening = mail("case-0@crm.example", "Case 0", text.format(0), "Message-ID: <1@crm.example>")

    assert exchange(desk, opening, robot) <= 3


def test_two_clients_who_write_the_same_are_both_answered(desk: PlayedDesk) -> None:
    for house in ("one", "two"):
        desk.decide(read_message(mail(f"li@{house}.example", "door", NOTICE, f"Message-ID: <1@{house}>")))
    desk.perform()

    assert len(desk.mailer.sent) == 2


def test_a_client_who_tells_of_one_gate_and_then_of_another_is_answered_twice(desk: PlayedDesk) -> None:
    for gate in (1, 2):
        text = f"The camera at gate {gate} shows no picture since this morning, please have a look."
        desk.decide(read_message(mail("li@owner.example", "camera", text, f"Message-ID: <{gate}@o>")))
    desk.perform()

    assert len(desk.mailer.sent) == 2


@pytest.mark.parametrize(
    "text",
    [
        "{0}号门禁坏了",
        "{0}楼没网",
        "Camera {0} shows no picture. Please send somebody.",
        "gate {0} is broken",
    ],
)
def test_a_house_where_one_thing_after_another_fails_is_answered_each_time(
    desk: PlayedDesk, text: str
) -> None:
    for number in range(1, 7):
        notice = mail("li@owner.example", "报修", text.format(number), f"Message-ID: <{number}@o>")
        desk.decide(read_message(notice))
    desk.perform()

    assert len(desk.mailer.sent) == 6


def test_a_house_that_names_no_fault_and_only_counts_is_taken_for_a_machine(desk: PlayedDesk) -> None:
    for number in range(1, 5):
        text = mail(
            f"case-{number}@crm.example", f"{number}", f"Noted ({number})", f"Message-ID: <{number}@crm>"
        )
        desk.decide(read_message(text))
    desk.perform()

    assert len(desk.mailer.sent) == 2


def test_clients_who_answer_us_in_the_same_few_words_are_all_answered(desk: PlayedDesk) -> None:
    for number in range(3):
        house = f"house{number}.example"
        desk.decide(
            read_message(mail(f"li@{house}", "door", f"{NOTICE}{number}", f"Message-ID: <1@{house}>"))
        )
        desk.perform()
        ours = message_from_bytes(desk.mailer.sent[-1][2])["Message-ID"]
        fields = [f"Message-ID: <2@{house}>", f"In-Reply-To: {ours}"]
        desk.decide(read_message(mail(f"li@{house}", "door", "今天能到吗？", *fields)))
        desk.perform()

    assert len(desk.mailer.sent) == 6


@pytest.mark.parametrize(
    "signature", ["", "王建国 高级工程师\n元衡弱电系统集成有限公司 售后服务中心\n客户服务热线"]
)
def test_the_same_correction_of_two_tickets_is_obeyed_twice(desk: PlayedDesk, signature: str) -> None:
    for number in (1, 2):
        opening = mail("li@owner.example", "door", f"{NOTICE}{number}", f"Message-ID: <{number}@o>")
        ticket_id = desk.decide(read_message(opening))
        assert ticket_id is not None
        desk.perform()
        ours = message_from_bytes(desk.mailer.sent[-1][2])["Message-ID"]
        if signature:
            ours = desk.order(ticket_id, Address("w@desk.example"))
        sender = "w@desk.example" if signature else "li@owner.example"
        fields = [f"Message-ID: <c{number}@o>", f"In-Reply-To: {ours}"]
        desk.decide(read_message(mail(sender, "x", f"分类：线路\n\n{signature}", *fields)))

    assert "reclassified" in desk.events(ticket_id)


def test_our_own_mail_that_comes_back_opens_nothing(desk: PlayedDesk) -> None:
    ticket_id = desk.decide(read_message(mail("li@owner.example", "door", NOTICE, "Message-ID: <1@o>")))
    assert ticket_id is not None
    ours = desk.seal.message_id(ticket_id, "acknowledge/1", "faultdesk.example")

    again = read_message(mail("service@faultdesk.example", "x", "our own words", f"Message-ID: {ours}"))

    assert desk.decide(again) is None


@pytest.mark.parametrize(
    "text",
    [
        "我在外地出差，手机上无法查看监控画面，请派人到现场检查。",
        "你们发来的邮件我们已经收到，请尽快安排人来处理。",
        "Your request has been received by our office, but the gate is still broken.",
    ],
)
def test_a_person_who_is_taken_for_a_machine_has_a_ticket_all_the_same(desk: PlayedDesk, text: str) -> None:
    ticket_id = desk.decide(read_message(mail("li@owner.example", "gate", text, "Message-ID: <1@o>")))

    assert ticket_id is not None


def report(ours: str, recipient: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\nMessage-ID: <dsn@mx.example>\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {ours}\r\nSubject: s\r\n\r\nt\r\n--b--\r\n"
    ).encode()


def acknowledged(desk: PlayedDesk) -> tuple[int, str]:
    ticket_id = desk.decide(read_message(mail("li@owner.example", "door", NOTICE, "Message-ID: <1@o>")))
    assert ticket_id is not None
    desk.perform()
    return ticket_id, str(message_from_bytes(desk.mailer.sent[0][2])["Message-ID"])


def test_the_desk_is_told_to_phone_a_client_whom_no_mail_reaches(desk: PlayedDesk) -> None:
    ticket_id, ours = acknowledged(desk)

    desk.decide(read_message(report(ours, "li@owner.example")))
    desk.perform()

    assert "delivery_reported" in desk.events(ticket_id)
    _, recipients, alert = desk.mailer.sent[1]
    assert recipients == ["ops@faultdesk.example"]
    assert "5.1.1" in message_from_bytes(alert).get_payload(decode=True).decode()  # type: ignore[union-attr]


def test_a_report_whose_sender_no_server_can_prove_is_read(store: SqlStore) -> None:
    handlers = {"classify": ClassifyHandler(), "acknowledge": AcknowledgeHandler()}
    desk = PlayedDesk(store, handlers, authserv_ids=frozenset({"mx.faultdesk.example"}))
    ticket_id, ours = acknowledged(desk)

    field = b"Authentication-Results: mx.faultdesk.example; dmarc=fail header.from=mx.example\r\n"
    desk.decide(read_message(field + report(ours, "li@owner.example")))

    assert "delivery_reported" in desk.events(ticket_id)


def test_a_report_that_knows_but_the_number_of_a_ticket_alarms_nobody(desk: PlayedDesk) -> None:
    ticket_id, _ = acknowledged(desk)
    with desk.store.read() as tx:
        number = tx.tickets.get(ticket_id).reference
    forged = report("<x@x.example>", "li@owner.example").replace(b"MAILER-DAEMON@mx", b"li@owner")

    desk.decide(read_message(forged.replace(b"Undelivered Mail", number.encode())))

    assert "delivery_reported" not in desk.events(ticket_id)


def test_a_delay_is_noted_and_alarms_nobody(desk: PlayedDesk) -> None:
    ticket_id, ours = acknowledged(desk)

    desk.decide(read_message(report(ours, "li@owner.example", "delayed", "4.4.1")))
    desk.perform()

    assert "delivery_reported" in desk.events(ticket_id)
    assert len(desk.mailer.sent) == 1


def test_a_report_that_names_no_mail_of_ours_touches_nothing(desk: PlayedDesk) -> None:
    ticket_id, _ = acknowledged(desk)

    desk.decide(read_message(report("<someone@elsewhere.example>", "li@owner.example")))

    assert "delivery_reported" not in desk.events(ticket_id)


def test_a_whole_house_has_a_share_of_automatic_mails_too(store: SqlStore) -> None:
    handlers = {"classify": ClassifyHandler(), "acknowledge": AcknowledgeHandler()}
    desk = PlayedDesk(store, handlers, hourly_domain_cap=2)
    for number in range(4):
        text = f"the {'abcd'[number] * 30} camera is dark since this morning"
        desk.decide(read_message(mail(f"u{number}@owner.example", "c", text, f"Message-ID: <{number}@o>")))
        desk.perform()

    assert len(desk.mailer.sent) == 2


def test_a_ticket_has_its_share_whatever_addresses_it_goes_to(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, hourly_ticket_cap=2)
    ticket_id = desk.decide(a_message())
    with store.write() as tx:
        for number in range(4):
            to = (Address(f"u{number}@house{number}.example"),)
            one = Mail(name=f"m/{number}", ticket_id=ticket_id, to=to, subject="s", text="t", purpose="note")
            desk.ledger.apply(tx, ticket_id, "test", one)
    desk.perform()

    assert len(desk.mailer.sent) == 2
    assert desk.events(ticket_id).count("mail_withheld") == 2
