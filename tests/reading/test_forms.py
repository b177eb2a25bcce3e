from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.fax import Line, Page
from faultdesk.reading.forms import fields_of

PITCH = 70
HEIGHT = 50
Cell = tuple[int, str]


def a_page(*rows: Sequence[Cell], number: int = 1, confidence: float = 0.99) -> Page:
    """Set cells at their left edges, rows a pitch apart; an empty row leaves room."""
    lines = [
        Line(text, confidence, left, at * PITCH, sum(2 - letter.isascii() for letter in text) * 20, HEIGHT)
        for at, row in enumerate(rows)
        for left, text in row
    ]
    return Page(number=number, lines=tuple(lines))


def said(*pages: Page) -> dict[str, str]:
    return {field.name: field.value for field in fields_of(pages)}


def lines(*texts: str) -> Page:
    return a_page(*([(100, text)] if text else [] for text in texts))


def test_labels_with_colons_are_followed_by_their_values() -> None:
    page = lines(
        "弱电系统故障报修单",
        "报修单位：广州市天河体育中心",
        "项目名称：体育中心智能化工程",
        "合同号：HT-2024-0317",
        "联系人：张丽萍",
        "联系电话：020-87561234",
        "故障系统：视频监控系统",
        "故障地点：A3栋空调机房",
        "发生时间：2025年8月9日22:10",
        "紧急程度：一般",
        "故障现象：",
        "三楼东侧六台摄像机无图像，硬盘录像机",
        "显示视频丢失。",
        "报修人签字（盖章）",
    )

    assert said(page) == {
        "customer": "广州市天河体育中心",
        "site": "体育中心智能化工程",
        "contract_no": "HT-2024-0317",
        "contact": "张丽萍",
        "phone": "020-87561234",
        "system": "视频监控系统",
        "location": "A3栋空调机房",
        "occurred_at": "2025年8月9日22:10",
        "urgency": "一般",
        "fault": "三楼东侧六台摄像机无图像，硬盘录像机显示视频丢失。",
    }


def test_a_table_has_labels_and_values_in_cells_of_their_own() -> None:
    page = a_page(
        [(100, "报修单位"), (400, "远洋大厦物业"), (1000, "联系人"), (1250, "李明辉")],
        [(100, "故障地点"), (400, "二楼大厅"), (1000, "电话"), (1250, "13802745516")],
        [(100, "故障描述"), (400, "门禁读卡器刷卡无反应")],
    )

    assert said(page) == {
        "customer": "远洋大厦物业",
        "contact": "李明辉",
        "location": "二楼大厅",
        "phone": "13802745516",
        "fault": "门禁读卡器刷卡无反应",
    }


def test_values_stand_below_the_labels_of_a_tables_head() -> None:
    page = a_page(
        [(100, "联系人"), (500, "联系电话"), (1000, "故障地点")],
        [(100, "王小明"), (500, "0755-83291177"), (1000, "负一层配电间")],
        [(100, "故障现象"), (500, "紧急程度")],
        [(100, "对讲主机无声"), (500, "特急")],
    )

    assert said(page) == {
        "contact": "王小明",
        "phone": "0755-83291177",
        "location": "负一层配电间",
        "fault": "对讲主机无声",
        "urgency": "特急",
    }


def test_a_label_stands_in_the_middle_of_a_cell_of_several_lines() -> None:
    half = [
        Line("联系人", 0.99, 100, 0, 120, 50),
        Line("吴国华", 0.99, 400, 0, 120, 50),
        Line("电话", 0.99, 100, 100, 80, 50),
        Line("020-87561234", 0.99, 400, 100, 240, 50),
        Line("五楼弱电间交换机端口全部不亮，", 0.99, 400, 200, 600, 50),
        Line("故障现象", 0.99, 100, 230, 160, 50),
        Line("四十个信息点断网。", 0.99, 400, 260, 360, 50),
        Line("紧急程度", 0.99, 100, 360, 160, 50),
        Line("紧急", 0.99, 400, 360, 80, 50),
    ]

    assert said(Page(number=1, lines=tuple(half))) == {
        "contact": "吴国华",
        "phone": "020-87561234",
        "fault": "五楼弱电间交换机端口全部不亮，四十个信息点断网。",
        "urgency": "紧急",
    }


def test_an_english_form_is_read() -> None:
    page = lines(
        "SERVICE REQUEST FORM",
        "Company: Harbour View Hotel",
        "Contract No.: PRT-BA-7741",
        "Contact: Susan Taylor",
        "Telephone: +86 20 8733 4100",
        "Date/Time: 2025-06-02 22:15",
        "Priority: Urgent",
        "Fault:",
        "Card reader at gate 3 does not respond.",
        "The controller shows offline.",
        "Signature / Stamp",
    )

    assert said(page) == {
        "customer": "Harbour View Hotel",
        "contract_no": "PRT-BA-7741",
        "contact": "Susan Taylor",
        "phone": "+86 20 8733 4100",
        "occurred_at": "2025-06-02 22:15",
        "urgency": "Urgent",
        "fault": "Card reader at gate 3 does not respond. The controller shows offline.",
    }


def test_a_form_in_traditional_characters_is_read() -> None:
    page = lines("報修單位：海景酒店", "聯絡人：陳先生", "聯絡電話：2345 6789", "故障現象：閘機無法開啟")

    assert said(page) == {
        "customer": "海景酒店",
        "contact": "陳先生",
        "phone": "2345 6789",
        "fault": "閘機無法開啟",
    }


@pytest.mark.parametrize(
    "label",
    [
        "报修人",
        "报 修 人",
        "报　修　人",
        "1. 报修人",
        "（1）报修人",
        "*报修人",
        "报修人（姓名）",
        "报修人 Contact",
        "报侈人",
    ],
)
def test_a_label_is_known_spaced_numbered_explained_bilingual_or_with_a_letter_misread(label: str) -> None:
    page = lines(f"{label}：吴国华", "联系电话：020-87561234", "故障地点：三楼")

    assert said(page)["contact"] == "吴国华"


def test_a_label_spaced_out_so_widely_that_its_letters_are_lines_is_known() -> None:
    page = a_page(
        [(100, "传"), (240, "真"), (400, "020-87561235")],
        [(100, "联系人"), (400, "吴国华")],
        [(100, "故障地点"), (400, "三楼")],
    )

    assert said(page)["fax"] == "020-87561235"


def test_a_colon_that_was_misread_still_ends_a_label() -> None:
    page = lines("报修单位：远洋大厦", "联系人二李明辉", "联系电话：020-87561234", "故障地点：三楼")

    assert said(page)["contact"] == "李明辉"


def test_a_short_label_with_a_letter_misread_is_known_before_a_number() -> None:
    page = lines(
        "联系人：李明辉",
        "传具：020-87561235",
        "客服：远恒客服中心",
        "联系电话：020-87561234",
        "故障地点：三楼",
    )

    assert said(page)["fax"] == "020-87561235"
    assert "customer" not in said(page)


@pytest.mark.parametrize(("label", "read"), [("传直", True), ("传具", True), ("客服", False)])
def test_a_short_label_of_a_table_with_a_letter_misread_is_known_before_a_number(
    label: str, *, read: bool
) -> None:
    page = a_page(
        [(100, "联系人"), (400, "李明辉")],
        [(100, "联系电话"), (400, "13802745516")],
        [(100, label), (400, "0757-66886124")],
        [(100, "故障地点"), (400, "三楼")],
    )

    assert said(page).get("fax") == ("0757-66886124" if read else None)
    assert said(page)["phone"] == "13802745516"


def test_the_hyphen_of_a_contract_that_the_line_swallowed_is_put_back() -> None:
    page = lines("报修单位：远洋大厦", "合同编号：GZ2023 0147", "联系人：李明辉", "故障地点：三楼")

    assert said(page)["contract_no"] == "GZ2023-0147"


def test_a_value_whose_label_was_not_read_is_none_of_the_number_above_it() -> None:
    page = a_page(
        [(100, "联系人"), (400, "李明辉")],
        [(100, "联系电话"), (400, "13802745516")],
        [(400, "0757-66886124")],
        [(100, "故障地点"), (400, "三楼")],
    )

    assert said(page) == {"contact": "李明辉", "phone": "13802745516", "location": "三楼"}


def test_several_labels_share_a_line() -> None:
    page = lines(
        "报修单位：远洋大厦 联系人：李明辉", "联系电话：020-87561234传真：020-87561235", "故障地点：三楼"
    )

    assert said(page) == {
        "customer": "远洋大厦",
        "contact": "李明辉",
        "phone": "020-87561234",
        "fax": "020-87561235",
        "location": "三楼",
    }


def test_what_is_written_on_lines_is_read_without_them() -> None:
    page = lines("报修单位：__远洋大厦____", "联系人：_____李明辉", "电话：____________", "故障地点：三楼")

    assert said(page) == {"customer": "远洋大厦", "contact": "李明辉", "location": "三楼"}


def test_a_field_that_is_not_filled_in_is_none() -> None:
    page = lines(
        "报修单位：远洋大厦",
        "合同号：",
        "联系人：",
        "联系电话：020-87561234",
        "发生时间：  年  月  日",
        "故障地点：（楼层、房号）",
    )

    assert said(page) == {"customer": "远洋大厦", "phone": "020-87561234"}


def test_of_several_boxes_the_ticked_one_counts() -> None:
    page = lines(
        "联系人：李明辉", "联系电话：020-87561234", "紧急程度：□一般 ☑紧急 □特急", "故障地点：出口道闸"
    )

    assert said(page)["urgency"] == "紧急"
    assert said(page)["location"] == "出口道闸"


def test_boxes_of_which_none_is_ticked_tell_nothing() -> None:
    page = lines("联系人：李明辉", "联系电话：020-87561234", "紧急程度：□一般 □紧急 □特急", "故障地点：三楼")

    assert "urgency" not in said(page)


def test_a_value_goes_on_in_the_next_row() -> None:
    page = a_page(
        [(100, "故障地点"), (400, "朝阳路78号住院楼")],
        [(400, "一楼大厅")],
        [(100, "联系人"), (400, "李明辉")],
        [(100, "联系电话"), (400, "020-87561234")],
    )

    assert said(page) == {
        "location": "朝阳路78号住院楼一楼大厅",
        "contact": "李明辉",
        "phone": "020-87561234",
    }


def test_a_value_keeps_the_confidence_of_its_least_certain_line() -> None:
    page = Page(
        number=2,
        lines=(
            Line("联系人：李明辉", 0.61, 100, 0, 280, 50),
            Line("联系电话：020-87561234", 0.97, 100, 70, 400, 50),
            Line("故障地点：三楼", 0.99, 100, 140, 280, 50),
        ),
    )

    contact = next(field for field in fields_of([page]) if field.name == "contact")

    assert (contact.confidence, contact.page) == (0.61, 2)


def test_a_letter_has_no_fields() -> None:
    page = lines(
        "弱电工程公司售后部负责同志：",
        "贵公司承建的天河体育中心智能化改造工程（合同号ZN/2022/118）近日",
        "出现如下问题：",
        "一号门读卡器刷卡无反应，请尽快派人维修。",
        "联系人张丽萍，电话0757-66886123。",
    )

    assert said(page) == {}


def test_a_cover_sheet_is_no_form() -> None:
    cover = lines(
        "传真",
        "收件：远恒客服中心",
        "发件：远洋大厦",
        "传真：020-11112222",
        "电话：020-11113333",
        "联系人：无",
        "页数：2",
    )
    form = a_page(
        [(100, "联系人：李明辉")], [(100, "传真：020-87561235")], [(100, "故障地点：三楼")], number=2
    )

    assert said(cover, form) == {"contact": "李明辉", "fax": "020-87561235", "location": "三楼"}


def test_what_the_repairer_fills_in_belongs_to_no_field_of_the_clients() -> None:
    page = lines(
        "联系人：李明辉",
        "联系电话：020-87561234",
        "故障现象：门禁失灵",
        "以下由维修单位填写",
        "处理结果：更换读卡器",
        "维修人：赵强",
    )

    assert said(page) == {"contact": "李明辉", "phone": "020-87561234", "fault": "门禁失灵"}


letters = st.text(st.sampled_from("报修单位联系人电话故障地点：: _□☑12ab，。\u3000\n"), max_size=60)
boxes = st.tuples(
    letters, *(st.integers(0, 3_000) for _ in range(2)), *(st.integers(1, 300) for _ in range(2))
)


@given(st.lists(boxes, max_size=12))
def test_whatever_stands_anywhere_every_value_was_written(
    given_boxes: list[tuple[str, int, int, int, int]],
) -> None:
    page = Page(number=1, lines=tuple(Line(text, 0.9, *box) for text, *box in given_boxes))
    written = "".join(sorted("".join(text for text, *_ in given_boxes)))

    for field in fields_of([page]):
        assert field.value.strip() == field.value != ""
        assert all(letter in written for letter in field.value.replace(" ", ""))
