import pytest

from faultdesk.reading.quoting import part_body

BLOCK = "发件人: 服务中心 <s@desk.example>\n发送时间: 2026年1月5日 09:00\n收件人: 张三\n主题: 门禁\n"


@pytest.mark.parametrize(
    "lead_in",
    [
        "On Mon, Jan 5, 2026 at 9:00 AM Ann Lee <ann@x.example> wrote:\n",
        "On Mon, Jan 5, 2026 at 9:00 AM Ann Lee of the Service Centre\n<ann@x.example>\nwrote:\n",
        '在 2026-01-05 09:00:00，"张三" <z@x.example> 写道：\n',
        "在 2026年1月5日，上午9:00，张三 <z@x.example> 写道：\n",
        "张三 <z@x.example> 于2026年1月5日周一 09:00写道：\n",
        "張三 <z@x.example> 於 2026年1月5日 週一 上午9:00寫道：\n",
        "------------------ 原始邮件 ------------------\n",
        "------------------\xa0原始邮件\xa0------------------\n" + BLOCK,
        "---- 回复的原邮件 ----\n| 发件人 | 张三<z@x.example> |\n| 日期 | 2026年1月5日 |\n| 收件人 | x |\n| 主题 | y |\n",
        "-----Original Message-----\nFrom: Ann\nSent: Monday\nTo: x\nSubject: y\n",
        "________________________________\nFrom: Ann <ann@x.example>\nSent: Monday\nTo: x\nSubject: y\n",
        "**From:** Ann <ann@x.example>\n**Sent:** Monday\n**To:** x\n**Subject:** y\n",
        BLOCK,
        "寄件者: 服務中心 <s@desk.example>\n寄件日期: 2026年1月5日\n收件者: 張三\n主旨: 門禁\n",
        "发件人\t服务中心 <s@desk.example>\n发送时间\t2026年1月5日\n收件人\t张三\n主题\t门禁\n",
        "发件人：张三<z@x.example>\n日　期：2026年01月05日\n收件人：x<y@x.example>\n主　题：门禁\n",
    ],
)
def test_history_below_the_answer_is_quoted(lead_in: str) -> None:
    body = part_body(f"明天下午来吧\n\n{lead_in}\n请问何时方便？\n", "Re: 门禁")

    assert body.text == "明天下午来吧"
    assert body.quoted.endswith("请问何时方便？")
    assert body.quoted.startswith(lead_in.split("\n", maxsplit=1)[0])


def test_answers_between_and_below_the_quotes_are_new() -> None:
    body = part_body("On 5/1/2026 9:00, Ann wrote:\n> Which floor?\nThird.\n> Which door?\nThe east one.\n")

    assert body.text == "Third.\nThe east one."
    assert "> Which door?" in body.quoted


@pytest.mark.parametrize(
    "lead_in",
    [
        "---------- Forwarded message ---------\nFrom: 王 <w@x.example>\nDate: Mon\nSubject: 门禁\nTo: x\n",
        "-------- 转发邮件信息 --------\n发件人：王\n发送日期：2026-01-05\n收件人：x\n主题：门禁\n",
        BLOCK,
    ],
)
def test_forwarded_request_is_the_request(lead_in: str) -> None:
    body = part_body(f"请处理\n\n{lead_in}\n三楼门禁坏了\n", "转发: 门禁")

    assert body.text == "请处理\n\n三楼门禁坏了"
    assert body.quoted == lead_in.strip("\n")


def test_what_a_forwarded_mail_answered_is_history() -> None:
    body = part_body(f"请处理\n\n{BLOCK}\n三楼门禁坏了\n\n{BLOCK}\n去年的事\n", "Fwd: 门禁")

    assert body.text == "请处理\n\n三楼门禁坏了"
    assert "去年的事" in body.quoted


def test_mail_forwarded_twice_is_read_to_its_end() -> None:
    inner = BLOCK.replace("主题: 门禁", "主题: FW: 门禁")

    assert part_body(f"\n{inner}\n{BLOCK}\n三楼门禁坏了\n", "FW: FW: 门禁").text == "三楼门禁坏了"


def test_forwarded_mail_behind_angle_brackets_is_read() -> None:
    body = part_body(
        "Begin forwarded message:\n\n> From: Ann <a@x.example>\n> Date: Mon\n> To: b\n> Subject: gate\n>\n> It is stuck.\n",
        "Fwd: gate",
    )

    assert body.text == "It is stuck."


def test_mail_that_is_all_quoted_keeps_its_text() -> None:
    assert part_body("> the gate is stuck\n> please come", "gate").text == "the gate is stuck\nplease come"


def test_answer_without_a_word_has_no_new_text() -> None:
    assert part_body("\n\nOn 5/1/2026 9:00, Ann wrote:\n> When?", "Re: gate").text == ""


@pytest.mark.parametrize(
    "text",
    [
        "To: Service\nFrom: Ann\nDate: 5 Jan\nSubject: gate\n\nThe gate is stuck.",
        "报修人：张三\n发件人：行政部\n日期：2026-01-05\n主题：空调\n内容：空调坏了",
        "机房温度\n>30度报警",
        "他在2026年1月5日的报告里写道：设备正常\n请复核",
        "发自内心地感谢你们",
        "第一处：门禁\n-----\n第二处：道闸",
    ],
)
def test_text_that_only_resembles_a_mark_stays(text: str) -> None:
    assert part_body(text, "报修").text == text


@pytest.mark.parametrize(
    "closing",
    [
        "-- \n张三\n13800000000",
        "发自我的iPhone",
        "發自我的 iPhone",
        "来自我的华为手机",
        "Sent from my HUAWEI P60",
        "Get Outlook for iOS",
        "从 Windows 版邮件发送",
        "Best regards,\nAnn Lee\n+44 20 1234",
        "此致\n敬礼\n\n张三",
        "This e-mail and any attachments are confidential and intended for the addressee only.\nPlease delete it.",
        "本邮件及其附件含有保密信息，仅供收件人使用。",
    ],
)
def test_closing_is_the_signature(closing: str) -> None:
    body = part_body(f"门禁坏了。\n\n{closing}\n")

    assert body.text == "门禁坏了。"
    assert [line.strip() for line in body.signature.split("\n")] == [
        line.strip() for line in closing.split("\n")
    ]


def test_footer_above_the_text_goes_and_the_text_stays() -> None:
    assert part_body("Sent from my iPhone\n\nThe gate is stuck.").text == "The gate is stuck."


def test_banner_of_a_firewall_is_not_the_writers() -> None:
    assert (
        part_body("CAUTION: This email originated from outside of the organization.\n\n门禁坏了").text
        == "门禁坏了"
    )


def test_mail_of_nothing_but_a_signature_keeps_it_as_text() -> None:
    assert part_body("-- \n三楼门禁坏了").text == "--\n三楼门禁坏了"


def test_long_text_below_dashes_is_no_signature() -> None:
    text = "一楼\n--\n" + "\n".join(f"第{number}处坏了" for number in range(20))

    assert part_body(text).text == text


@pytest.mark.parametrize(
    "body",
    [
        "您好：\n本邮件附件为保密室的照片，仅供收件人使用。\n3号楼门禁打不开",
        "Hi,\nThis message is intended for the duty engineer.\nThe gate does not open.",
        "发自监控室的对讲没有声音",
        "门禁坏了\n从我的手机打不开门禁",
        "平台有问题\n从Windows登录不上平台",
        "对讲没有声音\n由于换了新邮箱",
    ],
)
def test_what_only_resembles_a_closing_stays(body: str) -> None:
    assert part_body(body).text == body


@pytest.mark.parametrize(
    "footer",
    [
        "发自我的小米手机",
        "发自 vivo 电子邮件",
        "发自网易邮箱大师",
        "签名由 网易邮箱大师 定制",
        "发自新浪邮箱客户端",
    ],
)
def test_a_footer_of_a_program_is_the_signature(footer: str) -> None:
    body = part_body(f"对讲没有声音\n{footer}")

    assert (body.text, body.signature) == ("对讲没有声音", footer)
