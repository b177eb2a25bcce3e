import time
from datetime import UTC, datetime

import msgspec
import pytest

from faultdesk.domain.fax import Fax, Field, Reception
from faultdesk.domain.message import Address, Attachment, Language
from faultdesk.domain.ticket import Facts
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler

CLASSIFY = ClassifyHandler()
FORM = """设备报修单
项 目 名 称：望海花园二期
报修单位：海晏医院后勤部
报 修 人：方舟        电话：189 0000 5503
合同编号：WX-2025-0317
设备名称：半球摄像机      序列号：K77210945
要    求：请派人上门更换"""


def facts(text: str, **fields: object) -> Facts:
    known = {"subject": "", "sender": Address("client@owner.example")}
    about = CLASSIFY.classify_message(a_message(text, **{**known, **fields}))
    assert about
    return about.facts


def test_a_form_tells_its_facts_verbatim() -> None:
    assert facts(FORM) == Facts(
        device="半球摄像机",
        customer="海晏医院后勤部",
        site="望海花园二期",
        project="望海花园二期",
        contact="方舟",
        phone="189 0000 5503",
        contract_no="WX-2025-0317",
        serial_no="K77210945",
        wants_onsite=True,
    )


def test_a_table_tells_its_facts() -> None:
    told = facts("单位\t海晏医院\n联系人\t方舟\n电话\t0512-6288 7034 转 12")

    assert (told.customer, told.contact, told.phone) == ("海晏医院", "方舟", "0512-6288 7034 转 12")


def test_the_fields_of_a_faxed_form_come_before_what_its_words_tell() -> None:
    given = {
        "customer": "海晏医院",
        "contact": "方舟",
        "phone": "0512-62887034",
        "location": "三楼",
        "fault": "无图像",
    }
    fields = tuple(Field(name=name, value=value, confidence=0.9, page=1) for name, value in given.items())
    fax = Fax(reception=Reception(gateway="office"), fields=fields)

    told = facts("单位：望海花园\n摄像机无图像", fax=fax)

    assert (told.customer, told.contact, told.phone, told.location) == (
        "海晏医院",
        "方舟",
        "0512-62887034",
        "三楼",
    )


def faxed(**fields: str) -> Fax:
    return Fax(
        reception=Reception(gateway="office"),
        fields=tuple(Field(name=name, value=value, confidence=0.9, page=1) for name, value in fields.items()),
    )


def test_a_faxed_form_tells_its_system_and_when_it_began() -> None:
    fax = faxed(
        customer="海晏医院", system="楼宇自控系统", occurred_at="2026年3月4日下午3点", fault="画面不动"
    )
    about = CLASSIFY.classify_message(
        a_message(
            "海晏医院\n住院楼安防及门禁系统\n画面不动", fax=fax, date=datetime(2026, 3, 4, 18, tzinfo=UTC)
        )
    )

    assert about
    assert (about.system, about.facts.occurred_at) == ("building_automation", "2026-03-04T15:00+00:00")


def test_what_is_no_moment_is_not_when_it_began() -> None:
    assert (
        facts("无图像", fax=faxed(customer="海晏医院", occurred_at="见附页3", fault="无图像")).occurred_at
        is None
    )


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("速回13800001111", "13800001111"),
        ("call me on +86 25 5880 4411", "+86 25 5880 4411"),
        ("工单FD-2026-000123，序列号TI-640-11823", None),
        ("2026-03-05 14:30", None),
        ("摄像机坏了", None),
    ],
)
def test_a_phone_number_is_one_that_can_be_called(text: str, phone: str | None) -> None:
    assert facts(text).phone == phone


def test_a_hong_kong_number_is_known_by_the_language() -> None:
    assert facts("請致電 9123 4567", language=Language.ZH_HANT).phone == "9123 4567"


def test_the_signature_tells_the_phone_and_who_signed() -> None:
    told = facts("The camera is dark.", signature="Nadia Rahman\nArkwright Chemicals\n+86 512 6288 7034")

    assert (told.contact, told.phone) == ("Nadia Rahman", "+86 512 6288 7034")


def test_the_text_tells_before_the_signature() -> None:
    assert facts("请打13800001111", signature="电话 13900002222").phone == "13800001111"


@pytest.mark.parametrize(
    ("line", "contact"),
    [
        ("鸿图电子 汤工", "汤工"),
        ("何老师 13800001111", "何老师"),
        ("陳先生", "陳先生"),
        ("今天施工", None),
        ("工程部经理", None),
        ("谢谢", None),
    ],
)
def test_a_signer_has_a_title(line: str, contact: str | None) -> None:
    assert facts(f"门禁坏了\n{line}").contact == contact


def test_a_word_after_a_label_is_no_number() -> None:
    told = facts("合同2027年到期，contract number unknown, serial number missing")

    assert (told.contract_no, told.serial_no) == (None, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("门禁坏了，请派人来修", True),
        ("The reader is dead, please send someone", True),
        ("改错了时段，电话指导即可，不用来人", False),
        ("Settings are lost, remote help is fine", False),
        ("门禁坏了，尽快处理", None),
        ("远程会见的画面没有了", None),
        ("师傅按时到场，非常满意，好评", None),
    ],
)
def test_a_visit_is_wanted_only_if_said(text: str, wanted: bool | None) -> None:  # noqa: FBT001 - a fact
    assert facts(text).wants_onsite is wanted


@pytest.mark.parametrize(
    "text",
    [" ", "1", "138 ", "(1)-", "合同 ", "联系人：", "我…删", "A a ", "先生", "ﷺ", "断线", "\n", "cable "],
)
def test_a_long_text_costs_no_more_than_its_first_pages(text: str) -> None:
    message = a_message(text * 300_000, subject=text * 300, signature=text * 300_000, quoted=text * 300_000)

    before = time.process_time()
    CLASSIFY.classify_message(message)

    # Some 0.1 s; a pattern that looks back at each place would take minutes.
    assert time.process_time() - before < 5


def test_each_fact_says_where_it_was_read() -> None:
    message = a_message(
        f"{FORM}\n故障时间：昨晚8点",
        subject="三号楼门口半球摄像机坏了",
        sender=Address("client@owner.example", "方舟"),
        date=datetime(2026, 11, 24, 9, tzinfo=UTC),
    )

    about = CLASSIFY.classify_message(message)

    assert about
    told = msgspec.to_builtins(about.facts)
    assert set(about.spans) == set(told)
    parts = {"subject": message.subject, "text": message.text, "sender": message.sender.name}
    read = {name: parts[span.part][span.start : span.end] for name, span in about.spans.items()}
    assert read == {**told, "occurred_at": "昨晚", "wants_onsite": "派人上门"}


def test_a_fact_of_a_document_stands_in_the_document() -> None:
    attached = "报修单位：海晏医院后勤部\n设备名称：半球摄像机，不亮了"
    message = a_message(
        "见附件", subject="", attachments=(Attachment("a.txt", "text/plain", 99, text=attached),)
    )

    about = CLASSIFY.classify_message(message)

    assert about
    span = about.spans["customer"]
    assert (span.part, attached[span.start : span.end]) == ("attached_text", "海晏医院后勤部")


def test_a_project_is_what_a_form_calls_so() -> None:
    told = facts("工程名称：望海花园二期\n三号楼门禁坏了")

    assert (told.project, told.site) == ("望海花园二期", "望海花园二期")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("岗亭的半球摄像机不亮了。编号TI-640-11823。", "TI-640-11823"),
        ("大厅的读写器（RF-3300-2207）不上电", "RF-3300-2207"),
        ("岗亭的半球摄像机（DS-2CD33）不亮了", None),
        ("合同编号TI-640-11823，半球摄像机不亮了", None),
    ],
)
def test_a_serial_number_need_not_be_called_one(text: str, number: str | None) -> None:
    assert facts(text).serial_no == number


@pytest.mark.parametrize(
    ("sender", "text", "contact"),
    [
        ("值班室", "北门门禁不认卡了，今天能来吗。邵 13800138000", "邵"),
        ("物业", "机房空调漏水，麻烦看看\n小廖 海晏医院", "小廖"),
        ("物业", "The barrier is stuck, 请来看. Kelvin 廖", "Kelvin 廖"),
        ("工程部-小章", "门禁坏了，请来人", "小章"),
        ("管理處", "門禁壞了，請來人", None),
        ("物业", "门禁坏了，请来人", None),
    ],
)
def test_who_has_no_line_of_their_own_signs_behind_the_last_word(
    sender: str, text: str, contact: str | None
) -> None:
    about = CLASSIFY.classify_message(a_message(text, subject="报修", sender=Address("a@b.example", sender)))

    assert about
    assert about.facts.contact == contact


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        (
            "消防控制室的主机死机了，重启三次都没用，现场值班13800138000 邵工，到之前先打个电话，我们来开门。",
            "邵工",
        ),
        ("一号楼门禁全部不认卡，麻烦来看。海晏大厦老廖13800138000", "老廖"),
        ("大屏黑了，请回13800138000，谢谢你们，今天下午还有会，急。会议中心", None),
    ],
)
def test_who_stands_beside_the_number_is_the_one_to_call(text: str, contact: str | None) -> None:
    about = CLASSIFY.classify_message(a_message(text, subject="报修", sender=Address("a@b.example", "物业")))

    assert about
    assert about.facts.contact == contact


def test_what_stands_on_one_line_of_a_form_is_parted() -> None:
    told = facts("报修单位：海晏市第一医院 联系人：李四 13800138000 项目：门诊楼改造\n门禁坏了")

    assert (told.customer, told.contact, told.phone) == ("海晏市第一医院", "李四", "13800138000")
    assert told.project == "门诊楼改造"


@pytest.mark.parametrize("told", ["楼宇自控系统", "building automation", "楼宇自控（BAS）系统"])
def test_the_system_that_a_form_names_itself_counts(told: str) -> None:
    form = Fax(
        reception=Reception(gateway="office"),
        fields=(Field(name="system", value=told, confidence=1.0, page=1),),
    )
    words = f"弱电系统故障报修单\n故障系统 {told}\n故障描述 空调机房DDC控制器离线，机房温度显示为零，水阀无法远程调节。"

    about = ClassifyHandler().classify_message(a_message(words, subject="空调机房DDC控制器离线", fax=form))

    assert about is not None
    assert about.system == "building_automation"
