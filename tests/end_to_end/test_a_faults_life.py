"""From a client's mail to the written report, over a real Dovecot and an SMTP server."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from end_to_end.played import RealDesk, acknowledgements, read_mail

NOTICE = "三号楼大厅的门禁从今天早上开始刷卡没有反应，线被施工的挖断了，请派人来修。\n李明 13800138000\n"


def a_mail(text: str, subject: str, message_id: str, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "李明 <liming@owner.example>"
    mail["To"] = "service@yuanheng-elv.example"
    mail["Subject"] = subject
    mail["Message-ID"] = message_id
    mail["Date"] = format_datetime(datetime.now(UTC))
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def deliver_notice(desk: RealDesk) -> None:
    desk.account.deliver(a_mail(NOTICE, "门禁坏了", "<1@owner.example>"))


def test_a_mail_becomes_a_ticket_an_acknowledgement_and_a_work_order(desk_on_either: RealDesk) -> None:
    desk = desk_on_either
    desk.start()
    deliver_notice(desk)

    mails = [read_mail(mail) for mail in desk.sink.wait_for(2)]

    (ticket,) = desk.tickets()
    assert ticket["kind"] == "fault"
    assert ticket["system"] == "access_control"
    assert ticket["response_due"] is not None
    assert ticket["on_site_due"] is not None
    to_client = next(mail for mail in mails if "liming" in mail["To"])
    to_engineer = next(mail for mail in mails if "duty" in mail["To"])
    assert ticket["reference"] in to_client["Subject"]
    assert to_client["In-Reply-To"] == "<1@owner.example>"
    assert "13800138000" in to_engineer.get_body().get_content()  # type: ignore[union-attr]
    original = next(to_engineer.iter_attachments()).get_content()
    assert b"<1@owner.example>" in original
    assert [mail.envelope_from for mail in desk.sink.messages] == ["", ""]
    assert desk.stop() == 0


def test_the_clients_answer_joins_and_the_resolution_gives_a_report(desk: RealDesk) -> None:
    desk.start()
    deliver_notice(desk)
    desk.sink.wait_for(2)
    (acknowledgement,) = acknowledgements(desk.sink)
    answer = a_mail(
        "还有四号门也一样。\n",
        f"回复：{acknowledgement['Subject']}",
        "<2@owner.example>",
        In_Reply_To=acknowledgement["Message-ID"],
        References=f"<1@owner.example> {acknowledgement['Message-ID']}",
    )
    desk.account.deliver(answer)
    desk.sink.wait_for(4)
    (ticket,) = desk.tickets()

    recovered = datetime.now(UTC).isoformat()
    options = ["--cause", "施工挖断网线", "--method", "重新敷设并测试", "--recovered-at", recovered]
    desk.command("resolve", ticket["reference"], *options)

    report = read_mail(desk.sink.wait_for(5)[-1])
    assert "故障处理报告" in report["Subject"]
    assert "施工挖断网线" in report.get_body().get_content()  # type: ignore[union-attr]
    (pdf,) = report.iter_attachments()
    assert pdf.get_filename() == f"故障处理报告 {ticket['reference']}-R1.pdf"
    assert report["Auto-Submitted"] is None
    (resolved,) = desk.tickets()
    assert resolved["status"] == "resolved"
    assert resolved["response_met"] is not None


def test_logs_hold_ids_and_neither_clients_words_nor_secrets(desk: RealDesk) -> None:
    desk.start()
    deliver_notice(desk)
    desk.sink.wait_for(2)
    assert desk.stop() == 0

    log = desk.log.read_text()

    assert "ticket.opened" in log
    for word in ("门禁", "施工", "liming", "13800138000", desk.account.password):
        assert word not in log


def test_a_deadline_long_past_is_escalated_at_once(desk: RealDesk) -> None:
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    desk.account.deliver(a_mail(NOTICE, "门禁坏了", "<1@owner.example>"), internal_date=yesterday)

    desk.command("run", "--drain")

    subjects = [str(read_mail(mail)["Subject"]) for mail in desk.sink.messages]
    assert sum("超时" in subject for subject in subjects) == 2  # the answer and the visit
    (ticket,) = desk.tickets()
    (explained, _) = desk.listing("explain", ticket["reference"])
    assert explained["state"] == "breached"
    assert explained["counted"].startswith("25:0")


def test_an_engineers_answer_to_the_client_stops_the_response_clock(desk: RealDesk) -> None:
    deliver_notice(desk)
    desk.command("run", "--drain")
    order = next(mail for mail in map(read_mail, desk.sink.messages) if "duty" in mail["To"])
    answer = EmailMessage()
    answer["From"] = "duty@yuanheng-elv.example"
    answer["To"] = "liming@owner.example, service@yuanheng-elv.example"
    answer["Subject"] = f"Re: {order['Subject']}"
    answer["Message-ID"] = "<e@yuanheng-elv.example>"
    answer["In-Reply-To"] = order["Message-ID"]
    answer.set_content("李工您好，下午三点到。\n")
    desk.account.deliver(answer.as_bytes())

    desk.command("run", "--drain")

    (ticket,) = desk.tickets()
    assert ticket["status"] == "answered"
    assert ticket["response_met"] is not None
    assert ticket["on_site_met"] is None


def shown(desk: RealDesk, reference: str) -> dict[str, Any]:
    (ticket,) = desk.listing("ticket", reference)
    return ticket


def test_a_message_above_the_limit_opens_a_ticket_that_says_so(desk: RealDesk) -> None:
    desk.config.write_text(desk.config.read_text().replace('poll = "PT2S"', "max_message_octets = 200000"))
    large = a_mail(NOTICE + "x" * 60 + "\n", "很大的附件", "<big@owner.example>") + b"x" * 76 * 4000
    desk.account.deliver(large)

    desk.command("run", "--drain")

    (row,) = desk.tickets()
    ticket = shown(desk, row["reference"])
    assert ticket["requester"]["address"] == "liming@owner.example"
    damaged = next(event for event in ticket["events"] if event["kind"] == "message_damaged")
    assert "larger than the limit" in damaged["data"]["problems"][0]
    (acknowledgement,) = acknowledgements(desk.sink)
    assert "未能读出" in acknowledgement.get_content()
