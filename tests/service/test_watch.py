from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from faultdesk.adapters.sql.listings import status
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from faultdesk.errors import MailerUnavailableError
from faultdesk.pipeline.work import JobState
from faultdesk.service.watch import Watch
from pipeline.desk import PlayedDesk

TEN = timedelta(minutes=10)


class Watched:
    """A desk with one mailbox and a command that writes down what it is told."""

    def __init__(self, store: SqlStore, folder: Path) -> None:
        self.desk = PlayedDesk(store, {})
        self.told_file = folder / "told"
        self.own: Mapping[str, str] = {}
        self.poll = timedelta(seconds=60)
        self.watch = self.another()

    def another(self, *command: str) -> Watch:
        """Watch as a second daemon on the same database would."""
        write = ("sh", "-c", f"head -1 >> {self.told_file}")
        return Watch(
            self.desk.store,
            self.desk.ledger,
            self.desk.clock,
            {"service": self.poll},
            TEN,
            command or write,
            lambda _: self.own,
        )

    def report(self, error: str | None = None) -> None:
        with self.desk.store.write() as tx:
            tx.inbox.report("service", self.desk.clock.now(), error)

    def pass_minutes(self, minutes: int, watch: Watch | None = None) -> None:
        self.desk.clock.advance(timedelta(minutes=minutes))
        (watch or self.watch).look()

    @property
    def by_command(self) -> list[str]:
        return self.told_file.read_text().splitlines() if self.told_file.exists() else []

    @property
    def by_mail(self) -> list[str]:
        self.desk.perform()
        return [
            content.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()
            for _, _, content in self.desk.mailer.sent
        ]


@pytest.fixture
def watched(store: SqlStore, tmp_path: Path) -> Watched:
    return Watched(store, tmp_path)


SILENT = "faultdesk: mailbox service stands still"
BACK = "faultdesk: mailbox service recovered"


def test_a_mailbox_that_stays_away_is_told_once_in_both_ways_and_once_that_it_is_back(
    watched: Watched,
) -> None:
    watched.report("refused")
    for _ in range(5):
        watched.pass_minutes(5)
    assert watched.by_mail == watched.by_command == [SILENT]

    watched.report()
    watched.pass_minutes(1)
    watched.pass_minutes(1)

    assert watched.by_mail == watched.by_command == [SILENT, BACK]


def test_a_mailbox_that_hangs_without_an_error_is_told_too(watched: Watched) -> None:
    watched.report()

    watched.pass_minutes(11)

    assert watched.by_command == [SILENT]


def test_a_mailbox_that_is_seldom_looked_at_is_given_its_time(store: SqlStore, tmp_path: Path) -> None:
    watched = Watched(store, tmp_path)
    watched.poll = timedelta(hours=1)
    watch = watched.another()
    watched.report()

    watched.pass_minutes(170, watch)
    assert watched.by_command == []

    watched.pass_minutes(11, watch)
    assert watched.by_command == [SILENT]


def test_nothing_is_told_right_after_a_start(watched: Watched) -> None:
    watched.report()
    watched.desk.clock.advance(timedelta(days=3))

    watched.pass_minutes(9, watched.another())

    assert watched.by_command == []


@pytest.mark.parametrize("hours", [1, -1, 24 * 365])
def test_a_clock_that_was_set_raises_no_alarm_and_hides_none(watched: Watched, hours: int) -> None:
    for _ in range(3):
        watched.report()
        watched.pass_minutes(5)
    watched.desk.clock.advance(timedelta(hours=hours))

    with watched.desk.store.write() as tx:
        tx.health.forget_the_future(watched.desk.clock.now())
    watched.watch.begin_anew()
    watched.watch.look()
    watched.pass_minutes(9)
    assert watched.by_command == []
    watched.pass_minutes(2)

    assert watched.by_command == [SILENT]


def test_of_two_daemons_one_tells(watched: Watched) -> None:
    other = watched.another()
    watched.pass_minutes(11)
    watched.pass_minutes(0, other)
    watched.report()
    watched.pass_minutes(0, other)
    watched.pass_minutes(0)

    assert watched.by_mail == watched.by_command == [SILENT, BACK]


def test_what_was_told_before_a_restart_is_not_told_again(watched: Watched) -> None:
    watched.pass_minutes(11)

    restarted = watched.another()
    watched.pass_minutes(11, restarted)

    assert watched.by_command == [SILENT]


def test_an_outage_of_the_mail_server_is_told_by_the_command(watched: Watched) -> None:
    watched.desk.mailer.error = MailerUnavailableError("connect: refused")
    with watched.desk.store.write() as tx:
        tx.jobs.put(Job("mail.send", arguments={"mail": 0}), "lane", JobState.HELD, watched.desk.clock.now())
    watched.report()
    watched.pass_minutes(8)
    watched.report()
    watched.pass_minutes(3)

    assert watched.by_command == ["faultdesk: the way out stands still"]


def test_what_another_job_misses_is_told_by_its_kind_and_what_stands_behind_it_is_not(
    watched: Watched,
) -> None:
    now = watched.desk.clock.now()
    with watched.desk.store.write() as tx:
        tx.jobs.put(Job("clamav.scan"), "lane", JobState.SENT, now)
        tx.jobs.put(Job("sla.check"), "lane", JobState.HELD, now)
        (begun,) = tx.jobs.claim([1], now).claimed
        tx.jobs.hold(begun.job, "connect: refused")
    watched.report()
    watched.pass_minutes(8)
    watched.report()
    watched.pass_minutes(3)

    assert watched.by_command == ["faultdesk: clamav.scan stands still"]


def test_messages_that_nobody_reads_and_jobs_that_nobody_performs_are_told(watched: Watched) -> None:
    watched.desk.receive(b"Subject: help\r\n\r\n")
    with watched.desk.store.write() as tx:
        tx.jobs.put(Job("sla.check"), "lane", JobState.DUE, watched.desk.clock.now())
    watched.report()
    watched.pass_minutes(8)
    watched.report()
    watched.pass_minutes(3)

    assert sorted(watched.by_command) == [
        "faultdesk: the ledger of jobs stands still",
        "faultdesk: triage stands still",
    ]


def test_what_only_this_process_knows_needs_no_database(watched: Watched) -> None:
    watched.desk.store.database.close()
    watched.own = {"the daemon on here": "tick: database or disk is full"}
    watched.watch.look()
    watched.watch.look()
    watched.own = {}
    watched.watch.look()

    assert watched.by_command == [
        "faultdesk: the daemon on here stands still",
        "faultdesk: the daemon on here recovered",
    ]


@pytest.mark.parametrize("command", [("false",), ("/nowhere/at-all",)])
def test_a_command_that_fails_keeps_nothing_from_the_mail(
    watched: Watched, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    watched.pass_minutes(11, watched.another(*command))

    assert watched.by_mail == [SILENT]
    assert "alarm.command_failed" in capsys.readouterr().out


def test_status_names_what_stands_still(watched: Watched) -> None:
    watched.report("refused")
    watched.pass_minutes(11)

    with watched.desk.store.database.read() as connection:
        alarms = [row for row in status(connection) if row["what"] == "alarm"]
    assert [(row["name"], row["detail"]) for row in alarms] == [("mailbox service", "refused")]
