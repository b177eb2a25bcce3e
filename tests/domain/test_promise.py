from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.promise import deadlines_of, explain
from faultdesk.domain.ticket import Event

NOTICED = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
SPANS = {"response": 7200.0, "on_site": 86400.0}


def opened(promise: dict[str, float] = SPANS) -> Event:
    return Event("opened", {"noticed_at": NOTICED.isoformat(), "promise": promise}, NOTICED)


def after(kind: str, hours: float, **data: str) -> Event:
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
    (stretch,) = explain(deadlines_of([opened({"response": 7200.0})]), NOTICED + timedelta(minutes=90))

    assert stretch.counted == timedelta(minutes=90)
    assert "still running" in stretch.reason


def test_explain_names_what_stopped_the_clock() -> None:
    log = [opened({"response": 7200.0}), after("answered", 1)]

    (stretch,) = explain(deadlines_of(log), NOTICED + timedelta(days=1))

    assert stretch.counted == timedelta(hours=1)
    assert "answered" in stretch.reason


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
