from datetime import UTC, datetime

import pytest

from faultdesk.domain.retention import figures_of, moment_before, rename, without_words
from faultdesk.domain.ticket import Event

NOW = datetime(2028, 2, 29, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "moment"),
    [
        ("P2Y", "2026-02-28T12:30:00+00:00"),
        ("P4Y", "2024-02-29T12:30:00+00:00"),
        ("P6M", "2027-08-29T12:30:00+00:00"),
        ("P1Y2M3W4D", "2026-12-04T12:30:00+00:00"),
        ("P90D", "2027-12-01T12:30:00+00:00"),
        ("P0D", "2028-02-29T12:30:00+00:00"),
    ],
)
def test_an_age_goes_back_by_the_calendar(age: str, moment: str) -> None:
    assert moment_before(NOW, age) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("age", ["", "P", "2Y", "P2X", "PT2H", "P-1Y", "P2028Y", "P999999999D", "p2y"])
def test_what_is_no_age_is_refused(age: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration|longer than"):
        moment_before(NOW, age)


def test_of_an_event_stays_what_figures_follow_from() -> None:
    happened = Event(
        "resolved", {"number": 1, "cause": "a mouse", "completed_at": "x"}, NOW, "li@owner.example"
    )

    assert without_words(happened) == Event("resolved", {"number": 1, "completed_at": "x"}, NOW, "")


def test_of_an_unknown_event_stays_that_it_happened() -> None:
    assert without_words(Event("weather", {"said": "rain"}, NOW, "weather")) == Event(
        "weather", {}, NOW, "weather"
    )


def test_of_a_classification_stay_the_figures() -> None:
    assert figures_of({"kind": "fault", "evidence": ["dark"], "facts": {"contact": "Li"}}) == {
        "kind": "fault"
    }


def test_an_address_is_renamed_wherever_it_stands() -> None:
    value = {"to": ["Li@Owner.example", "wang@x.example"], "n": 1, "said": "by li@owner.example."}

    assert rename(value, "li@owner.example", "erased-1") == {
        "to": ["erased-1", "wang@x.example"],
        "n": 1,
        "said": "by erased-1.",
    }
