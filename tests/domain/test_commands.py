"""The grammar of commands by mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.commands import MOST_PUZZLING, Command, Field, Orders, read_orders


def read(text: str) -> list[tuple[str, str]]:
    return [(order.what, order.words) for order in read_orders(text).found]


@pytest.mark.parametrize(
    ("line", "command", "words"),
    [
        ("接单", Command.ACCEPT, ""),
        ("已接单。", Command.ACCEPT, ""),
        ("接單", Command.ACCEPT, ""),
        ("ACCEPT", Command.ACCEPT, ""),
        ("ａｃｃｅｐｔ", Command.ACCEPT, ""),
        ("转派 李工", Command.REASSIGN, "李工"),
        ("reassign: Li Ming", Command.REASSIGN, "Li Ming"),
        ("到场14:30", Command.ARRIVED, "14:30"),
        ("已到场 １４：３０", Command.ARRIVED, "１４：３０"),
        ("arrived yesterday 14:30", Command.ARRIVED, "yesterday 14:30"),
        ("已到达现场", Command.ARRIVED, ""),
        ("到达 14:30", Command.ARRIVED, "14:30"),
        ("抵達", Command.ARRIVED, ""),
        ("　到场", Command.ARRIVED, ""),
        ("等待客户：机房钥匙", Command.WAITING, "机房钥匙"),
        ("waiting for the client: key of the riser room", Command.WAITING, "key of the riser room"),
        ("继续", Command.RESUME, ""),
        ("恢复 15:10", Command.RESTORED, "15:10"),
        ("解决了。", Command.RESOLVED, ""),
        ("Resolved:", Command.RESOLVED, ""),
        ("无法解决 厂家无货", Command.STUCK, "厂家无货"),
        ("备注 客户要求晚上再来", Command.NOTE, "客户要求晚上再来"),
        ("note: come at night", Command.NOTE, "come at night"),
        ("分类：线路 监控 紧急", Command.CLASS, "线路 监控 紧急"),
        ("关闭 重复报修", Command.CLOSE, "重复报修"),
        ("原因：水晶头氧化", Field.CAUSE, "水晶头氧化"),
        ("Parts : RJ45 x 2", Field.PARTS, "RJ45 x 2"),
        ("恢复时间：15:10", Field.TIME, "15:10"),
    ],
)
def test_a_command_is_known_in_either_language_width_and_case(line: str, command: str, words: str) -> None:
    assert read(line) == [(command, words)]


@pytest.mark.parametrize(
    "line",
    [
        "接单后我马上过去",
        "解决方案见附件",
        "到场的是张工",
        "acceptable",
        "Fixed the date with Ms Li",
        "close the door behind you",
        "note that the spare is in the van",
        "Reply from Hikvision: the list price is 3000",
        "Stuck in traffic, there at 15:30",
        "恢复正常以后请告知",
        "请解决",
        "原因不明",
        "> 接单",
    ],
)
def test_a_sentence_is_no_command(line: str) -> None:
    assert read_orders(line) == Orders((), (line,))


def test_a_resolution_is_told_in_fields_which_may_take_several_lines() -> None:
    text = "解决\n原因：施工挖断\n光缆\n方法：熔接 12 芯\n并测试衰耗\n\n恢复时间：15:10\n"

    assert read(text) == [
        (Command.RESOLVED, ""),
        (Field.CAUSE, "施工挖断\n光缆"),
        (Field.METHOD, "熔接 12 芯\n并测试衰耗"),
        (Field.TIME, "15:10"),
    ]


def test_thanks_and_what_follows_are_no_part_of_a_field() -> None:
    orders = read_orders("解决\n原因：受潮\n方法：换新\n测试正常\n谢谢\n王工\n客户很难缠\n")

    assert orders.found[-1].words == "换新\n测试正常"
    assert orders.puzzling == ("谢谢", "王工", "客户很难缠")


def test_a_field_is_told_whole_and_ends_after_twenty_lines() -> None:
    lines = [f"第 {number} 步" for number in range(30)]

    orders = read_orders("\n".join(["方法：换新", *lines]))

    assert orders.found[0].line == "\n".join(["方法：换新", *lines[:20]])
    assert orders.puzzling == tuple(lines[20:25])
    assert orders.is_cut


@pytest.mark.parametrize("dashes", ["--", "-- ", "－－", "——"])
def test_dashes_of_any_width_end_the_commands(dashes: str) -> None:
    assert read(f"接单\n{dashes}\n关闭：重复\n") == [(Command.ACCEPT, "")]


@pytest.mark.parametrize("line", ["恢复时间 15:10", "时间 15:10", "Recovery time 15:10"])
def test_a_time_needs_no_colon_before_it(line: str) -> None:
    assert read(line) == [(Field.TIME, "15:10")]


def test_a_list_goes_on_after_an_empty_line_and_other_words_do_not() -> None:
    orders = read_orders("方法：\n1. 换头\n\n2、测试\n\n王工 138\n")

    assert orders.found[0].words == "1. 换头\n2、测试"
    assert orders.puzzling == ("王工 138",)


def test_what_is_too_long_to_be_read_is_told_and_never_cut() -> None:
    assert read_orders("原因：" + "长" * 3000).puzzling == ("原因：" + "长" * 3000,)
    assert read_orders("接单\n" + "\n" * 300).is_long
    assert not read_orders("接单\n--\n" + "\n" * 300).is_long


@pytest.mark.parametrize("line", ["已致电", "致电 12:10", "Called 12:10", "已电话联系"])
def test_a_call_is_a_command(line: str) -> None:
    assert [what for what, _ in read(line)] == [Command.CALLED]


@pytest.mark.parametrize("line", ["已上门", "我已上门", "已经上门", "上门了", "已上門"])
def test_who_is_there_has_arrived(line: str) -> None:
    assert [what for what, _ in read(line)] == [Command.ARRIVED]


@pytest.mark.parametrize("line", ["上门", "需要上门", "visit", "Visit needed"])
def test_a_visit_is_a_command(line: str) -> None:
    assert read(line) == [(Command.VISIT, "")]


def test_what_follows_reply_goes_to_the_client_whatever_it_says() -> None:
    text = "接单\n回复客户\n李工您好，\n\n明早九点到场。\n解决\n--\n张工\n"

    assert read(text) == [(Command.ACCEPT, ""), (Command.REPLY, "李工您好，\n\n明早九点到场。\n解决")]


def test_the_signature_ends_the_commands() -> None:
    assert read("接单\n-- \n解决\n") == [(Command.ACCEPT, "")]


def test_reading_stops_at_the_fifth_line_that_is_no_command() -> None:
    orders = read_orders("您好\n" * MOST_PUZZLING + "接单\n")

    assert orders == Orders((), ("您好",) * MOST_PUZZLING, is_cut=True)


def test_lines_between_commands_are_named() -> None:
    orders = read_orders("接单\n明天上午去看看\n备注：带熔接机\n")

    assert [order.what for order in orders.found] == [Command.ACCEPT, Command.NOTE]
    assert orders.puzzling == ("明天上午去看看",)


@given(st.text(max_size=300))
def test_any_text_is_read_and_nothing_is_ordered_that_does_not_stand_there(text: str) -> None:
    orders = read_orders(text)

    assert len(orders.puzzling) <= MOST_PUZZLING
    for order in orders.found:
        assert all(line in text for line in order.line.splitlines())
