from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from faultdesk.domain.calendar import moment_after
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Language
from faultdesk.domain.promise import deadlines_of
from faultdesk.domain.ticket import Classification, Event, Kind, Severity, Ticket
from faultdesk.handlers.testing import a_ticket
from faultdesk_sla import SlaHandler, Spans
from faultdesk_sla.working_hours import Days, WorkingHours, calendar_of, read_holidays

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = WorkingHours(hours=("08:30-12:00", "13:30-17:30"))
NOBODY_KNOWS = 2099


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=CHINA)  # type: ignore[arg-type,misc]


def due_after(noticed: datetime, hours: float, holidays: Path | None = None) -> datetime | None:
    calendar = calendar_of("office", OFFICE, read_holidays(holidays), noticed.date())
    due = moment_after(calendar, (), noticed, timedelta(hours=hours))
    return due and due.astimezone(CHINA)


@pytest.mark.parametrize(
    ("noticed", "due"),
    [
        (
            local(2026, 2, 13, 16, 30),
            local(2026, 2, 14, 9, 30),
        ),  # the Saturday before Spring Festival is worked
        (local(2026, 2, 14, 16, 30), local(2026, 2, 24, 9, 30)),
        (local(2026, 9, 30, 17, 0), local(2026, 10, 8, 10, 0)),
        (local(2026, 10, 9, 17, 0), local(2026, 10, 10, 10, 0)),
        (local(2026, 10, 17, 3, 0), local(2026, 10, 19, 10, 30)),
    ],
)
def test_chinese_holidays_are_off_and_the_weekends_for_them_are_worked(
    noticed: datetime, due: datetime
) -> None:
    assert due_after(noticed, 2) == due


def test_a_holiday_is_named_in_both_languages() -> None:
    calendar = calendar_of("office", OFFICE, read_holidays(None), date(2026, 9, 30))

    assert calendar.off[date(2026, 10, 1)] == "National Day 国庆节"
    assert "调休" in calendar.on[date(2026, 10, 10)]


def test_a_file_tells_of_a_year_that_the_library_does_not_know(tmp_path: Path) -> None:
    file, year = tmp_path / "holidays.toml", NOBODY_KNOWS
    off = f'"{year}-01-01" = "元旦", "{year}-01-02" = "元旦"'
    file.write_text(f'[{year}]\noff = {{{off}}}\non = ["{year}-01-03"]\n')

    # Wednesday evening: Thursday and Friday are off, Saturday is worked.
    assert due_after(local(year - 1, 12, 31, 17), 1, file) == local(year, 1, 3, 9)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[2027]\noff = 3\n", "off"),
        ('[2027]\non = ["2026-01-03"]\n', "2026-01-03 is no day of 2027"),
        ("[soon]\n", "soon"),
        ("[2027\n", "holidays.toml"),
        ("[2027]\nof = {}\n", "of"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "holidays.toml"
    file.write_text(text)

    with pytest.raises(ValueError, match=complaint):
        SlaHandler(holidays=file)


def opened_by(handler: SlaHandler, noticed_at: datetime, about: Classification) -> tuple[Ticket, list[Event]]:
    ticket = a_ticket(noticed_at=noticed_at, classification=about, language=Language.ZH_HANS)
    promise = handler.promise_ticket(ticket).as_data()
    log = [Event("opened", {"noticed_at": noticed_at.isoformat(), "promise": promise}, noticed_at)]
    ticket = a_ticket(noticed_at=noticed_at, classification=about, deadlines=deadlines_of(log))
    decided = handler.ticket_opened(ticket)
    return ticket, [one for one in decided if isinstance(one, Event)]


FAULT = Classification(kind=Kind.FAULT)


def test_a_year_that_nobody_knows_is_told_on_the_ticket_and_its_weekdays_count() -> None:
    handler = SlaHandler(calendar="office", calendars={"office": OFFICE})

    ticket, noted = opened_by(handler, local(NOBODY_KNOWS, 10, 5, 9), FAULT)

    assert [(event.kind, event.data["year"]) for event in noted] == [("calendar_unknown", NOBODY_KNOWS)] * 2
    assert ticket.deadlines[0].due_at == local(NOBODY_KNOWS, 10, 5, 11)


def test_a_year_that_is_known_is_not_mentioned() -> None:
    handler = SlaHandler(calendar="office", calendars={"office": OFFICE})

    _, noted = opened_by(handler, local(2026, 3, 5, 9), FAULT)

    assert noted == []


def test_a_severity_may_have_spans_of_its_own() -> None:
    handler = SlaHandler(by_severity={Severity.CRITICAL: Spans(respond_within=timedelta(minutes=30))})

    ticket, _ = opened_by(
        handler, local(2026, 3, 5, 9), Classification(kind=Kind.FAULT, severity=Severity.CRITICAL)
    )

    assert [deadline.due_at for deadline in ticket.deadlines] == [
        local(2026, 3, 5, 9, 30),
        local(2026, 3, 6, 9),
    ]


def test_weekdays_without_holidays_and_all_days_are_calendars_too() -> None:
    weekdays = calendar_of("w", WorkingHours(days=Days.WEEKDAYS), read_holidays(None), date(2026, 9, 30))
    every_day = calendar_of(
        "d", WorkingHours(days=Days.ALL, hours=("00:00-24:00",)), read_holidays(None), date(2026, 9, 30)
    )

    assert weekdays.day_off(date(2026, 10, 1)) == ""
    assert weekdays.day_off(date(2026, 10, 10)) == "Saturday"
    assert every_day.day_off(date(2026, 10, 10)) == ""
    assert every_day.hours == ((time(0), time(0)),)


@pytest.mark.parametrize(
    "settings",
    [
        {"calendar": "office"},
        {"calendars": {"office": WorkingHours(hours=("12:00-08:00",))}},
        {"by_severity": {Severity.LOW: Spans(on_site_within=timedelta(0))}},
        {"progress_within": timedelta(0)},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"calendar|longer"):
        SlaHandler(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", ["08:00-33:00", "08:30-36:00", "08:61-12:00", "25:00-26:00"])
def test_hours_that_no_day_has_are_refused(hours: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"hours": [hours]}, WorkingHours)


def test_the_rest_of_the_summer_hour_is_right_in_another_zone() -> None:
    night = WorkingHours(hours=("00:00-06:00",), days=Days.ALL, zone="Europe/Berlin")
    calendar = calendar_of("night", night, read_holidays(None), date(2026, 3, 28))

    # Five hours of that night, from 23:00 UTC on, are all there is of it.
    assert moment_after(calendar, (), datetime(2026, 3, 28, 22, tzinfo=UTC), timedelta(hours=5)) == datetime(
        2026, 3, 29, 4, tzinfo=UTC
    )


@pytest.mark.parametrize(("month", "told"), [(11, False), (12, True)])
def test_a_year_that_nobody_knows_is_told_before_it_begins(tmp_path: Path, month: int, *, told: bool) -> None:
    holidays = tmp_path / "holidays.toml"
    holidays.write_text(f"[{NOBODY_KNOWS - 1}]\non = []\n")
    handler = SlaHandler(calendars={"office": OFFICE}, calendar="office", holidays=holidays)
    desk = Identity(name="desk", address="service@faultdesk.example")

    said = handler.look_ahead(desk, datetime(NOBODY_KNOWS - 1, month, 1, tzinfo=UTC), frozenset())

    assert any(f"what is off in {NOBODY_KNOWS}" in one for one in said) == told
