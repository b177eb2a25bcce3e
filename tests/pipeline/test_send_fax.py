from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from faultdesk.pipeline.send_fax import FaxRules

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOBILE, OFFICE = "+8613812345678", "+862088881111"
RULES = FaxRules(quiet_from=time(22), quiet_to=time(7), private_numbers=frozenset({"+862011112222"}))


def at(hour: int, day: int = 5) -> datetime:
    return datetime(2026, 3, day, hour, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("number", "now", "rings"),
    [
        (OFFICE, at(23), at(23)),
        (MOBILE, at(12), at(12)),
        (MOBILE, at(23), at(7, day=6).replace(minute=0)),
        (MOBILE, at(3), at(7).replace(minute=0)),
        ("+862011112222", at(23), at(7, day=6).replace(minute=0)),
    ],
)
def test_a_private_number_does_not_ring_at_night(number: str, now: datetime, rings: datetime) -> None:
    assert RULES.may_ring_at(number, now) == rings


def test_without_quiet_hours_every_number_rings_at_once() -> None:
    assert FaxRules().may_ring_at(MOBILE, at(3)) == at(3)
