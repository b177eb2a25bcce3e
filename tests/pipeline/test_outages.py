from datetime import timedelta

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from faultdesk.errors import MailerUnavailableError
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline import outages
from faultdesk.pipeline.work import JobState
from pipeline.desk import PlayedDesk
from pipeline.test_perform import jobs, mail, put


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every job find out by itself that there is an outage: only the ledger knows."""
    monkeypatch.setattr(outages, "SHUT_SECONDS", 0.0)


@pytest.fixture
def desk(store: SqlStore, forgetful: None) -> PlayedDesk:
    """A desk whose mail server is away."""
    desk = PlayedDesk(store, {})
    desk.mailer.error = MailerUnavailableError("connect: refused")
    return desk


def decide(desk: PlayedDesk, *names: str, ticket_id: int | None = None) -> None:
    with desk.store.write() as tx:
        for name in names:
            desk.ledger.apply(tx, None, "test", mail(name, ticket_id))


def wait_and_perform(desk: PlayedDesk, **span: float) -> None:
    desk.clock.advance(timedelta(**span))
    desk.perform()


def test_an_outage_of_days_parks_nothing_and_everything_goes_out_after_it(desk: PlayedDesk) -> None:
    decide(desk, "a", "b", "c")
    desk.perform()
    for _ in range(30):
        wait_and_perform(desk, hours=3)
    assert {state for _, state, _ in jobs(desk)} == {"held"}

    desk.mailer.error = None
    wait_and_perform(desk, seconds=10)

    assert len(desk.mailer.sent) == 3
    assert jobs(desk) == []


@pytest.mark.usefixtures("forgetful")
def test_during_an_outage_one_job_is_tried_and_the_others_wait(store: SqlStore) -> None:
    attempts: list[int] = []

    def fail(job: Job, _: object) -> None:
        attempts.append(job.id)
        raise MailerUnavailableError("connect: refused")

    desk = PlayedDesk(store, {}, {"test.send": fail})
    with store.write() as tx:
        for number in range(20):
            tx.jobs.put(Job("test.send"), f"lane {number}", JobState.DUE, desk.clock.now())
    desk.perform()
    attempts.clear()

    wait_and_perform(desk, seconds=10)

    assert len(attempts) == 1


def test_what_another_job_just_found_out_is_not_found_out_again(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "SHUT_SECONDS", 60.0)
    attempts: list[int] = []

    def fail(job: Job, _: object) -> None:
        attempts.append(job.id)
        raise MailerUnavailableError("connect: timed out")

    desk = PlayedDesk(store, {}, {"test.send": fail})
    for _ in range(5):
        put(desk, Job("test.send"))
    desk.perform()

    assert len(attempts) == 1
    assert {state for _, state, _ in jobs(desk)} == {"held"}


def test_a_ticket_s_later_jobs_wait_behind_its_held_mail(desk: PlayedDesk) -> None:
    ticket_id = desk.decide(a_message())
    for subject in ("first", "later"):
        decide(desk, subject, ticket_id=ticket_id)
        desk.perform()

    desk.mailer.error = None
    wait_and_perform(desk, seconds=10)

    assert [content.partition(b"Subject: ")[2][:5] for _, _, content in desk.mailer.sent] == [
        b"first",
        b"later",
    ]


@pytest.mark.usefixtures("forgetful")
def test_a_job_that_always_meets_an_outage_does_not_keep_the_others(store: SqlStore) -> None:
    done: list[int] = []

    def fail_first(job: Job, _: object) -> None:
        if job.id == min(numbers) or not mended:
            raise MailerUnavailableError("connect: hung up")
        done.append(job.id)

    desk = PlayedDesk(store, {}, {"test.send": fail_first})
    with desk.store.write() as tx:
        numbers = [
            tx.jobs.put(Job("test.send"), f"lane {number}", JobState.DUE, desk.clock.now())
            for number in range(3)
        ]
    mended = False
    desk.perform()
    mended = True

    for _ in range(3):
        wait_and_perform(desk, seconds=10)

    assert done == numbers[1:]
    assert [state for _, state, _ in jobs(desk)] == ["held"]


@pytest.mark.usefixtures("forgetful")
def test_the_end_of_a_timer_that_was_moved_frees_no_mail_from_its_outage(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, {"test.timer": lambda *_: None})
    desk.mailer.error = MailerUnavailableError("connect: refused")
    decide(desk, "a")
    desk.perform()
    for minutes in (30, 1):
        put(desk, Job("test.timer", name="timer", run_at=desk.clock.now() + timedelta(minutes=minutes)))

    desk.clock.advance(timedelta(minutes=2))
    with store.write() as tx:
        ((timer, _),) = tx.jobs.take_due(desk.clock.now(), 10)
    (claimed,) = desk.performer.begin([timer]).claimed
    desk.performer.perform(claimed)

    assert [(kind, state) for kind, state, _ in jobs(desk)] == [("mail.send", "held")]


def test_a_held_job_says_why(desk: PlayedDesk) -> None:
    decide(desk, "a")
    desk.perform()

    with desk.store.database.read() as connection:
        (error,) = connection.exec_driver_sql("SELECT error FROM job").one()
    assert error == "connect: refused"
