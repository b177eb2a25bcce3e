"""Whole lives over a real Dovecot and an SMTP server, each to its written report; the clock is the test's.

What `explain` must say of a clock was counted by hand: the sums stand beside it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.lives import HANDLERS, Life, words
from end_to_end.played import RealDesk
from servers.dovecot import MailAccount
from servers.faketime import SetMachine
from servers.smtp import SmtpSink

LI = "李明 <liming@binjiang.example>"
RESOLVED = "解决\n原因：{cause}\n方法：{method}\n备件：{parts}\n恢复时间：{at}\n"


@pytest.fixture
def life(
    tmp_path: Path, set_machine: SetMachine, account: MailAccount, smtp_sink: SmtpSink
) -> Iterator[Life]:
    desk = RealDesk(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db", handlers=HANDLERS)
    desk.under = set_machine.under
    yield Life(desk, set_machine)
    desk.close()


def test_a_hardware_fault_in_warranty_is_solved_in_time(life: Life) -> None:
    life.write(
        "2026-03-02T09:00",
        LI,
        "滨江广场二号楼大堂的摄像机烧坏了，有焦味，已断电，请派人来更换。\n李明 13800138000\n",
        "摄像机烧坏",
    )

    (acknowledgement,) = life.mails("liming", "已受理")
    for told in (
        "2026-03-02 11:00",
        "2026-03-03 09:00",
        "负责工程师：王建国，电话 +86 138 0000 0001",
        "断电",
    ):
        assert told in words(acknowledgement)
    (order,) = life.mails("wang", "派工单")
    for told in (
        "保修期内 in_warranty / 免费 free",
        "YH-2025-01",
        "13800138000",
        "1. 致电客户",
        "到场 arrived",
    ):
        assert told in words(order)

    assert "已接单" in life.engineer("2026-03-02T09:10", "接单\n")
    life.engineer("2026-03-02T10:00", "回复客户\n李工您好，我带备件 14 点到。\n")
    assert "14 点到" in words(life.mails("liming")[-1])
    assert "arrived: 2026-03-02 14:05" in life.engineer("2026-03-02T14:10", "到场 14:05\n")
    said = life.engineer(
        "2026-03-02T16:00",
        RESOLVED.format(
            cause="电源模块击穿", method="更换同型号摄像机，恢复录像", parts="DS-2CD 1 台", at="15:40"
        ),
    )

    assert f"{life.ticket['reference']}-R1" in said
    # 09:00 to 10:00, when the engineer wrote to the client; 09:00 to 14:05; the report went out at once.
    explained = life.explained()
    assert explained["response"] == ("kept", "1:00:00")
    assert explained["on_site"] == ("kept", "5:05:00")
    assert explained["report"][0] == "kept"
    report = life.report("liming")
    for told in (
        "故障处理报告",
        f"{life.ticket['reference']}-R1",
        "滨江物业 / 李明",
        "滨江广场",
        "保修期内，免费",
        "YH-2025-01",
        "2026-03-02 09:00",
        "2026-03-02 14:05",
        "2026-03-02 15:40",
        "2026-03-02 16:00",
        "电源模块击穿",
        "更换同型号摄像机",
        "DS-2CD 1 台",
        "王建国",
        "工程师接单",
        "客户签字",
    ):
        assert told in report
    assert "已关闭" in life.engineer("2026-03-02T17:00", "关闭\n")
    assert life.ticket["status"] == "closed"


def test_damage_by_misuse_in_warranty_is_repaired_at_cost(life: Life) -> None:
    life.write("2026-03-02T09:00", LI, "门口道闸被货车撞断，无法起落。\n李明\n", "道闸撞断")
    life.engineer("2026-03-02T09:20", "接单\n到场 09:20\n备注：现场照片显示货车撞击\n")

    life.command(
        "entitle", life.ticket["reference"], "in_warranty", "at_cost", "--because", "货车撞击，客户签字确认"
    )
    life.engineer(
        "2026-03-02T12:00",
        RESOLVED.format(cause="货车撞断闸杆", method="更换闸杆并校正", parts="闸杆 1 根", at="11:30"),
    )

    report = life.report("liming")
    assert "保修期内，只收成本费" in report
    assert "闸杆 1 根" in report
    # 09:00 to 09:20, when the engineer stood there: that is the answer, too.
    assert life.explained()["response"] == life.explained()["on_site"] == ("kept", "0:20:00")


def test_a_silent_desk_is_escalated_over_three_levels_and_still_reports(life: Life) -> None:
    life.write("2026-03-02T09:00", LI, "滨江广场监控全部黑屏，请派人。\n", "监控黑屏")
    life.at("2026-03-02T10:00")  # half of two hours
    life.at("2026-03-02T11:00")  # the breach
    life.at("2026-03-02T12:00")  # half as much again

    assert [one["step"] for one in life.events("warned") if one["clock"] == "response"] == [0.5]
    escalated = [one for one in life.events("escalated") if one["clock"] == "response"]
    assert [(one["step"], one["to"]) for one in escalated] == [
        (1.0, ["zhao@yuanheng-elv.example", "chen@yuanheng-elv.example"]),
        (1.5, ["zhou@yuanheng-elv.example"]),
    ]
    (breach,) = life.events("breached")
    assert breach["clock"] == "response"
    # Wang did not answer within half an hour: Zhao was sent, and then nobody was left to ask.
    assert [one["engineer"].partition("@")[0] for one in life.events("assigned")] == ["wang", "zhao"]
    assert len(life.mails("chen", "超时 BREACH")) == 1
    assert len(life.mails("zhou", "超时 BREACH")) == 1
    assert life.mails("ops", "nobody can be sent")

    life.command("assign", life.ticket["reference"], "赵志强")
    life.drain()
    life.engineer("2026-03-02T13:10", "接单\n到场 12:30\n恢复 13:00\n", who="zhao")
    life.engineer("2026-03-02T13:20", "解决\n原因：交换机死机\n方法：重启并升级固件\n", who="zhao")

    # 09:00 to 12:30: the arrival is the answer; the promise was 11:00.
    assert life.explained()["response"] == ("broken", "3:30:00")
    assert life.explained()["on_site"] == ("kept", "3:30:00")
    report = life.report("liming")
    for told in ("交换机死机", "2026-03-02 13:00", "赵志强"):
        assert told in report


def test_while_the_client_is_waited_for_the_clock_of_the_visit_stands(life: Life) -> None:
    life.write("2026-03-02T09:00", LI, "三楼门禁读卡器坏了，请派人来修。\n", "门禁坏了")
    life.engineer("2026-03-02T10:00", "接单\n等待客户 三楼弱电间钥匙\n")
    assert life.explained()["on_site"] == ("paused", "1:00:00")
    (acknowledgement,) = life.mails("liming", "已受理")
    life.write("2026-03-03T08:00", LI, "钥匙已放在门卫，随时可来。\n", answer=acknowledgement)
    life.engineer("2026-03-03T13:00", "到场\n")
    life.engineer(
        "2026-03-03T15:00",
        RESOLVED.format(cause="读卡器受潮", method="更换读卡器", parts="读卡器 1 个", at="14:30"),
    )

    # 09:00-10:00 is one hour, the 22 until the client wrote do not count, 08:00-13:00 is five.
    assert life.explained()["on_site"] == ("kept", "6:00:00")
    assert life.stretches("on_site") == [
        ("03-02 09:00", "03-02 10:00", "7x24"),
        ("03-03 08:00", "03-03 13:00", "7x24"),
    ]
    # Nobody answered before somebody came: to 11:00 of the day it was owed, to 13:00 of the next are 28 hours.
    assert life.explained()["response"] == ("broken", "28:00:00")
    report = life.report("liming")
    assert "等待客户：三楼弱电间钥匙" in report
    assert "读卡器受潮" in report


def test_what_is_not_fixed_is_taken_up_again_with_a_new_clock_and_a_second_report(life: Life) -> None:
    life.write("2026-03-02T09:00", LI, "广播没有声音，请派人。\n", "广播无声")
    life.engineer("2026-03-02T10:00", "接单\n到场 10:00\n")
    life.engineer(
        "2026-03-02T11:00", RESOLVED.format(cause="功放保护", method="复位功放", parts="无", at="10:50")
    )
    first = life.report("liming")
    (*_, mail) = life.mails("liming", "故障处理报告")
    life.write("2026-03-03T09:00", LI, "还是没修好，又没有声音了。\n", answer=mail)

    assert life.ticket["status"] == "new"
    assert len(life.mails("wang", "派工单")) == 2
    life.engineer("2026-03-03T12:00", "接单\n到场 12:00\n")
    life.engineer(
        "2026-03-03T14:00",
        RESOLVED.format(cause="功放损坏", method="更换功放", parts="功放 1 台", at="13:40"),
    )

    # The new visit: 09:00 of the day on which it was said, to 12:00.
    assert life.explained()["on_site"] == ("kept", "3:00:00")
    assert life.stretches("on_site") == [("03-02 09:00", "03-02 10:00", "7x24")]  # of the first visit
    assert life.explained()["response"] == ("kept", "1:00:00")
    second = life.report("liming")
    assert "-R1" in first
    assert "-R2" in second
    for told in ("功放损坏", "客户反映未修好，重新处理", "2026-03-03 13:40"):
        assert told in second


def test_an_unknown_client_is_served_like_everyone_and_flagged(life: Life) -> None:
    life.write("2026-03-02T09:00", "陈小姐 <chen88@qqmail.example>", "你好，停车场道闸不抬杆了。\n", "道闸")

    (order,) = life.mails("wang", "派工单")
    assert "未知 unknown / 按报价 quotation_needed" in words(order)
    assert "2026-03-02 11:00" in words(life.mails("chen88", "已受理")[0])
    life.engineer("2026-03-02T10:00", "接单\n到场 10:00\n")
    life.engineer(
        "2026-03-02T11:00",
        RESOLVED.format(cause="线圈断线", method="重做地感线圈", parts="线圈 1 组", at="10:50"),
    )

    report = life.report("chen88")
    assert "线圈断线" in report
    assert "收费" not in report
    assert life.explained()["response"] == life.explained()["on_site"] == ("kept", "1:00:00")


def test_in_trial_operation_the_named_engineer_goes(life: Life) -> None:
    metro = "调度 <ops@metro.example>"
    life.write("2026-03-02T09:00", metro, "三号线车站广播故障，请派人处理。\n", "广播故障")

    (assigned,) = life.events("assigned")
    assert assigned["engineer"] == "zhao@yuanheng-elv.example"
    assert assigned["reasons"] == ["named by contract YH-2026-02"]
    life.engineer("2026-03-02T09:30", "接单\n到场 09:30\n", who="zhao")
    life.engineer(
        "2026-03-02T10:30",
        RESOLVED.format(cause="网线松动", method="重新插接", parts="无", at="10:00"),
        who="zhao",
    )

    report = life.report("metro.example")
    assert "赵志强" in report
    assert "三号线" in report
    assert life.explained()["response"] == life.explained()["on_site"] == ("kept", "0:30:00")


@pytest.mark.parametrize(
    ("noticed", "due", "answered", "counted", "stretches"),
    [
        # At night: from 08:30 of the next day on, two hours; answered at 09:15.
        (
            "2026-03-02T22:00",
            "2026-03-03 10:30",
            "2026-03-03T09:15",
            "0:45:00",
            [("03-03 08:30", "03-03 09:15")],
        ),
        # In the Spring Festival (to 23 February): from 08:30 of the 24th on; answered at 10:00.
        (
            "2026-02-17T10:00",
            "2026-02-24 10:30",
            "2026-02-24T10:00",
            "1:30:00",
            [("02-24 08:30", "02-24 10:00")],
        ),
        # Friday 16:30, one hour is left; Saturday the 14th is a make-up working day: from 08:30 another hour.
        (
            "2026-02-13T16:30",
            "2026-02-14 09:30",
            "2026-02-14T09:00",
            "1:30:00",
            [("02-13 16:30", "02-13 17:30"), ("02-14 08:30", "02-14 09:00")],
        ),
    ],
    ids=["night", "holiday", "make-up working day"],
)
def test_under_a_contract_of_working_hours_only_those_count(
    life: Life, noticed: str, due: str, answered: str, counted: str, stretches: list[tuple[str, str]]
) -> None:
    nurse = "信息科 <it@hospital.example>"
    life.write(noticed, nurse, "门诊楼叫号屏黑屏，请派人来看。\n", "叫号屏黑屏")
    assert due in words(life.mails("hospital.example", "已受理")[0])

    life.engineer(answered, "接单\n到场\n")
    later = f"{answered[:11]}11:00"
    life.engineer(
        later, RESOLVED.format(cause="接收卡损坏", method="更换接收卡", parts="接收卡 1 块", at="10:40")
    )

    assert life.explained()["response"] == life.explained()["on_site"] == ("kept", counted)
    for clock in ("response", "on_site"):
        assert [stretch[:2] for stretch in life.stretches(clock)] == stretches
    report = life.report("hospital.example")
    for told in ("维保合同有效期内，按维保合同", "YH-2019-07", "接收卡损坏", f"{answered[:10]} 10:40"):
        assert told in report


def test_a_life_in_english(life: Life) -> None:
    life.write(
        "2026-03-02T09:00",
        "Grace Li <grace@binjiang.example>",
        "All cameras of tower 2 are dark since this morning. Please send an engineer.\n\nGrace Li, 13800138000\n",
        "Cameras dark",
    )
    (acknowledgement,) = life.mails("grace", "Received")
    assert "Engineer in charge: 王建国" in words(acknowledgement)

    life.engineer("2026-03-02T09:10", "accept\nreply\nDear Ms Li,\nI come at two.\n--\nWang\n")
    life.engineer("2026-03-02T14:30", "ARRIVED 2pm\n")
    said = life.engineer("2026-03-02T16:00", "resolved\ncause: power supply burnt\n")
    assert "missing: 方法 method、恢复时间 time" in said
    life.engineer("2026-03-02T16:10", "method: replaced the supply, all 16 cameras checked\ntime: 15:30\n")

    # Answered at 09:10 by the words under "reply"; 09:00 to 14:00.
    assert life.explained()["response"] == ("kept", "0:10:00")
    assert life.explained()["on_site"] == ("kept", "5:00:00")
    report = life.report("grace")
    for told in (
        "Fault Report",
        "power supply burnt",
        "replaced the supply, all 16 cameras checked",
        "in warranty, free of charge",
        "2026-03-02 15:30",
        "2026-03-02 14:00",
        "accepted by the engineer",
        "Client: signature",
    ):
        assert told in report
