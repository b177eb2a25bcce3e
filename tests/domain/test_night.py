from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from faultdesk.domain.night import next_night

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-04T19:29:59+00:00", "2026-03-05T03:30:00+08:00"),
        ("2026-03-04T19:30:00+00:00", "2026-03-06T03:30:00+08:00"),
        ("2026-03-05T23:00:00+00:00", "2026-03-07T03:30:00+08:00"),
    ],
)
def test_the_next_night_is_the_next_time_the_clock_of_the_desk_shows_it(now: str, expected: str) -> None:
    assert next_night(datetime.fromisoformat(now), "03:30", SHANGHAI) == datetime.fromisoformat(expected)


def test_a_night_without_that_time_is_not_left_out() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 02:30 does not exist on that night
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)

    at = next_night(now, "02:30", berlin)

    assert now < at < now + timedelta(days=1)
