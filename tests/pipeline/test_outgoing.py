from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.decision import File, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.reference import Seal
from faultdesk.pipeline.outgoing import complete, compose

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
DESK = Identity(name="弱电客户服务中心", address="service@faultdesk.example")
SEAL = Seal(b"key")


def a_mail(**fields: object) -> Mail:
    known: dict[str, object] = {
        "name": "acknowledge/1",
        "ticket_id": 7,
        "to": (Address("li@owner.example", "李明，信息科"),),
        "subject": "[FD-2026-000123] 已受理：三号门禁读卡器没有反应，请尽快派人来看一下并告知原因",
        "text": "您好：\n已收到。\n",
        "purpose": "acknowledgement",
    }
    return Mail(**{**known, **fields})  # type: ignore[arg-type]


def build(
    mail: Mail, desk: Identity = DESK, original: bytes = b"", withheld: dict[int, str] | None = None
) -> EmailMessage:
    content = complete(compose(mail, desk, SEAL, NOW), lambda _: original, withheld or {})
    return message_from_bytes(content, policy=policy.default)


def test_chinese_subjects_names_and_text_arrive_as_written() -> None:
    mail = a_mail()

    read = build(mail)

    assert read["Subject"] == mail.subject
    assert read["To"].addresses[0].display_name == "李明，信息科"
    assert read["From"].addresses[0].display_name == "弱电客户服务中心"
    assert read.get_content().splitlines() == mail.text.splitlines()


def test_a_mail_is_seven_bit_with_lines_of_allowed_length() -> None:
    content = compose(a_mail(text="长" * 5000), DESK, SEAL, NOW).content

    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_an_automatic_mail_says_so() -> None:
    read = build(a_mail())

    assert read["Auto-Submitted"] == "auto-replied"
    assert read["X-Auto-Response-Suppress"] == "All"


def test_a_persons_mail_is_not_marked_automatic() -> None:
    assert build(a_mail(automatic=False))["Auto-Submitted"] is None


def test_an_answer_is_threaded_under_the_clients_message() -> None:
    read = build(a_mail(in_reply_to="<b@owner>", references=("<a@owner>",)))

    assert read["In-Reply-To"] == "<b@owner>"
    assert read["References"].split() == ["<a@owner>", "<b@owner>"]


def test_a_message_id_that_would_break_the_header_is_left_out() -> None:
    read = build(a_mail(in_reply_to="<x@y>\r\nBcc: all@owner.example", references=("<ok@owner>",)))

    assert read["Bcc"] is None
    assert read["References"] == "<ok@owner>"


def test_the_reply_address_finds_the_ticket_where_the_server_delivers_plus_addresses() -> None:
    desk = Identity(name="desk", address="service@faultdesk.example", plus_addressing=True)

    reply_to = build(a_mail(), desk)["Reply-To"]

    assert SEAL.ticket_of_addresses([str(reply_to)], "li@owner.example") == 7


def test_the_same_decision_gives_the_same_octets() -> None:
    mail = a_mail()

    assert compose(mail, DESK, SEAL, NOW) == compose(mail, DESK, SEAL, NOW)


def test_the_original_goes_along_octet_for_octet() -> None:
    original = b"Subject: \xb1\xa8\xd0\xde\r\n\r\n" + b"\x00\xff" * 2000

    (attached,) = build(a_mail(attached=(3,)), original=original).iter_attachments()

    assert attached.get_content() == original
    assert attached.get_filename() == "notice-3.eml"


def test_of_a_withheld_original_only_the_reason_goes_along() -> None:
    read = build(a_mail(attached=(3, 4)), original=b"octets", withheld={3: "infected: X"})

    told, original = read.iter_attachments()
    assert told.get_filename() == "notice-3.txt"
    assert "The original of message 3 does not go along: infected: X" in told.get_content()
    assert original.get_content() == b"octets"


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_subject_or_name_breaks_the_header(subject: str, name: str) -> None:
    read = build(a_mail(subject=subject, to=(Address("li@owner.example", name),)))

    assert read["Message-ID"] == SEAL.message_id(7, "acknowledge/1", "faultdesk.example")
    assert [address.addr_spec for address in read["To"].addresses] == ["li@owner.example"]


def test_a_document_goes_along_under_its_name_with_the_original_or_alone() -> None:
    report = File("故障处理报告 FD-2026-000123-R1.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")

    alone = build(a_mail(files=(report,)))
    both = build(a_mail(files=(report,), attached=(3,)), original=b"Subject: x\r\n\r\ny\r\n")

    (pdf,) = alone.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == (report.name, "application/pdf")
    assert pdf.get_content() == report.content
    assert [part.get_filename() for part in both.iter_attachments()] == [report.name, "notice-3.eml"]
    assert not alone.defects
    assert not both.defects
