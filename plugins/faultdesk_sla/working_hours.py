"""Calendars of working hours, with the Chinese days off and the weekends worked for them (调休)."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

import chinese_calendar
import msgspec

from faultdesk.domain.calendar import Calendar, require_zone

_PERIOD = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_BEFORE, _AHEAD = timedelta(days=31), timedelta(days=800)
"""Days off that a calendar knows of: for notices found later, and for tickets that are opened again."""
_MAKE_UP = "make-up working day 调休"
_WORKING_WEEK = (0, 1, 2, 3, 4)


class Days(StrEnum):
    """On which days people work."""

    ALL = "all"
    WEEKDAYS = "weekdays"
    """Monday to Friday, no holidays."""
    CHINA = "china"
    """Monday to Friday, with the holidays and make-up working days that the State Council sets each year."""


class Year(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The days of one year that are off, by name, and the weekends that are worked."""

    off: Mapping[date, str] = {}
    on: tuple[date, ...] = ()


class WorkingHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A calendar as it is configured; without `hours` the whole day."""

    hours: tuple[
        Annotated[str, msgspec.Meta(pattern=r"^([01]?\d|2[0-3]):[0-5]\d-(([01]?\d|2[0-3]):[0-5]\d|24:00)$")],
        ...,
    ] = ()
    """As in "08:30-12:00"."""
    days: Days = Days.CHINA
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        require_zone("zone", self.zone)

    def periods(self) -> tuple[tuple[time, time], ...]:
        """Read the hours; 24:00 is the end of the day."""
        found = (_PERIOD.fullmatch(period) for period in self.hours)
        read = ([int(number) for number in match.groups()] for match in found if match)
        return tuple((time(start, begun), time(end % 24, over)) for start, begun, end, over in read)


class Holidays(NamedTuple):
    """What is known of the years: a library's, each year of the operator's own file in its place."""

    own: Mapping[int, Year]

    def knows(self, year: int) -> bool:
        """Tell whether somebody has said what is off in a year."""
        return year in self.own or year in _library_years()

    def exceptions(self, day: date) -> tuple[str, str]:
        """Say which holiday a day is, and why a weekend is worked; "" where it is as ever."""
        if (year := self.own.get(day.year)) is not None:
            off, is_on = year.off.get(day, ""), day in year.on
        elif self.knows(day.year):
            is_off, name = chinese_calendar.get_holiday_detail(day)
            off, is_on = _named(name) if is_off else "", not is_off
        else:
            off, is_on = "", False
        return off, _MAKE_UP if is_on and day.weekday() not in _WORKING_WEEK else ""


def read_holidays(path: Path | None) -> Holidays:
    """Read a file of years; None is an empty one.

    Raises:
        ValueError: It cannot be read, or says what cannot be.
    """
    if path is None:
        return Holidays({})
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        years = {int(year): msgspec.convert(said, Year) for year, said in table.items()}
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"holidays: {path}: {error}") from error
    for number, year in years.items():
        if strange := [day for day in (*year.off, *year.on) if day.year != number]:
            raise ValueError(f"holidays: {path}: {strange[0]} is no day of {number}")
    return Holidays(years)


def calendar_of(name: str, working: WorkingHours, holidays: Holidays, *begun: date) -> Calendar:
    """Give the calendar of clocks that begin on these days, with every day off that they may need."""
    if working.days is Days.ALL:
        return Calendar(name=name, zone=working.zone, hours=working.periods())
    if working.days is Days.WEEKDAYS:
        return Calendar(name=name, zone=working.zone, hours=working.periods(), weekdays=_WORKING_WEEK)
    days = list(_days(min(begun) - _BEFORE, max(begun) + _AHEAD))
    exceptions = {day: holidays.exceptions(day) for day in days}
    return Calendar(
        name=name,
        zone=working.zone,
        hours=working.periods(),
        weekdays=_WORKING_WEEK,
        off={day: off for day, (off, _) in exceptions.items() if off},
        on={day: on for day, (_, on) in exceptions.items() if on},
        unknown_years=tuple(sorted({day.year for day in days if not holidays.knows(day.year)})),
    )


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


@lru_cache(maxsize=1)
def _library_years() -> frozenset[int]:
    return frozenset(day.year for day in chinese_calendar.holidays)


def _named(name: str | None) -> str:
    """Give a holiday's name in both languages; None is a weekend, which is off by itself."""
    return next((f"{one.value} {one.chinese}" for one in chinese_calendar.Holiday if one.value == name), "")
