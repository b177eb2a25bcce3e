"""Which time counts: all of it, or working hours on working days, pauses left out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ALL_WEEK = tuple(range(7))
_MIDNIGHT = time()
FURTHEST = timedelta(days=3660)
"""No span of a promise is used up later, whatever the calendar."""


def require_zone(setting: str, name: str) -> None:
    """Refuse a time zone that is none.

    Raises:
        ValueError: It is not in the IANA database.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: "Asia" is a folder there
        raise ValueError(f"{setting}: {name} is not an IANA time zone") from error


class Stretch(msgspec.Struct, frozen=True):
    """A piece of time that counts or does not, and why; times in UTC."""

    start: datetime
    end: datetime
    counts: bool
    why: str

    @property
    def length(self) -> timedelta:
        """All of it, whether it counts or not."""
        return self.end - self.start


class Pause(msgspec.Struct, frozen=True):
    """A time in which a clock stands still; `end` None: it stands still now."""

    start: datetime
    end: datetime | None
    why: str


class Calendar(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a clock runs. It stands whole in a ticket's log: what was promised is explained by nothing else.

    `hours` in the time of `zone`, none of them around the clock; a period that ends at 00:00 ends with the day.
    """

    name: str = "7x24"
    zone: str = "UTC"
    hours: tuple[tuple[time, time], ...] = ()
    weekdays: tuple[int, ...] = _ALL_WEEK
    """0 is Monday."""
    off: Mapping[date, str] = {}
    """Days of these weekdays on which nobody works, and what they are called."""
    on: Mapping[date, str] = {}
    """Days of other weekdays on which people work: 调休."""
    unknown_years: tuple[int, ...] = ()
    """Of which nobody knows yet what is off: their weekdays count."""

    def __post_init__(self) -> None:
        if not self.weekdays or not set(self.weekdays) <= set(_ALL_WEEK):
            raise ValueError(f"calendar {self.name}: weekdays are numbers from 0 to 6, one at least")
        ends = [self._after_midnight(start, end) for start, end in self.hours]
        if any(start >= end for start, end in ends) or any(
            earlier[1] > later[0] for earlier, later in pairwise(ends)
        ):
            raise ValueError(f"calendar {self.name}: hours follow each other within a day")

    @staticmethod
    def _after_midnight(start: time, end: time) -> tuple[timedelta, timedelta]:
        begun, over = (timedelta(hours=at.hour, minutes=at.minute, seconds=at.second) for at in (start, end))
        return begun, over or timedelta(days=1)

    @property
    def is_around_the_clock(self) -> bool:
        """Tell whether every second counts."""
        return not self.hours and len(self.weekdays) == len(_ALL_WEEK) and not self.off

    def stretches(self, start: datetime, end: datetime | None = None) -> Iterator[Stretch]:
        """Part the time from `start` on into what counts and what does not, without gaps."""
        furthest = end or start + FURTHEST
        if self.is_around_the_clock:
            yield from _within([(start, furthest, True, self.name)], start, furthest)
            return
        first = start.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        days = (first + timedelta(days=number) for number in count())
        for day in takewhile(lambda day: self._moment(day, _MIDNIGHT) < furthest, days):
            yield from _within(self._parts_of(day), start, furthest)

    def day_off(self, day: date) -> str:
        """Say why nobody works on this day; "" when somebody does."""
        if day in self.on:
            return ""
        if day in self.off:
            return self.off[day]
        return "" if day.weekday() in self.weekdays else WEEKDAYS[day.weekday()]

    def _parts_of(self, day: date) -> list[tuple[datetime, datetime, bool, str]]:
        begins, ends = self._moment(day, _MIDNIGHT), self._moment(day + timedelta(days=1), _MIDNIGHT)
        if reason := self.day_off(day):
            return [(begins, ends, False, reason)]
        if not self.hours:
            return [(begins, ends, True, self._called(day))]
        parts, at = [], begins
        for start, end in self.hours:
            opens = max(at, self._moment(day, start))
            closes = max(opens, ends if end == _MIDNIGHT else self._moment(day, end))
            parts += [(at, opens, False, "outside working hours"), (opens, closes, True, self._called(day))]
            at = closes
        return [*parts, (at, ends, False, "outside working hours")]

    def _called(self, day: date) -> str:
        if day in self.on:
            return f"{self.name}, {self.on[day]}"
        unknown = f", holidays of {day.year} unknown" if day.year in self.unknown_years else ""
        return self.name + unknown

    def _moment(self, day: date, at: time) -> datetime:
        """Give a time of this zone; one that summer time leaves out is when it begins."""
        zone = ZoneInfo(self.zone)
        local = datetime.combine(day, at, zone)
        moment = local.astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return moment
        before, after = local.replace(fold=1).astimezone(UTC), moment
        offset = before.astimezone(zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // 2
            if middle.astimezone(zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


AROUND_THE_CLOCK = Calendar()


def timeline(
    calendar: Calendar, pauses: Iterable[Pause], start: datetime, end: datetime | None = None
) -> Iterator[Stretch]:
    """Part the time from `start` on, pauses left out; it ends where a pause does that has no end.

    `pauses` follow each other. Neighbours that count, or do not, for the same reason are one.
    """
    joined: Stretch | None = None
    for stretch in _paused(calendar, pauses, start, end):
        if joined and (joined.counts, joined.why) == (stretch.counts, stretch.why):
            joined = msgspec.structs.replace(joined, end=stretch.end)
            continue
        if joined:
            yield joined
        joined = stretch
    if joined:
        yield joined


def _paused(
    calendar: Calendar, pauses: Iterable[Pause], start: datetime, end: datetime | None
) -> Iterator[Stretch]:
    at = start
    for pause in pauses:
        stops = pause.start if end is None else min(pause.start, end)
        if at < stops:
            yield from calendar.stretches(at, stops)
        resumes = pause.end or end
        if resumes is None:
            return
        if end is not None:
            resumes = min(resumes, end)
        begins = max(at, pause.start)
        if begins < resumes:
            yield Stretch(begins, resumes, counts=False, why=pause.why)
        at = max(at, resumes)
    if end is None or at < end:
        yield from calendar.stretches(at, end)


def moment_after(
    calendar: Calendar, pauses: Iterable[Pause], start: datetime, span: timedelta
) -> datetime | None:
    """Tell when so much has counted since `start`; None while a pause that has no end keeps it from doing so."""
    left = span
    for stretch in _paused(calendar, pauses, start, None):
        if not stretch.counts:
            continue
        if left <= stretch.length:
            return stretch.start + left
        left -= stretch.length
    return None


def counted(stretches: Iterable[Stretch]) -> timedelta:
    """Add up what counts."""
    return sum((stretch.length for stretch in stretches if stretch.counts), timedelta())


def _within(
    parts: Iterable[tuple[datetime, datetime, bool, str]], start: datetime, end: datetime
) -> Iterator[Stretch]:
    for begins, ends, counts, why in parts:
        if (first := max(begins, start)) < (last := min(ends, end)):
            yield Stretch(first, last, counts=counts, why=why)
