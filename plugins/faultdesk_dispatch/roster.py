"""Who is on duty when: the shifts of an iCalendar file (RFC 5545), or of tables in the configuration."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from faultdesk.domain.client import Period

if TYPE_CHECKING:
    from icalendar import Calendar

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Shift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shift that comes again; one that ends before it begins, ends on the next day."""

    who: tuple[str, ...]
    """Keys or names of people."""
    days: tuple[str, ...] = _DAYS
    begin: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "00:00"
    end: Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] = "24:00"
    during: Period | None = None

    def __post_init__(self) -> None:
        wrong = [day for day in self.days if day not in _DAYS]
        if wrong:
            raise ValueError(f"days: {wrong[0]} is none of {', '.join(_DAYS)}")

    def on(self, day: date, zone: tzinfo) -> Iterator["Duty"]:
        """Give the duties that begin on a day."""
        if _DAYS[day.weekday()] not in self.days or not (self.during is None or self.during.covers(day)):
            return
        begins = datetime.combine(day, time.fromisoformat(self.begin), zone)
        is_midnight = self.end == "24:00"
        ends = datetime.combine(day, time() if is_midnight else time.fromisoformat(self.end), zone)
        if is_midnight or ends <= begins:
            ends += timedelta(days=1)
        yield from (Duty(begins, ends, who) for who in self.who)


class Duty(NamedTuple):
    """Somebody's duty, from a moment to another."""

    begin: datetime
    end: datetime
    who: str


class Roster:
    """The duties of all."""

    def __init__(self, shifts: Sequence[Shift] = (), file: Path | None = None) -> None:
        """Take shifts, or read a file.

        Raises:
            ValueError: The file cannot be read, or is no iCalendar.
        """
        self._shifts = shifts
        self._calendar = _read(file) if file else None
        self._day: tuple[datetime, list[Duty]] | None = None

    def __bool__(self) -> bool:
        return bool(self._shifts) or self._calendar is not None

    def duties(self, begin: datetime, end: datetime, zone: tzinfo) -> list[Duty]:
        """List the duties of which a part lies between two moments; times without a zone are of `zone`."""
        found = [
            duty
            for shift in self._shifts
            for day in _days(begin.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date())
            for duty in shift.on(day, zone)
        ]
        if self._calendar is not None:
            import recurring_ical_events  # noqa: PLC0415 - slow to load, and most commands ask for no roster

            events = recurring_ical_events.of(self._calendar).between(
                # Its floating times are of the zone in which it is asked.
                begin.astimezone(zone),
                end.astimezone(zone),
            )
            found += [
                Duty(_moment(event.start, zone), _moment(event.end, zone), str(event.get("SUMMARY", "")))
                for event in events
            ]
        return [duty for duty in found if duty.begin < end and duty.end > begin]

    def on_duty(self, at: datetime, zone: tzinfo) -> tuple[str, ...]:
        """Name who is on duty at a moment; a transaction waits for it, so a day is looked up once."""
        begin = datetime.combine(at.astimezone(zone).date(), time(), zone)
        if self._day is None or self._day[0] != begin:
            self._day = begin, self.duties(begin, begin + timedelta(days=1), zone)
        return tuple(dict.fromkeys(duty.who.strip() for duty in self._day[1] if duty.begin <= at < duty.end))

    def holes(
        self, begin: datetime, end: datetime, zone: tzinfo, is_there: Callable[[str, date], bool]
    ) -> Iterator[tuple[datetime, datetime]]:
        """Find when nobody is on duty of whom `is_there` is true on that day."""
        covered = begin
        for duty in sorted(self._by_day(begin, end, zone)):
            if not is_there(duty.who.strip(), duty.begin.astimezone(zone).date()):
                continue
            if duty.begin > covered:
                yield covered, duty.begin
            covered = max(covered, duty.end)
        if covered < end:
            yield covered, end

    def _by_day(self, begin: datetime, end: datetime, zone: tzinfo) -> Iterator[Duty]:
        """Part duties at midnight: who is on duty for a week may be away for a day of it."""
        for duty in self.duties(begin, end, zone):
            at = max(duty.begin, begin).astimezone(zone)
            while at < min(duty.end, end):
                midnight = datetime.combine(at.date() + timedelta(days=1), time(), zone)
                until = min(duty.end.astimezone(zone), midnight)
                yield Duty(at, until, duty.who)
                at = until


def _read(file: Path) -> "Calendar":
    from icalendar import Calendar  # noqa: PLC0415 - as above

    try:
        read = Calendar.from_ical(file.read_bytes())
    except OSError as error:
        raise ValueError(f"roster: {file}: {error.strerror}") from error
    except (ValueError, IndexError, KeyError) as error:
        raise ValueError(f"roster: {file}: no iCalendar: {error}") from error
    if not isinstance(read, Calendar):
        raise TypeError(f"roster: {file}: no VCALENDAR")
    return read


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _moment(told: date, zone: tzinfo) -> datetime:
    if not isinstance(told, datetime):
        return datetime.combine(told, time(), zone)
    return told if told.tzinfo else told.replace(tzinfo=zone)
