from datetime import UTC, datetime
from pathlib import Path

import pytest

from faultdesk.domain.message import Address, Attachment, Disposition, Language
from faultdesk.reading import read_message

MAILS = Path(__file__).parents[1] / "data" / "reading"


@pytest.mark.parametrize(
    ("name", "subject", "begins"),
    [
        ("encoded_word_split_inside_character", "监控平台服务器被勒索加密，请求应急支援", "应急联系人各位："),
        ("raw_utf8_header", "停车系统崩了出口堵死", "盛达商厦出口全堵，"),
        ("raw_gb18030_without_charset", "计费软件", "电话计费软件从8月份开始话单不入库"),
        ("empty_plain_beside_html", "自助借还系统无法登录", "周一开馆，8台自助借还机"),
        ("hkscs_called_big5", "第三座大堂對講主機螢幕壞", "你好，翠濤苑第三座大堂對講主機個螢幕有一半黑咗，"),
        ("gbk_called_gb2312", "廠務監控異常請協助", "您好，昨天夜班反映監控畫面有些點位"),
        ("gb18030_called_utf8", "电梯刷卡失灵", "2号楼电梯刷卡没反应，"),
        ("utf8_called_gb2312", "监控模糊", "302财务室的监控看着有点糊，"),
        ("forwarded_by_163", "转发：热成像云台又趴窝", "远恒：这台还在保，请返修。"),
    ],
)
def test_mail_broken_as_real_clients_break_it_is_read(name: str, subject: str, begins: str) -> None:
    message = read_message((MAILS / f"{name}.eml").read_bytes())

    assert message.subject == subject
    assert message.text.startswith(begins)
    assert message.problems == ()
    assert message.automatic is None


def test_answer_with_history_and_attachment_is_read_whole() -> None:
    message = read_message((MAILS / "answer_from_outlook.eml").read_bytes())

    assert message.sender == Address("xxk@jbzxyy.example", "江北中心医院 信息科")
    assert message.to == (Address("service@yuanheng-elv.example", "远恒智能客服中心"),)
    assert message.envelope_from == "xxk@jbzxyy.example"
    assert message.date == datetime(2026, 1, 23, 10, 47, tzinfo=UTC)
    assert message.received_at == datetime(2026, 1, 23, 10, 47, 42, tzinfo=UTC)
    assert message.message_id == "<00e201dc670a$2fa4355c$977d3eeb$@jbzxyy.example>"
    assert message.references == (
        "<00a601dc7c5e$6a737837$05807954$@jbzxyy.example>",
        "<fd.0694a061af8bf9@yuanheng-elv.example>",
    )
    assert message.language is Language.ZH_HANS
    assert message.text.endswith("来之前打一下。")
    assert message.quoted.endswith("请保留防火墙及杀毒日志。")
    assert [(file.name, file.media_type) for file in message.attachments] == [
        ("fw_20260123.log", "text/plain")
    ]


def test_delivery_report_is_automatic_and_names_the_mail_it_is_about() -> None:
    message = read_message((MAILS / "delivery_report.eml").read_bytes())

    assert message.automatic == "Auto-Submitted: auto-replied (RFC 3834)"
    assert message.envelope_from == ""
    assert message.attachments[-1].name == "[FD-2026-000180] confirm.eml"


def test_disposition_notification_names_the_mail_and_what_was_done_with_it() -> None:
    raw = (
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nprinted\n"
        b"--b\nContent-Type: message/disposition-notification\n\n"
        b"Final-Recipient: rfc822; Fax@Gateway.example\nOriginal-Message-ID: <1@desk.example>\n"
        b"Disposition: automatic-action/MDN-sent-automatically; %s\n--b--"
    )

    printed, refused, nonsense = (read_message(raw % done) for done in (b"processed", b"deleted/error", b""))

    assert printed.disposition == Disposition("<1@desk.example>", "processed", "fax@gateway.example")
    assert refused.disposition == Disposition("<1@desk.example>", "deleted", "fax@gateway.example", "error")
    assert nonsense.disposition is None


def test_attachment_is_counted_in_decoded_octets() -> None:
    message = read_message(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=gbk\n\ntext\n"
        b"--b\nContent-Type: image/png; name=\xcd\xbc.png\n"
        b"Content-Transfer-Encoding: base64\n\nAAAA\nAAA=\n--b\nContent-Type: text/plain\n"
        b"Content-Disposition: attachment; filename=a.txt\nContent-Transfer-Encoding: quoted-printable\n\n=41=42\n--b--"
    )

    assert message.text == "text"
    assert message.attachments == (
        Attachment("图.png", "image/png", 5),
        Attachment("a.txt", "text/plain", 2, text="AB"),
    )


def test_text_around_an_inline_picture_is_joined() -> None:
    message = read_message(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nabove\n--b\nContent-Type: image/png\n\nx\n--b\n\nbelow\n--b--"
    )

    assert message.text == "above\nbelow"


def test_plain_text_wins_over_html_and_its_pictures_are_attachments() -> None:
    message = read_message(
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: multipart/related; boundary=c\n\n"
        b"--c\nContent-Type: text/html\n\n<b>html</b>\n--c\nContent-Type: image/png; name=a.png\n\nx\n--c--\n"
        b"--b\nContent-Type: text/plain\n\nplain\n--b--"
    )

    assert message.text == "plain"
    assert [file.name for file in message.attachments] == ["a.png"]


def test_flowed_chinese_text_is_joined_without_spaces() -> None:
    message = read_message(
        "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n三楼的 \n门禁坏了\n".encode()
    )

    assert message.text == "三楼的门禁坏了"


def test_header_field_broken_without_folding_does_not_hide_the_rest() -> None:
    message = read_message(b"Subject: gate\nis stuck\nFrom: ann@x.example\r\nTo: a\rb@x.example\n\nbody")

    assert message.subject == "gate is stuck"
    assert message.sender.address == "ann@x.example"
    assert message.text == "body"


def test_sender_without_an_address_keeps_the_name() -> None:
    message = read_message("From: 张三\n\n门禁坏了".encode())

    assert message.sender == Address("", "张三")
    assert message.problems == ("the header names no usable sender",)


def test_addresses_the_server_delivered_to_are_kept() -> None:
    message = read_message(b"Delivered-To: desk+5.ab@X.example\nX-Original-To: <desk@x.example>\n\nx")

    assert message.delivered_to == ("desk+5.ab@x.example", "desk@x.example")


def test_truncated_message_says_what_is_missing() -> None:
    message = read_message(b"Subject: plans\nFrom: ann@x.example\n\n", size=31_457_280, truncated=True)

    assert message.subject == "plans"
    assert message.size == 31_457_280
    assert message.problems == (
        "message of 31457280 octets is larger than the limit; only its header was kept",
    )


def test_careful_mode_leaves_the_body_alone() -> None:
    message = read_message(b"Subject: gate\nFrom: ann@x.example\n\nbody", headers_only=True)

    assert (message.subject, message.text) == ("gate", "")
    assert message.problems == ("only the header of the message was read",)


def test_sealed_message_says_so() -> None:
    message = read_message(b"From: a@x.example\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nx")

    assert message.problems == ("the message is encrypted or sealed; its text cannot be read",)
    assert message.attachments[0].name == "smime.p7m"


def test_message_id_gets_the_angle_brackets_its_sender_forgot() -> None:
    assert read_message(b"Message-ID: 1.2@x.example\n\nx").message_id == "<1.2@x.example>"
    assert read_message(b"Message-ID: <1.2@x.example> (added)\n\nx").message_id == "<1.2@x.example>"
    assert read_message(b"Message-ID: none\n\nx").message_id == ""
