"""Days and hours as Chinese writers tell them, in simplified characters."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from faultdesk.domain.moments.told import (
    Clock,
    Told,
    around,
    calendar_day,
    clock_of,
    is_another,
    is_onset,
    last_weekday,
)

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMBER = "(?:[0-9]{1,2}|[一二三四五六七八九十两]{1,3})"
_WEEKDAYS = {day: number for number, day in enumerate("一二三四五六日")} | {"天": 6}
_DAYS_BACK = {
    word: days
    for days, words in enumerate(
        (
            "今天|今日|今早|今晨|今晚|今儿|今朝|今午|本日|刚才|刚刚|方才|头先|啱啱",
            "昨天|昨日|昨晚|昨夜|昨早|昨晨|昨午|昨儿|寻日|寻晚|噚日|噚晚|琴日|琴晚",
            "前天|前日|前晚|前夜",
            "大前天",
        )
    )
    for word in words.split("|")
}
_HAPPENS = (
    "开始|起|发现|发觉|突然|忽然|就|后|来电|停电|跳闸|上班|开门|开机|打开|出现|报警|告警|离线|掉线|断|黑屏|死机|停|坏|报"
    "|到|来"
)
_DAY = re.compile(
    rf"""(?P<back>{"|".join(sorted(_DAYS_BACK, key=len, reverse=True))})
    |(?<![下每逢])(?P<week>上上|上|本|这|今)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])
    |(?<!\d)(?P<year>20\d\d)\s?[年\-/.]\s?(?P<month>{_NUMBER})\s?[月\-/.]\s?(?P<day>{_NUMBER})(?!\d)[日号]?
    |(?<!\d)(?P<month_alone>{_NUMBER})\s?月\s?(?P<day_alone>{_NUMBER})(?:[日号]|(?!\d))
    |(?<![\d第月])(?P<bare>{_NUMBER})[日号](?=\s?(?:早|上午|中午|下午|晚|凌晨|夜|那天|当天|开始|起|以来|左右|到现在|至今|,|，))
    |(?P<ago>{_NUMBER})\s?多?(?P<unit>天|日|个小时|小时|个钟头|钟头|分钟)(?:之前|以前|前)
    |(?<![每天明后昨今日])(?:凌晨|清晨|早上|早晨|一早|大清早|半夜)(?=[^，。,.;；好]{{0,14}}(?:{_HAPPENS}|{_NUMBER}\s?[点时:：]))
    |(?<![\d:：])(?P<clock>(?:[01]?\d|2[0-3])[:：][0-5]\d)
     (?=\s?(?:分|左右|许|前后)?\s?(?:起|开始|至今|左右|许|,|，|[^\d\-~—至到]{{0,8}}(?:{_HAPPENS})))
    """,
    re.VERBOSE,
)
# One digit is of the next word, as in "three o'clock, room 3".
_MINUTE = (
    rf"(?:{_NUMBER}(?=分)|[0-5]\d(?![\d号栋楼层期区])|[二三四五]?十[一二三四五六七八九]?(?![号栋楼层期区]))"
)
_HOUR = re.compile(
    rf"""^[^，。,.;；\n]{{0,6}}?(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|朝早|上昼|下昼|夜晚|早|晚|夜)?
    \s?(?:约|大约|大概|差不多|将近)?\s?(?P<hour>{_NUMBER})\s?
    (?:[点时]\s?(?:(?P<quarter>半|一刻|三刻)|(?P<minute>{_MINUTE}))?|[:：](?P<minutes>[0-9]{{2}}))""",
    re.VERBOSE,
)
_QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}
_LATE, _AT_NIGHT = ("下", "傍", "晚", "夜"), ("夜里", "半夜", "晚上")
_EVENINGS = ("晚", "晚上", "夜晚")
_NIGHTS = (*_EVENINGS, "夜", "夜里", "半夜", "凌晨")
_SMALL_HOURS, _MIDNIGHT = 5, 12


def told_in_chinese(text: str, written: datetime) -> Iterator[Told]:
    """Find the days that may be the fault's."""
    for found in _DAY.finditer(text):
        before, after = around(text, found)
        if is_another(before, after) or _is_attribute(found, after):
            continue
        if (day := _day(found, written)) is not None:
            clock, is_next_day = _clock(found[0], found["clock"] or after)
            day += timedelta(days=is_next_day)
            yield Told(day, clock, is_onset(before, after), *found.span())


def _is_attribute(found: re.Match[str], after: str) -> bool:
    """Tell whether the day only says which of several things is meant: yesterday's guests."""
    return bool(found["back"]) and not found["back"].startswith("今") and after.startswith(("的", "那"))


def _day(found: re.Match[str], written: datetime) -> date | None:
    today = written.date()
    if found["back"]:
        return today - timedelta(days=_DAYS_BACK[found["back"]])
    if found["weekday"]:
        return _weekday(found, today)
    if month := found["month"] or found["month_alone"]:
        return calendar_day(found["year"], _number(month), _number(found["day"] or found["day_alone"]), today)
    if found["bare"]:
        return calendar_day(str(today.year), today.month, _number(found["bare"]), today)
    return (written - _ago(found)).date()


def _weekday(found: re.Match[str], today: date) -> date:
    weekday, weeks_back = _WEEKDAYS[found["weekday"]], (found["week"] or "").count("上")
    if weeks_back:
        return today + timedelta(days=weekday - today.weekday() - 7 * weeks_back)
    return last_weekday(today, weekday)


def _ago(found: re.Match[str]) -> timedelta:
    if not found["ago"]:
        return timedelta()
    count = _number(found["ago"])
    if found["unit"] in {"天", "日"}:
        return timedelta(days=count)
    return timedelta(minutes=count) if found["unit"] == "分钟" else timedelta(hours=count)


def _clock(told: str, after: str) -> tuple[Clock | None, bool]:
    """Give the hour that is told behind a day, and whether it is midnight, which ends the evening of that day."""
    found = _HOUR.match(after)
    if not found:
        return None, False
    hour, half = _number(found["hour"]), found["half"] or told[-1:]
    minute = _number(found["minute"] or found["minutes"] or "0") or _QUARTERS.get(found["quarter"] or "", 0)
    if hour == _MIDNIGHT and half in _NIGHTS:
        return (0, minute), half in _EVENINGS
    is_past_midnight = half in _AT_NIGHT and hour < _SMALL_HOURS
    return clock_of(hour, minute, is_late=half.startswith(_LATE) and not is_past_midnight), False


def _number(written: str) -> int:
    if written.isdigit():
        return int(written)
    tens, ten, ones = written.partition("十")
    if not ten:
        return _DIGITS.get(written, 99)
    return 10 * (_DIGITS.get(tens, 1) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)
