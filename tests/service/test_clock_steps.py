from datetime import timedelta
from pathlib import Path

import pytest

from faultdesk.adapters.sql.listings import time_of_job
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.config import load_config
from faultdesk.domain.decision import Job
from faultdesk.errors import MailDeferredError
from faultdesk.handlers import Desk
from faultdesk.pipeline.perform import LONGEST_BACKOFF
from faultdesk.service.clock_steps import ClockSteps
from faultdesk.service.nightly import AUDIT, arrange_audit
from pipeline.desk import PlayedDesk, SetClock

HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


class Machine:
    """A clock that may be set, and a counter that may not."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.uptime = 1000.0
        self.steps = ClockSteps(self.clock, lambda: self.uptime)

    def live(self, seconds: float) -> None:
        self.uptime += seconds
        self.clock.advance(timedelta(seconds=seconds))


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR, -YEAR, timedelta(seconds=-31)])
def test_a_step_is_told_once(step: timedelta) -> None:
    machine = Machine()
    machine.live(5)
    assert not machine.steps.taken()

    machine.clock.advance(step)
    machine.live(5)

    assert machine.steps.taken()
    machine.live(5)
    assert not machine.steps.taken()


def test_a_clock_that_is_kept_right_bit_by_bit_takes_no_step() -> None:
    machine = Machine()
    for _ in range(1000):
        machine.live(5)
        machine.clock.advance(timedelta(milliseconds=20))

        assert not machine.steps.taken()


def test_a_long_time_between_two_looks_is_no_step() -> None:
    machine = Machine()

    machine.live(10 * 24 * 3600)

    assert not machine.steps.taken()


def hasten(desk: PlayedDesk) -> None:
    with desk.store.write() as tx:
        tx.jobs.hasten(desk.clock.now(), LONGEST_BACKOFF)


def test_what_was_put_off_by_a_clock_a_year_ahead_is_done_in_order_once_it_is_right_again(
    store: SqlStore,
) -> None:
    done: list[int] = []
    is_well = False

    def perform(job: Job, desk: Desk) -> None:
        if not is_well:
            raise MailDeferredError("later")
        done.append(int(job.arguments["number"]))

    desk = PlayedDesk(store, {}, {"test": perform})
    right = desk.clock.now()
    desk.clock.time = right + YEAR
    with store.write() as tx:
        for number in (1, 2, 3):
            desk.ledger.put(tx, Job("test", arguments={"number": number}))
    desk.perform()
    desk.clock.time, is_well = right, True
    desk.perform()
    assert done == []

    hasten(desk)
    desk.perform()

    assert done == [1, 2, 3]


def test_timers_and_what_backs_off_as_usual_keep_their_times(store: SqlStore) -> None:
    done: list[str] = []

    def perform(job: Job, desk: Desk) -> None:
        done.append(str(job.name))
        if len(done) == 1:
            raise MailDeferredError("later")

    desk = PlayedDesk(store, {}, {"test": perform})
    with store.write() as tx:
        desk.ledger.put(tx, Job("test", name="backs off"))
        desk.ledger.put(tx, Job("test", name="moved", run_at=desk.clock.now() + YEAR))
        # Moved while it was under way: it counts as begun, and did not fail.
        desk.ledger.put(tx, Job("test", name="moved", run_at=desk.clock.now() + YEAR))
    desk.perform()

    hasten(desk)
    desk.perform()

    assert done == ["backs off"]


def test_the_audit_of_next_year_comes_in_the_coming_night(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key")
    file = tmp_path / "faultdesk.toml"
    file.write_text(
        '[desk]\nname = "d"\naddress = "d@d.example"\nsigning_key = { file = "key" }\n'
        '[database]\nurl = "sqlite:///x.db"\n[mailboxes.m]\ntype = "maildir"\npath = "in"\n[mailer]\ntype = "maildir"\npath = "out"\n'
    )
    desk = PlayedDesk(store, {})
    right = desk.clock.now()
    for moment in (right + YEAR, right):
        desk.clock.time = moment
        with store.write() as tx:
            arrange_audit(load_config(file), tx, desk.ledger, desk.clock)

    with store.read() as tx:
        put_for = time_of_job(tx.connection, AUDIT)

    assert put_for is not None
    assert right < put_for <= right + timedelta(days=1)
