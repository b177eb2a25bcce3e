"""What other mail, a calendar or an RTF part carries, read for a message that says little itself."""

from email.message import EmailMessage

from faultdesk.domain.message import Address
from faultdesk.reading import read_message
from reading.office import mail

MEETING = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260105T010000Z\r\n"
    "DTSTART:20260105T090000\r\nSUMMARY:更换读卡器\r\nLOCATION:三楼东门\r\nDESCRIPTION:请带备件\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def client_mail() -> EmailMessage:
    inner = mail(
        "三楼门禁坏了\n\n2026年1月4日 10:00，服务中心 <s@desk.example> 写道：\n> 请问还有问题吗？\n",
        subject="门禁",
    )
    inner.replace_header("From", "李 <li@client.example>")
    inner["To"], inner["Date"] = "engineer@desk.example", "Mon, 5 Jan 2026 09:00:00 +0800"
    return inner


def forwarded(text: str, subject: str) -> EmailMessage:
    message = mail(text, subject=subject)
    message.add_attachment(client_mail())
    return message


def test_mail_forwarded_as_attachment_is_the_request_itself() -> None:
    message = read_message(forwarded("请处理", "转发: 门禁").as_bytes())

    assert message.text == "请处理\n\n三楼门禁坏了"
    assert "请问还有问题吗" in message.quoted
    assert message.forwarded is not None
    assert message.forwarded.sender == Address("li@client.example", "李")
    assert [file.name for file in message.attachments] == ["门禁.eml"]


def test_mail_attached_for_reference_stays_an_attachment() -> None:
    message = read_message(forwarded("道闸也坏了，以前的邮件附上", "道闸").as_bytes())

    assert message.text == "道闸也坏了，以前的邮件附上"
    assert message.forwarded is None


def test_invitation_speaks_for_a_mail_without_text() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "w@x.example", "更换读卡器"
    message.set_content(MEETING, subtype="calendar", params={"method": "REQUEST"})

    assert read_message(message.as_bytes()).text == "更换读卡器\n2026-01-05 09:00:00\n三楼东门\n请带备件"


def test_rich_text_speaks_for_a_mail_without_text() -> None:
    raw = b"From: w@x.example\nContent-Type: text/rtf\n\n{\\rtf1\\ansi The \\b gate\\b0  is stuck.}"

    assert read_message(raw).text == "The gate is stuck."


def test_damaged_rich_text_costs_nothing_else() -> None:
    message = read_message(
        b"From: w@x.example\nContent-Type: text/rtf\n\n{\\rtf1\\ansicpg99999 \\'c3\\u99999999 x}"
    )

    assert message.sender == Address("w@x.example")


def test_answer_to_an_invitation_that_is_passed_on_is_no_answer() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "li@client.example", "门禁"
    inner.set_content("三楼门禁坏了")
    inner.add_attachment(MEETING.encode(), maintype="text", subtype="calendar", params={"method": "REPLY"})
    outer = mail("请处理", subject="转发: 门禁")
    outer.add_attachment(inner)

    message = read_message(outer.as_bytes())

    assert message.automatic is None
    assert "三楼门禁坏了" in message.text


def test_report_that_brings_a_mail_is_no_forward() -> None:
    report = EmailMessage()
    report["From"], report["Subject"] = "postmaster@x.example", "Fwd: undelivered"
    report.set_content("It could not be delivered.")
    report.add_attachment(client_mail())
    report.replace_header("Content-Type", 'multipart/report; boundary="' + str(report.get_boundary()) + '"')

    assert read_message(report.as_bytes()).forwarded is None


def test_mail_attached_to_mail_attached_to_mail_is_read_to_a_bounded_depth() -> None:
    message = client_mail()
    for _ in range(20):
        outer = mail("看下面", subject="转发: 门禁")
        outer.add_attachment(message)
        message = outer

    assert read_message(message.as_bytes()).text.count("看下面") <= 6
