"""Days and hours as English writers tell them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

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

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DAY = re.compile(
    rf"""\b(?:(?P<two>the\ day\ before\ yesterday)
    |(?P<one>yesterday|last\ night|last\ evening|overnight)
    |(?P<none>today|this\ morning|this\ afternoon|this\ evening|tonight|just\ now|minutes\ ago|hours?\ ago)
    |(?P<last>last\ )?(?P<weekday>mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?(?!s)
    |(?P<ago>\d{{1,2}}|a|{"|".join(_COUNTS)})\ days?\ ago
    |(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\ (?:of\ )?(?P<month>{_MONTH})\b(?:,?\ (?P<year>20\d\d))?
    |(?P<month_first>{_MONTH})\.?\ (?P<day_second>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\ (?P<year_last>20\d\d))?
    |(?P<iso>20\d\d-\d\d-\d\d)
    |(?:at|since|from)\ (?:about\ |around\ )?(?P<clock>(?:[01]?\d|2[0-3])[:.h][0-5]\d))\b""",
    re.VERBOSE | re.IGNORECASE,
)
_HOUR = re.compile(
    r"""\b(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))?\s?(?P<half>[ap])\.?m\b
    |\b(?P<hour_of_24>\d{1,2})[:h](?P<minute_of_24>\d\d)\b
    |\b(?:at|around|about|since|from)\s(?:about\ |around\ )?(?P<bare>\d{1,2})(?:\s?o['’]clock)?
     (?=[\s,.])(?!\s?(?:[ap]\.?m|days?|weeks?|hours?|minutes?|of|cameras?))""",
    re.IGNORECASE | re.VERBOSE,
)
_END_OF_CLAUSE = re.compile(r"[.;,\n](?!\d)")
_EVENING = re.compile("night|evening|afternoon", re.IGNORECASE)
_NOON = 12


def told_in_english(text: str, today: date) -> Iterator[Told]:
    """Find the days that may be the fault's."""
    for found in _DAY.finditer(text):
        before, after = around(text, found)
        if is_another(before, ""):
            continue
        if (day := _day(found, today)) is not None:
            yield Told(day, _clock(found, before, after), is_onset(before, ""), *found.span())


def _day(found: re.Match[str], today: date) -> date | None:
    if found["month"] or found["month_first"]:
        month = (found["month"] or found["month_first"])[:3].lower()
        year, day = found["year"] or found["year_last"], int(found["day"] or found["day_second"])
        return calendar_day(year, _MONTHS.index(month) + 1, day, today)
    if found["iso"]:
        return calendar_day(found["iso"][:4], int(found["iso"][5:7]), int(found["iso"][8:]), today)
    return today - timedelta(days=_days_back(found, today))


def _days_back(found: re.Match[str], today: date) -> int:
    if found["two"] or found["one"]:
        return 2 if found["two"] else 1
    if found["weekday"]:
        last = last_weekday(today, _WEEKDAYS.index(found["weekday"][:3].lower()))
        return 7 if found["last"] and last == today else (today - last).days
    if written := (found["ago"] or "").lower():
        return (
            int(written) if written.isdigit() else max(1, _COUNTS.index(written) if written in _COUNTS else 1)
        )
    return 0


def _clock(day: re.Match[str], before: str, after: str) -> Clock | None:
    clause = day["clock"] or _END_OF_CLAUSE.split(after)[0]
    found = _HOUR.search(clause) or _HOUR.search(_END_OF_CLAUSE.split(before)[-1] + " ")
    if not found:
        return None
    if found["hour_of_24"]:
        return clock_of(int(found["hour_of_24"]), int(found["minute_of_24"]), is_late=False)
    hour, half = int(found["hour"] or found["bare"]), (found["half"] or "").lower()
    if half == "a" and hour == _NOON:
        hour = 0
    is_late = half == "p" or (not half and _EVENING.search(day[0] + clause) is not None)
    return clock_of(hour, int(found["minute"] or 0), is_late=is_late)
