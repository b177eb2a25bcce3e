from datetime import UTC, datetime, timedelta

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from faultdesk.pipeline.work import JobState

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def put(store: SqlStore, job: Job, state: JobState = JobState.SENT, run_at: datetime = NOW) -> int | None:
    with store.write() as tx:
        return tx.jobs.put(job, "lane", state, run_at)


def claim(store: SqlStore, job_id: int | None) -> Job | None:
    assert job_id is not None
    with store.write() as tx:
        claimed = tx.jobs.claim([job_id], NOW).claimed
    return claimed[0].job if claimed else None


def test_a_claimed_job_counts_its_attempt(store: SqlStore) -> None:
    job_id = put(store, Job("a.b", arguments={"x": 1}))

    job = claim(store, job_id)

    assert job is not None
    assert (job.kind, job.arguments, job.tries) == ("a.b", {"x": 1}, 1)


def test_a_finished_job_is_not_run_again(store: SqlStore) -> None:
    job_id = put(store, Job("a.b"))
    job = claim(store, job_id)
    assert job is not None

    with store.write() as tx:
        assert tx.jobs.finish(job)

    assert claim(store, job_id) is None


def test_who_lost_the_fence_cannot_finish(store: SqlStore) -> None:
    job_id = put(store, Job("a.b"))
    slow, quick = claim(store, job_id), claim(store, job_id)
    assert slow is not None
    assert quick is not None

    with store.write() as tx:
        assert not tx.jobs.finish(slow)
        assert tx.jobs.finish(quick)


def test_a_timer_put_again_is_the_same_row_at_its_new_time(store: SqlStore) -> None:
    first = put(store, Job("t", name="timer"), JobState.DUE, LATER)
    second = put(store, Job("t", arguments={"level": 2}, name="timer"), JobState.DUE, NOW)

    assert first == second
    with store.write() as tx:
        assert tx.jobs.take_due(NOW, 10) == [(first, "lane")]
    job = claim(store, first)
    assert job is not None
    assert job.arguments == {"level": 2}


def test_a_named_job_decided_anew_while_it_is_performed_happens_again(store: SqlStore) -> None:
    first = put(store, Job("t", name="once"))
    under_way = claim(store, first)
    assert under_way is not None

    assert put(store, Job("t", name="once", arguments={"level": 2}), JobState.DUE, LATER) == first

    with store.write() as tx:
        assert not tx.jobs.finish(under_way)
        assert tx.jobs.take_due(LATER, 10) == [(first, "lane")]


def test_the_number_of_a_done_job_is_never_given_again(store: SqlStore) -> None:
    first = put(store, Job("a.b"))
    job = claim(store, first)
    assert job is not None
    with store.write() as tx:
        tx.jobs.finish(job)

    assert put(store, Job("a.b")) != first


def test_only_what_is_due_is_taken_in_order_of_time(store: SqlStore) -> None:
    late = put(store, Job("late"), JobState.DUE, NOW)
    early = put(store, Job("early"), JobState.DUE, NOW - timedelta(hours=1))
    put(store, Job("future"), JobState.DUE, LATER)

    with store.write() as tx:
        assert [job_id for job_id, _ in tx.jobs.take_due(NOW, 10)] == [early, late]
        assert tx.jobs.take_due(NOW, 10) == []
        assert tx.jobs.next_due() == LATER


def test_a_cancelled_timer_never_comes_due(store: SqlStore) -> None:
    put(store, Job("t", name="timer"), JobState.DUE, NOW)

    with store.write() as tx:
        tx.jobs.cancel("timer")
        assert tx.jobs.take_due(NOW, 10) == []


def test_behind_a_job_that_backs_off_its_lane_waits(store: SqlStore) -> None:
    first, second = put(store, Job("first")), put(store, Job("second"))
    failed = claim(store, first)
    assert failed is not None
    with store.write() as tx:
        tx.jobs.postpone(failed, LATER, "no route")

    assert claim(store, second) is None

    with store.write() as tx:
        assert [job_id for job_id, _ in tx.jobs.take_due(LATER, 10)] == [first, second]


def test_behind_a_timer_that_was_moved_nothing_waits(store: SqlStore) -> None:
    for _ in range(2):
        put(store, Job("sla.check", name="timer"), JobState.DUE, LATER)
    later = put(store, Job("mail.send"))

    assert claim(store, later) is not None


def test_a_parked_job_does_not_hold_its_lane(store: SqlStore) -> None:
    first, second = put(store, Job("first")), put(store, Job("second"))
    failed = claim(store, first)
    assert failed is not None
    with store.write() as tx:
        tx.jobs.park(failed, "refused")

    assert claim(store, second) is not None


def test_what_an_engine_was_given_is_found_after_a_crash(store: SqlStore) -> None:
    first, second = put(store, Job("first")), put(store, Job("second"))
    put(store, Job("future"), JobState.DUE, LATER)

    with store.read() as tx:
        assert tx.jobs.sent() == [(first, "lane"), (second, "lane")]


def test_one_job_of_each_lane_is_begun_and_the_next_of_it_left(store: SqlStore) -> None:
    with store.write() as tx:
        ids = [tx.jobs.put(Job("a"), lane, JobState.SENT, NOW) for lane in ("x", "x", "y")]
        claim = tx.jobs.claim([job_id for job_id in ids if job_id], NOW)

    assert [claimed.job.id for claimed in claim.claimed] == [ids[0], ids[2]]
    assert claim.left == [ids[1]]


def test_a_job_that_was_begun_before_is_begun_alone(store: SqlStore) -> None:
    with store.write() as tx:
        first, second, third = (tx.jobs.put(Job("a"), lane, JobState.SENT, NOW) or 0 for lane in "xyz")
        tx.jobs.claim([second], NOW)

    with store.write() as tx:
        before_it = tx.jobs.claim([first, second, third], NOW)
    assert [claimed.job.id for claimed in before_it.claimed] == [first, third]
    assert before_it.left == [second]

    with store.write() as tx:
        alone = tx.jobs.claim([second], NOW)
    assert [(claimed.job.id, claimed.job.tries) for claimed in alone.claimed] == [(second, 2)]


def test_a_lane_whose_first_job_must_be_begun_alone_is_not_overtaken(store: SqlStore) -> None:
    with store.write() as tx:
        other, again, behind = (tx.jobs.put(Job("a"), lane, JobState.SENT, NOW) or 0 for lane in "xyy")
        tx.jobs.claim([again], NOW)

    with store.write() as tx:
        claim = tx.jobs.claim([other, again, behind], NOW)

    assert [claimed.job.id for claimed in claim.claimed] == [other]
    assert claim.left == [again, behind]
