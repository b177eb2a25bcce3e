from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.calendar import AROUND_THE_CLOCK, Calendar, Pause, counted, moment_after, timeline

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(
    name="office",
    zone="Asia/Shanghai",
    hours=((time(8, 30), time(12)), (time(13, 30), time(17, 30))),
    weekdays=(0, 1, 2, 3, 4),
    off={date(2026, 10, day): "国庆节" for day in range(1, 8)},
    on={date(2026, 10, 10): "make-up working day"},
)
NIGHTS = Calendar(name="nights", zone="Europe/Berlin", hours=((time(0), time(5)), (time(22), time(0))))
CALENDARS = st.sampled_from([AROUND_THE_CLOCK, OFFICE, NIGHTS])


def local(day: int, hour: int, minute: int = 0, second: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=CHINA).astimezone(UTC)


def due(start: datetime, hours: float, *pauses: Pause) -> datetime | None:
    return moment_after(OFFICE, pauses, start, timedelta(hours=hours))


def test_around_the_clock_a_span_is_what_it_is() -> None:
    start = local(3, 23, 59, 59)

    assert moment_after(AROUND_THE_CLOCK, (), start, timedelta(hours=2)) == start + timedelta(hours=2)


def test_the_lunch_hour_counts_not() -> None:
    assert due(local(9, 11), 2) == local(9, 14, 30)


def test_what_comes_at_night_begins_in_the_morning() -> None:
    assert due(local(8, 22, 13, 7), 2) == local(9, 10, 30)


def test_a_span_goes_on_after_the_holidays_to_the_second() -> None:
    assert due(local(30, 16, 30, 20, month=9), 2) == local(8, 9, 30, 20)


def test_a_saturday_is_worked_where_it_makes_up_for_a_holiday() -> None:
    assert due(local(9, 17), 2) == local(10, 10)


def test_an_ordinary_saturday_is_none() -> None:
    assert due(local(16, 17), 2) == local(19, 10)


def test_a_pause_counts_not() -> None:
    pause = Pause(local(9, 10), local(9, 11), "waiting")

    assert due(local(9, 9), 2, pause) == local(9, 12)


def test_a_pause_without_end_leaves_it_open_when_the_span_is_over() -> None:
    assert due(local(9, 9), 2, Pause(local(9, 10), None, "waiting")) is None


def test_a_span_that_was_used_up_before_the_pause_was_over_then() -> None:
    assert due(local(9, 9), 0.5, Pause(local(9, 10), None, "waiting")) == local(9, 9, 30)


def test_every_stretch_says_why_it_counts_or_not() -> None:
    said = [
        (stretch.start, stretch.end, stretch.counts, stretch.why)
        for stretch in timeline(OFFICE, (), local(30, 17, month=9), local(8, 9))
    ]

    assert said == [
        (local(30, 17, month=9), local(30, 17, 30, month=9), True, "office"),
        (local(30, 17, 30, month=9), local(1, 0), False, "outside working hours"),
        (local(1, 0), local(8, 0), False, "国庆节"),
        (local(8, 0), local(8, 8, 30), False, "outside working hours"),
        (local(8, 8, 30), local(8, 9), True, "office"),
    ]


def test_a_year_that_nobody_knows_is_said_to_be_unknown() -> None:
    calendar = msgspec.structs.replace(OFFICE, unknown_years=(2027,))

    (stretch,) = timeline(
        calendar, (), datetime(2027, 1, 4, 1, tzinfo=UTC), datetime(2027, 1, 4, 3, tzinfo=UTC)
    )

    assert stretch.why == "office, holidays of 2027 unknown"


def test_the_hour_that_summer_time_takes_away_is_not_counted() -> None:
    night = (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC))

    assert counted(timeline(NIGHTS, (), *night)) == timedelta(hours=4)


@pytest.mark.parametrize(
    ("hours", "counts"),
    [
        (((time(1, 30), time(2, 30)),), timedelta(minutes=30)),
        (((time(2, 15), time(2, 45)), (time(3), time(5))), timedelta(hours=2)),
        (((time(2, 15), time(4)),), timedelta(hours=1)),
    ],
)
def test_times_that_summer_time_leaves_out_count_nothing(
    hours: tuple[tuple[time, time], ...], counts: timedelta
) -> None:
    calendar = Calendar(name="early", zone="Europe/Berlin", hours=hours)
    day = (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))

    stretches = list(timeline(calendar, (), *day))

    assert counted(stretches) == counts
    assert all(one.end == other.start for one, other in pairwise(stretches))


def test_the_hour_that_winter_time_gives_back_is_counted() -> None:
    night = (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC))

    assert counted(timeline(NIGHTS, (), *night)) == timedelta(hours=6)


def test_a_calendar_survives_the_log_it_is_written_to() -> None:
    assert msgspec.convert(msgspec.to_builtins(OFFICE), Calendar) == OFFICE


@pytest.mark.parametrize(
    "fields",
    [
        {"hours": ((time(12), time(8)),)},
        {"hours": ((time(8), time(12)), (time(11), time(15)))},
        {"weekdays": ()},
        {"weekdays": (7,)},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="calendar 7x24"):
        Calendar(**fields)  # type: ignore[arg-type]


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(), timedelta(days=20))


def apart(drawn: list[tuple[datetime, timedelta]]) -> list[Pause]:
    """Make pauses that follow each other."""
    pauses: list[Pause] = []
    for start, span in sorted(drawn):
        if not pauses or (pauses[-1].end or start) <= start:
            pauses.append(Pause(start, start + span, "waiting"))
    return pauses


some_pauses = st.lists(st.tuples(moments, spans), max_size=3).map(apart)


@given(CALENDARS, some_pauses, moments, spans, spans)
def test_more_time_is_never_over_sooner(
    calendar: Calendar, pauses: list[Pause], start: datetime, one: timedelta, more: timedelta
) -> None:
    first = moment_after(calendar, pauses, start, one)
    second = moment_after(calendar, pauses, start, one + more)

    assert first is not None
    assert second is not None
    assert start <= first <= second
    assert second - first >= more or not more


@given(CALENDARS, some_pauses, moments, spans, spans)
def test_what_counts_in_two_pieces_counts_in_one(
    calendar: Calendar, pauses: list[Pause], start: datetime, one: timedelta, other: timedelta
) -> None:
    middle, end = start + one, start + one + other
    pieces = [*timeline(calendar, pauses, start, middle), *timeline(calendar, pauses, middle, end)]

    assert counted(pieces) == counted(timeline(calendar, pauses, start, end))


@given(CALENDARS, some_pauses, moments, spans)
def test_the_stretches_leave_no_gap(
    calendar: Calendar, pauses: list[Pause], start: datetime, span: timedelta
) -> None:
    stretches = list(timeline(calendar, pauses, start, start + span))

    assert sum((one.length for one in stretches), timedelta()) == span
    assert all(one.end == other.start for one, other in pairwise(stretches))


@given(CALENDARS, some_pauses, moments, spans)
def test_what_is_due_is_due_when_so_much_has_counted(
    calendar: Calendar, pauses: list[Pause], start: datetime, span: timedelta
) -> None:
    at = moment_after(calendar, pauses, start, span)

    assert at is not None
    assert counted(timeline(calendar, pauses, start, at)) == span


@given(moments, st.timedeltas(timedelta(seconds=1), timedelta(days=20)), spans, spans)
def test_a_pause_shifts_what_is_due_after_it_by_its_length(
    start: datetime, span: timedelta, until: timedelta, length: timedelta
) -> None:
    begins = start + min(until, span - timedelta(microseconds=1))
    pause = Pause(begins, begins + length, "waiting")

    assert moment_after(AROUND_THE_CLOCK, [pause], start, span) == start + span + length


@given(CALENDARS, some_pauses, moments, spans)
def test_pauses_shift_what_is_due_by_what_of_them_would_have_counted(
    calendar: Calendar, pauses: list[Pause], start: datetime, span: timedelta
) -> None:
    at = moment_after(calendar, pauses, start, span)

    assert at is not None
    within = [(max(start, pause.start), min(pause.end or at, at)) for pause in pauses]
    paused = (counted(timeline(calendar, (), begin, end)) for begin, end in within if begin < end)
    assert counted(timeline(calendar, (), start, at)) == span + sum(paused, timedelta())
