"""What both languages share: a day that a text names, and whether it is the fault's at all."""

import re
from datetime import date, timedelta
from typing import NamedTuple

_HOURS, _MINUTES, _NOON = 24, 60, 12
_REACH = 40
"""Characters before and after a day that tell what it is."""

_ONSET_BEFORE = re.compile(
    r"(?:自|从|打|发生[时日][间期]|故障[时日][间期]|发现[时日][间期])[^，。,.;；\n]{0,3}$"
    r"|\b(?:since|from|began|started|beginning|starting)\b[^.;,\n]{0,14}$",
    re.IGNORECASE,
)
_ONSET_AFTER = re.compile(r"^[^，。,.;；\n]{0,12}?(?:开始|起[，。,\s]|以来|以后|之后|就)")
# A wish, a deadline, a habit or an older story, not the fault's hour.
_OTHER_BEFORE = re.compile(
    r"(?:请|麻烦|希望|务必|能否|可否|尽量|最好|要求|安排|预约|计划|定于|订于|等到|直到|每|逢|到期|截至|截止|原定|约好|约了"
    r"|保修|验收|投用|合同|签|安装于|换过|修过|巡检|报修[时日][间期]|填表[时日][间期]|填报[时日][间期]|日期)[^，。,;；\n]{0,10}$"
    r"|\b(?:by|before|until|till|please|every|each|next|could|can|would|book|schedule|planned|due|installed|dated|expires?"
    r"|need)\b[^.;\n]{0,30}$",
    re.IGNORECASE,
)
_OTHER_AFTER = re.compile(
    r"^\s?(?:前|之前|以前|内|的合同|到期|有(?:个|一|重要)?(?:会|检查|活动|领导)|要(?:用|开|迎)|需要|能|可以|必须|派|来人|请|务必)"
)

Clock = tuple[int, int]
"""An hour and a minute."""


class Told(NamedTuple):
    """A day that a text names, the hour if one is told, whether it is told as a beginning, and where."""

    day: date
    clock: Clock | None
    is_onset: bool
    start: int
    end: int


def around(text: str, found: re.Match[str]) -> tuple[str, str]:
    """Give what stands before and after a place."""
    return text[max(0, found.start() - _REACH) : found.start()], text[found.end() : found.end() + _REACH]


def is_another(before: str, after: str) -> bool:
    """Tell whether a day between these is a deadline, a habit, an appointment or history."""
    return bool(_OTHER_BEFORE.search(before) or _OTHER_AFTER.match(after))


def is_onset(before: str, after: str) -> bool:
    """Tell whether a day between these is told as the beginning."""
    return bool(_ONSET_BEFORE.search(before) or _ONSET_AFTER.match(after))


def clock_of(hour: int, minute: int, *, is_late: bool) -> Clock | None:
    """Make an hour of the day of one that may be of a clock's second round; None for nonsense."""
    if is_late and hour < _NOON:
        hour += _NOON
    return (hour, minute) if hour < _HOURS and minute < _MINUTES else None


def calendar_day(year: str | None, month: int, day: int, today: date) -> date | None:
    """Make a date; without a year it is the last one that has passed. None for nonsense."""
    try:
        named = date(int(year or today.year), month, day)
        return named.replace(year=today.year - 1) if year is None and named > today else named
    except ValueError:
        return None


def last_weekday(today: date, weekday: int) -> date:
    """Find the last such day, today included; Monday is 0."""
    return today - timedelta(days=(today.weekday() - weekday) % 7)
