from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.account import accounts_of
from faultdesk.domain.promise import deadlines_of, earlier_rounds
from faultdesk.domain.ticket import Event

NOTICED = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
SPANS = {"response": 7200.0, "on_site": 86400.0}


def opened(promise: Mapping[str, Any] = SPANS) -> Event:
    return Event("opened", {"noticed_at": NOTICED.isoformat(), "promise": promise}, NOTICED)


def after(kind: str, hours: float, **data: object) -> Event:
    return Event(kind, data, NOTICED + timedelta(hours=hours))


def test_an_opened_ticket_owes_an_answer_in_two_hours_and_a_visit_in_a_day() -> None:
    response, on_site = deadlines_of([opened()])

    assert response.due_at == datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
    assert on_site.due_at == datetime(2026, 3, 6, 4, 0, tzinfo=UTC)
    assert response.met_at is None


def test_an_acknowledgement_does_not_stop_the_response_clock() -> None:
    log = [opened(), Event("mail_sent", {"purpose": "acknowledgement"}, NOTICED)]

    assert deadlines_of(log)[0].met_at is None


def test_an_answer_meets_the_response_and_not_the_visit() -> None:
    response, on_site = deadlines_of([opened(), after("answered", 1)])

    assert response.met_at == NOTICED + timedelta(hours=1)
    assert on_site.met_at is None


def test_a_second_answer_does_not_move_the_first() -> None:
    log = [opened(), after("answered", 1), after("answered", 5)]

    assert deadlines_of(log)[0].met_at == NOTICED + timedelta(hours=1)


def test_a_resolution_counts_from_the_recovery_it_tells_of() -> None:
    recovered = NOTICED + timedelta(hours=3)
    log = [opened(), after("resolved", 30, recovered_at=recovered.isoformat())]

    on_site = deadlines_of(log)[1]

    assert on_site.met_at == recovered
    assert not on_site.is_breached(NOTICED + timedelta(days=9))


def test_no_promise_makes_no_deadline() -> None:
    assert deadlines_of([opened({})]) == ()
    assert deadlines_of([]) == ()


def test_explain_counts_until_now_while_the_clock_runs() -> None:
    (stretch,) = accounts_of(deadlines_of([opened({"response": 7200.0})]), NOTICED + timedelta(minutes=90))

    assert stretch.counted == timedelta(minutes=90)
    assert "still running" in stretch.reason


def test_explain_names_what_stopped_the_clock() -> None:
    log = [opened({"response": 7200.0}), after("answered", 1)]

    (stretch,) = accounts_of(deadlines_of(log), NOTICED + timedelta(days=1))

    assert stretch.counted == timedelta(hours=1)
    assert "answered" in stretch.reason


OFFICE = {
    "name": "office",
    "zone": "Asia/Shanghai",
    "hours": [["08:30:00", "12:00:00"], ["13:30:00", "17:30:00"]],
    "weekdays": [0, 1, 2, 3, 4],
}


def test_working_hours_stand_in_the_log_and_count() -> None:
    # Noticed on Thursday at noon in Shanghai, when the morning ends.
    response, on_site = deadlines_of([opened({**SPANS, "calendar": OFFICE})])

    assert response.due_at == datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
    assert on_site.due_at == datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
    assert response.at(0.5) == datetime(2026, 3, 5, 6, 30, tzinfo=UTC)


def test_waiting_for_the_client_stops_the_visit_and_never_the_response() -> None:
    log = [opened(), after("waiting", 1, reason="the key"), after("resumed", 4)]

    response, on_site = deadlines_of(log)

    assert response.due_at == NOTICED + timedelta(hours=2)
    assert on_site.due_at == NOTICED + timedelta(hours=27)
    assert [part.why for part in accounts_of([on_site], NOTICED + timedelta(hours=5))[0].parts] == [
        "7x24",
        "waiting for the client: the key",
        "7x24",
    ]


def test_what_counts_after_the_deadline_is_told_apart() -> None:
    (account,) = accounts_of(deadlines_of([opened({"response": 7200.0})]), NOTICED + timedelta(hours=5))

    assert [part.length for part in account.parts] == [timedelta(hours=2), timedelta(hours=3)]
    assert account.counted == timedelta(hours=5)


def test_a_clock_that_stands_still_is_not_broken_however_long() -> None:
    _, on_site = deadlines_of([opened(), after("waiting", 1)])

    assert on_site.is_paused
    assert not on_site.is_breached(NOTICED + timedelta(days=90))
    assert accounts_of([on_site], NOTICED + timedelta(days=90))[0].counted == timedelta(hours=1)


def test_what_was_broken_before_the_pause_stays_so() -> None:
    _, on_site = deadlines_of([opened(), after("waiting", 30)])

    assert on_site.is_breached(NOTICED + timedelta(hours=31))


def test_a_second_word_of_waiting_begins_no_second_pause() -> None:
    log = [opened(), after("waiting", 1), after("waiting", 2), after("resumed", 3), after("resumed", 9)]

    assert deadlines_of(log)[1].due_at == NOTICED + timedelta(hours=26)


def test_another_promise_counts_from_the_same_moment() -> None:
    log = [opened(), after("promised", 1, promise={"response": 3600.0, "on_site": 14400.0})]

    assert [deadline.due_at - NOTICED for deadline in deadlines_of(log)] == [
        timedelta(hours=1),
        timedelta(hours=4),
    ]


def test_a_fault_that_is_not_gone_has_a_new_clock_on_site() -> None:
    log = [opened(), after("answered", 1), after("arrived", 3), after("resolved", 4), after("reopened", 50)]

    response, on_site = deadlines_of(log)

    assert response.met_at == NOTICED + timedelta(hours=1)
    assert on_site.met_at is None
    assert on_site.due_at == NOTICED + timedelta(hours=74)


def test_without_progress_the_clock_counts_from_the_last_of_it() -> None:
    log = [opened({"progress": 3600.0}), after("answered", 0.5), after("mail_sent", 0.9)]

    (progress,) = deadlines_of(log)

    assert progress.due_at == NOTICED + timedelta(hours=1.5)


def test_the_report_is_due_after_the_resolution_until_it_is_sent() -> None:
    log = [opened({"report": 3600.0})]
    assert deadlines_of(log) == ()

    log += [after("mail_sent", 1, purpose="report"), after("resolved", 2)]
    (report,) = deadlines_of(log)
    assert (report.due_at, report.met_at) == (NOTICED + timedelta(hours=3), None)

    (report,) = deadlines_of([*log, after("mail_sent", 2.5, purpose="report")])
    assert report.met_at == NOTICED + timedelta(hours=2.5)


def test_a_recovery_in_time_is_no_answer_in_time() -> None:
    recovered = NOTICED + timedelta(hours=1)
    log = [opened(), after("resolved", 11, recovered_at=recovered.isoformat())]

    response, on_site = deadlines_of(log)

    assert response.is_breached(NOTICED + timedelta(hours=12))
    assert on_site.met_at == recovered


def test_what_was_first_counts_and_not_what_was_written_down_first() -> None:
    came = NOTICED + timedelta(hours=1.5)
    log = [opened(), after("answered", 3), after("arrived", 9, arrived_at=came.isoformat())]

    assert deadlines_of(log)[0].met_at == came


def test_the_visit_before_a_reopening_is_not_forgotten() -> None:
    log = [opened(), after("answered", 1), after("arrived", 30), after("resolved", 31), after("reopened", 50)]

    (earlier,) = earlier_rounds(log)

    assert earlier.is_breached(NOTICED + timedelta(hours=60))
    assert earlier.met_at == NOTICED + timedelta(hours=30)


def test_a_calendar_that_hardly_ever_counts_is_due_some_day() -> None:
    minute = {"name": "minute", "zone": "UTC", "hours": [["12:00:00", "12:01:00"]], "weekdays": [0]}

    (response,) = deadlines_of([opened({"response": 86400.0 * 366, "calendar": minute})])

    assert response.due_at > NOTICED + timedelta(days=3000)
    assert response.due_at.astimezone(ZoneInfo("Asia/Shanghai")).year < 2100


def test_a_clock_that_was_set_back_loses_no_report() -> None:
    log = [opened({"report": 3600.0}), after("resolved", 2), after("mail_sent", 1, purpose="report")]

    assert deadlines_of(log)[0].met_at == NOTICED + timedelta(hours=2)


def test_a_word_after_the_resolution_starts_no_clock_of_progress() -> None:
    log = [opened({"progress": 3600.0}), after("resolved", 1), after("answered", 2)]

    assert deadlines_of(log)[0].met_at == NOTICED + timedelta(hours=2)


def test_an_arrival_counts_from_when_it_was_not_when_it_was_told() -> None:
    came = NOTICED + timedelta(hours=2)
    log = [opened(), after("arrived", 9, arrived_at=came.isoformat())]

    assert [deadline.met_at for deadline in deadlines_of(log)] == [came, came]


moments = st.floats(min_value=0, max_value=1000, allow_nan=False)
others = st.sampled_from(["mail_sent", "message_received", "warned", "answered", "arrived", "resolved"])
logs = st.lists(st.tuples(others, moments), max_size=12).map(
    lambda happened: [opened(), *(after(kind, hours) for kind, hours in sorted(happened, key=lambda h: h[1]))]
)


@given(logs, others, moments)
def test_what_happens_later_never_unmeets_a_deadline(log: list[Event], kind: str, hours: float) -> None:
    later = after(kind, 1000 + hours)

    before, now = deadlines_of(log), deadlines_of([*log, later])

    for old, new in zip(before, now, strict=True):
        assert old.due_at == new.due_at
        assert old.met_at in {None, new.met_at}


@given(logs, st.floats(min_value=0, max_value=1))
def test_a_fraction_of_a_span_lies_within_it(log: list[Event], fraction: float) -> None:
    for deadline in deadlines_of(log):
        assert deadline.started_at <= deadline.at(fraction) <= deadline.due_at


SILENCE = {"progress": 4 * 3600.0}


def test_a_silence_that_was_too_long_is_told_after_it_has_ended() -> None:
    log = [opened(SILENCE), after("accepted", 5), after("noted", 6), after("restored", 11)]

    told = [(one.due_at, one.met_at, one.met_by) for one in earlier_rounds(log)]

    hours = [
        (NOTICED + timedelta(hours=due), NOTICED + timedelta(hours=met)) for due, met in ((4, 5), (10, 11))
    ]
    assert told == [(*hours[0], "accepted"), (*hours[1], "restored")]


def test_a_silence_while_the_client_is_waited_for_is_none() -> None:
    log = [opened(SILENCE), after("waiting", 1), after("resumed", 90), after("noted", 91)]

    assert list(earlier_rounds(log)) == []


def test_a_silence_that_a_resolution_ended_too_late_is_told_once_the_fault_is_back() -> None:
    log = [opened(SILENCE), after("resolved", 9), after("reopened", 30)]

    (silence,) = earlier_rounds(log)

    assert (silence.met_at, silence.met_by) == (NOTICED + timedelta(hours=9), "resolved")


def test_a_promise_is_broken_from_the_second_at_which_its_time_is_over() -> None:
    (response,) = deadlines_of([opened({"response": 7200.0})])

    assert not response.is_breached(NOTICED + timedelta(seconds=7199))
    assert response.is_breached(NOTICED + timedelta(seconds=7200))


def test_a_promise_kept_in_its_last_second_is_kept() -> None:
    (response,) = deadlines_of([opened({"response": 7200.0}), after("answered", 2)])

    assert not response.is_breached(NOTICED + timedelta(hours=3))
