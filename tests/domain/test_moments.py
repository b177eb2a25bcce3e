from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.moments import clock_time, occurred_at

# A Tuesday.
WRITTEN = datetime(2026, 11, 24, 10, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("今早门口的屏全黑了", "2026-11-24"),
        ("昨晚8点多停车场道闸就不抬了", "2026-11-23T20:00+08:00"),
        ("尋晚十一點半開始，大堂攝影機冇畫面", "2026-11-23T23:30+08:00"),
        ("前天下午广播没声音", "2026-11-22"),
        ("大前天打雷以后三号楼掉线", "2026-11-21"),
        ("上周五下班后机房空调停了", "2026-11-20"),
        ("上周五下午三点一刻，核心交换机重启", "2026-11-20T15:15+08:00"),
        ("从周日起车牌认不准", "2026-11-22"),
        ("11月3日下午三点左右，2号门读卡器失灵", "2026-11-03T15:00+08:00"),
        ("2026年11月18日起，电话打不出去", "2026-11-18"),
        ("十月二十八日晚9:40，报警主机误报", "2026-10-28T21:40+08:00"),
        ("3号上午开始，投影时好时坏", "2026-11-03"),
        ("三天前换了电源之后一直重启", "2026-11-21"),
        ("故障发生时间：11月20日", "2026-11-20"),
        ("凌晨两点半，冷冻机房报警，无人应答", "2026-11-24T02:30+08:00"),
        ("08:47起，三楼全部AP离线", "2026-11-24T08:47+08:00"),
        ("The PA has been silent since Friday.", "2026-11-20"),
        ("Since last Friday around 9 pm the gate opens by itself.", "2026-11-20T21:00+08:00"),
        ("Yesterday at 14:20 the recorder rebooted.", "2026-11-23T14:20+08:00"),
        ("Last night at about 11 the alarm went off for no reason", "2026-11-23T23:00+08:00"),
        ("At 06:10 we lost all cameras on the ring.", "2026-11-24T06:10+08:00"),
        ("It started on 3 November at 3 pm.", "2026-11-03T15:00+08:00"),
        ("Nov 12th: reader dead", "2026-11-12"),
        ("two days ago the screen went blank", "2026-11-22"),
    ],
)
def test_the_moment_is_told(text: str, told: str) -> None:
    moment = occurred_at(text, WRITTEN)

    assert moment
    assert moment.when == told


@pytest.mark.parametrize(
    "text",
    [
        "请今天派人来看一下",
        "麻烦明天上午九点前到场",
        "下周三有领导检查，务必修好",
        "每天早上八点广播都响两遍",
        "每周五都会死机",
        "上周你们换过主板，最近又坏了",
        "3号楼2单元门禁坏了",
        "保修到2026年10月1日",
        "屏上一直是昨天的节目单",
        "早上好，门禁坏了",
        "Please come by Friday.",
        "Could you send somebody on Monday?",
        "It reboots every Sunday.",
        "Camera 12 is dark, version 4.2",
        "The contract is dated 3 November 2026.",
    ],
)
def test_a_wish_a_habit_and_a_number_are_no_moment(text: str) -> None:
    assert occurred_at(text, WRITTEN) is None


def test_the_beginning_goes_before_what_is_told_first() -> None:
    text = "今天早上值班员又来报，从上周四开始三楼就断断续续"

    moment = occurred_at(text, WRITTEN)

    assert moment
    assert (moment.when, text[moment.start : moment.end]) == ("2026-11-19", "上周四")


def test_without_a_date_nothing_relative_can_be_said() -> None:
    assert occurred_at("昨晚坏的", None) is None


_SCRAPS = "昨晚|上周|星期五|2月30日|3号|早上|25点|since |Friday |31 Feb |at 9:99 |半|十|天前|99|:".split("|")  # noqa: SIM905


@given(st.lists(st.sampled_from(_SCRAPS)), st.integers(0, 30_000))
def test_whatever_is_written_the_moment_lies_not_in_the_future(scraps: list[str], days: int) -> None:
    written = datetime(2001, 1, 1, 10, 30, tzinfo=WRITTEN.tzinfo) + timedelta(days=days)

    told = occurred_at("".join(scraps), written)

    assert told is None or date.fromisoformat(told.when[:10]) <= written.date()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("昨晚12点门禁全部掉线", "2026-11-24T00:00+08:00"),
        ("今天凌晨12点半门禁全部掉线", "2026-11-24T00:30+08:00"),
        ("昨天下午三点3号机房断电", "2026-11-23T15:00+08:00"),
        ("今早9点2号楼门禁掉线", "2026-11-24T09:00+08:00"),
        ("昨天下午三点二十门禁掉线", "2026-11-23T15:20+08:00"),
        ("昨天9点15号楼门禁掉线", "2026-11-23T09:00+08:00"),
        ("今早9点05分门禁掉线", "2026-11-24T09:05+08:00"),
        ("今天下午3点门禁掉线", None),
    ],
)
def test_the_hour_is_the_one_that_was(text: str, told: str | None) -> None:
    moment = occurred_at(text, WRITTEN)

    assert (moment.when if moment else None) == told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("14:30", "2026-03-05T14:30"),
        ("１４：３０", "2026-03-05T14:30"),
        ("9点半", "2026-03-05T09:30"),
        ("今天下午3点", "2026-03-05T15:00"),
        ("昨天14:30", "2026-03-04T14:30"),
        ("昨晚8点", "2026-03-04T20:00"),
        ("3月4日 下午三点二十分", "2026-03-04T15:20"),
        ("3pm", "2026-03-05T15:00"),
        ("1:30pm", "2026-03-05T13:30"),
        ("yesterday 14:30", "2026-03-04T14:30"),
        ("4 March 2:15pm", "2026-03-04T14:15"),
        ("2026-03-01 08:05", "2026-03-01T08:05"),
        ("2026-03-01T08:05", "2026-03-01T08:05"),
        ("23:50", "2026-03-05T23:50"),
        ("14.30", "2026-03-05T14:30"),
        ("now", "2026-03-05T16:00"),
        ("刚刚", "2026-03-05T16:00"),
        ("昨天14.30", "2026-03-04T14:30"),
        ("2026.03.05", None),
        ("version 3.20", None),
        ("2026-03-01", None),
        ("0001-01-01T00:00+14:00", None),
        ("门口", None),
        ("25:99", None),
        ("2", None),
        ("", None),
    ],
)
def test_a_time_is_read_as_engineers_write_it(words: str, said: str | None) -> None:
    now = datetime(2026, 3, 5, 16, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

    read = clock_time(words, now)

    assert (read.strftime("%Y-%m-%dT%H:%M") if read else None) == said


def test_after_midnight_a_late_hour_is_of_the_evening_before() -> None:
    now = datetime(2026, 3, 5, 0, 20, tzinfo=ZoneInfo("Asia/Shanghai"))

    assert clock_time("23:50", now) == datetime(2026, 3, 4, 23, 50, tzinfo=now.tzinfo)
