from datetime import UTC, datetime

import pytest

from faultdesk.domain.replay import Standing, replay, status_after
from faultdesk.domain.ticket import Event, Status

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
OPENED = Event("opened", {"noticed_at": NOON.isoformat()})


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([], Status.NEW),
        (["classified", "mail_sent"], Status.NEW),
        (["answered"], Status.ANSWERED),
        (["answered", "resolved"], Status.RESOLVED),
        (["resolved", "answered"], Status.RESOLVED),
    ],
)
def test_the_status_follows_from_the_log(kinds: list[str], status: Status) -> None:
    assert replay([OPENED, *map(Event, kinds)]).status is status


def test_the_moment_of_the_notice_is_that_of_the_opening() -> None:
    assert replay([OPENED, Event("warned", {"noticed_at": "2001-01-01"})]).noticed_at == NOON


def test_a_hold_lasts_until_it_is_released() -> None:
    assert replay([OPENED, Event("hold_set"), Event("warned")]).held
    assert not replay([OPENED, Event("hold_set"), Event("hold_released")]).held


def test_a_log_without_beginning_tells_no_moment() -> None:
    assert replay([Event("opened", {})]) == Standing()


def test_an_answer_does_not_undo_a_resolution() -> None:
    assert status_after(Status.RESOLVED, Event("answered")) is Status.RESOLVED
