"""Several daemons on one PostgreSQL: what becomes of the others' work when one is killed, hangs or is cut off."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.played import RealDesk
from faultdesk.adapters.sql.revisions import head_revision
from reliability.cluster import ENGINE, Cluster
from reliability.versions import version_after
from servers.dovecot import MailAccount
from servers.network import LonelyHost
from servers.postgresql import PostgreSQL
from servers.smtp import SmtpSink

TAKEN_OVER_WITHIN = 15.0
STOPPED_SECONDS = 60.0
"""The fault itself, which is over when it is over: nothing is waited for."""


@pytest.fixture
def cluster(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, postgresql: PostgreSQL
) -> Iterator[Cluster]:
    made = Cluster(tmp_path, account, smtp_sink, postgresql.url())
    yield made
    made.close()


def test_three_daemons_share_six_mailboxes_and_all_work(cluster: Cluster) -> None:
    for name in ("one", "two", "three"):
        cluster.start(name)
    cluster.wait_for_collectors("one", "two", "three")

    cluster.deliver(60)
    cluster.wait_for_answers()
    cluster.has_done_everything_once()
    for desk in cluster.daemons.values():
        assert "ticket.opened" in desk.log.read_text()
        assert desk.stop() == 0


def test_a_killed_daemon_s_mailboxes_and_jobs_are_taken_over(cluster: Cluster) -> None:
    for name in ("one", "two", "three"):
        cluster.start(name)
    cluster.wait_for_collectors("one", "two", "three")
    cluster.deliver(60)
    assert len(cluster.answered()) < cluster.delivered, "it is killed at work"

    cluster.daemons["two"].kill()
    cluster.deliver(12)
    cluster.wait_for_answers(TAKEN_OVER_WITHIN)

    cluster.wait_for_collectors("one", "three")
    cluster.has_done_everything_once(mails_twice=2)


def test_a_daemon_that_hung_and_wakes_does_no_damage(cluster: Cluster) -> None:
    for name in ("one", "two", "three"):
        cluster.start(name)
    cluster.wait_for_collectors("one", "two", "three")
    cluster.deliver(30)
    sleeper = cluster.daemons["two"]
    assert sleeper.daemon is not None

    sleeper.daemon.send_signal(signal.SIGSTOP)
    stopped_at = time.monotonic()
    cluster.deliver(30)
    cluster.wait_for_answers()
    time.sleep(max(0.0, STOPPED_SECONDS - (time.monotonic() - stopped_at)))
    cluster.wait_for_collectors("one", "three")
    sleeper.daemon.send_signal(signal.SIGCONT)
    sleeper.wait_for_log("daemon.rejoined")
    cluster.wait_for_collectors("one", "two", "three")
    cluster.deliver(30)
    cluster.wait_for_answers()

    cluster.has_done_everything_once(mails_twice=2)
    assert sleeper.stop() == 0


def test_a_daemon_that_is_cut_off_is_missed_and_comes_back(cluster: Cluster, lonely_host: LonelyHost) -> None:
    cluster.start("one")
    lonely = cluster.start("two", lonely_host)
    cluster.wait_for_collectors("one", "two")
    cluster.deliver(12)
    cluster.wait_for_answers()

    lonely_host.cut_off()
    cluster.deliver(12)
    cluster.wait_for_answers()
    cluster.wait_for_collectors("one")
    lonely_host.connect()
    lonely.wait_for_log("daemon.rejoined")
    cluster.wait_for_collectors("one", "two")
    cluster.deliver(12)
    cluster.wait_for_answers()

    cluster.has_done_everything_once(mails_twice=2)


def test_the_engine_s_missing_tables_are_named(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, postgresql: PostgreSQL
) -> None:
    desk = RealDesk(tmp_path, account, smtp_sink, postgresql.url())
    desk.command("migrate")
    with desk.config.open("a") as config:
        config.write(ENGINE)

    assert "has no tables for jobs.engine procrastinate; run `faultdesk migrate`" in desk.command(
        "run", expect=78
    )
    desk.command("migrate")
    desk.start()
    desk.stop()


def test_daemons_find_each_other_again_after_the_database_was_away(
    cluster: Cluster, postgresql: PostgreSQL
) -> None:
    cluster.start("one")
    cluster.start("two")
    cluster.wait_for_collectors("one", "two")
    cluster.deliver(12)

    postgresql.end_sessions()
    cluster.deliver(12)
    cluster.wait_for_answers()

    cluster.wait_for_collectors("one", "two")
    cluster.has_done_everything_once(mails_twice=2)


def test_daemons_are_replaced_one_by_one_by_those_of_the_next_version(
    cluster: Cluster, tmp_path: Path
) -> None:
    head = int(head_revision())
    following = version_after(tmp_path / "next", head=head, contracted=False)
    last = version_after(tmp_path / "last", head=head, contracted=True)
    for name in ("one", "two"):
        cluster.start(name)
    cluster.deliver(12)

    cluster.migrate(following)
    cluster.deliver(12)
    cluster.daemons["one"].stop()
    cluster.start("three", version=following)
    cluster.wait_for_collectors("two", "three")
    cluster.deliver(12)
    cluster.wait_for_answers()
    assert f"pid {cluster.daemons['two'].pid}, revision {head:04}" in cluster.migrate(last, expect=78)
    cluster.deliver(12)
    cluster.daemons["two"].stop()
    cluster.migrate(last)
    assert "needs a program of" in cluster.looker.command("run", expect=78)
    cluster.looker.environment = last
    cluster.start("four", version=last)
    cluster.wait_for_collectors("three", "four")
    cluster.deliver(12)
    cluster.wait_for_answers()

    cluster.has_done_everything_once()
    for name in ("one", "two", "three", "four"):
        assert "ticket.opened" in cluster.daemons[name].log.read_text()
