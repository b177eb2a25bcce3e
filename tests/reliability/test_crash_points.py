"""The daemon is killed from outside at every step of every verb; then it ends as if nothing had happened.

FAULTDESK_LONG=1 tries every commit instead of a sample.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from end_to_end.played import FAULTDESK, RealDesk
from reliability.mails import MAILS, Outcome, outcome
from servers.dovecot import MailAccount
from servers.postgresql import PostgreSQL
from servers.process import program, wait_until
from servers.proxy import Held, Proxy
from servers.smtp import SmtpSink

LONG = "FAULTDESK_LONG" in os.environ
pytestmark = pytest.mark.timeout(3600 if LONG else 300)
MakeProxy = Callable[[str, int], Proxy]


class Victim:
    """A desk behind proxies, with mails in its mailbox, which is killed while it works on them."""

    def __init__(
        self, folder: Path, account: MailAccount, sink: SmtpSink, url: str, proxied: MakeProxy
    ) -> None:
        self.imap = proxied(account.server.host, account.server.port)
        self.smtp = proxied(sink.host, sink.port)
        self.desk = RealDesk(folder, account, sink, url, imap_port=self.imap.port, smtp_port=self.smtp.port)
        self.desk.command("migrate")
        account.deliver(*MAILS)

    def drain(self, *under: str) -> subprocess.Popen[bytes]:
        """Begin to work everything off, under a program that watches."""
        command = [*under, *FAULTDESK, "--config", str(self.desk.config), "run", "--drain"]
        with self.desk.log.open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill_at(self, *held: Held) -> bool:
        """Work until held up at the last of these, and die there; false when it ended before."""
        process = self.drain()
        for one in held[:-1]:
            one.wait()
            one.release()
        wait_until(lambda: held[-1].is_reached or process.poll() is not None, "it is held up, or ends")
        process.kill()
        process.wait()
        held[-1].release()
        return held[-1].is_reached

    def recover(self) -> Outcome:
        """Start again and work everything off."""
        self.desk.command("run", "--drain")
        return outcome(self.desk)


@pytest.fixture
def victim(tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, proxied: MakeProxy) -> Iterator[Victim]:
    made = Victim(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db", proxied)
    yield made
    made.desk.close()


def agrees(ended: Outcome, undisturbed: Outcome) -> None:
    """Fail where an end differs from the undisturbed one."""
    assert ended.messages == undisturbed.messages
    assert ended.tickets == undisturbed.tickets
    assert ended.mails == undisturbed.mails


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(lambda victim: victim.imap.hold("to server", b"UID SEARCH"), id="before it looks"),
        pytest.param(lambda victim: victim.imap.hold("to client", b"BODY[]"), id="fetched, nothing stored"),
        pytest.param(lambda victim: victim.imap.hold("to server", b"UID STORE"), id="stored, not flagged"),
        pytest.param(
            lambda victim: victim.imap.hold("to client", b"OK Store completed"), id="flagged, not noted"
        ),
        pytest.param(lambda victim: victim.smtp.hold("to server", b"mail FROM"), id="decided, nothing sent"),
        pytest.param(lambda victim: victim.smtp.hold("to server", b"mail FROM", 3), id="between two mails"),
        pytest.param(lambda victim: victim.smtp.hold("to client", b"354 "), id="at DATA"),
    ],
)
def test_killed_before_a_mail_was_handed_over_nothing_is_lost_or_doubled(
    victim: Victim, undisturbed: Outcome, hold: Callable[[Victim], Held]
) -> None:
    assert victim.kill_at(hold(victim))

    ended = victim.recover()

    agrees(ended, undisturbed)
    assert ended.twice == {}


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(lambda victim: victim.smtp.hold("to server", b"\r\n.\r\n"), id="end of data under way"),
        pytest.param(lambda victim: victim.smtp.hold("to client", b"250 2.0.0 queued"), id="250 under way"),
        pytest.param(lambda victim: victim.smtp.hold("to client", b"250 2.0.0 queued", 5), id="a later 250"),
    ],
)
def test_killed_between_the_end_of_data_and_the_receipt_the_same_mail_goes_out_again(
    victim: Victim, undisturbed: Outcome, hold: Callable[[Victim], Held]
) -> None:
    assert victim.kill_at(hold(victim))

    ended = victim.recover()

    agrees(ended, undisturbed)
    assert list(ended.twice.values()) == [2]  # SMTP's own window, and no more than that one mail


def readers(pid: int) -> list[int]:
    """Name the children of a daemon."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_killed_while_a_reader_reads(victim: Victim, undisturbed: Outcome) -> None:
    desk = victim.desk
    desk.account.expunge(*range(1, len(MAILS) + 1))
    desk.start()
    assert desk.daemon is not None
    desk.account.deliver(
        b"From: first@owner9.example\r\nSubject: noise\r\nAuto-Submitted: auto-replied\r\n\r\n"
    )
    wait_until(lambda: [row["state"] for row in desk.inbox()] == ["ignored"], "the readers are up")
    children = readers(desk.daemon.pid)
    for child in children:
        os.kill(child, signal.SIGSTOP)
    desk.account.deliver(*MAILS)
    wait_until(lambda: [row["state"] for row in desk.inbox()].count("received") == len(MAILS), "they wait")

    desk.kill()
    for child in children:
        os.kill(child, signal.SIGCONT)
    ended = victim.recover()

    assert [row[1:] for row in ended.messages[1:]] == [row[1:] for row in undisturbed.messages]
    assert ended.tickets == undisturbed.tickets
    assert (ended.mails, ended.twice) == (undisturbed.mails, {})
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "no reader is left")


def killed_at(call: str, moment: int) -> list[str]:
    """Name the program under which a process dies as it enters a system call for the nth time."""
    watch = [program("strace", package="strace"), "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
    return [*watch, "-e", f"inject={call}:signal=SIGKILL:when={moment}"]


@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_killed_at_any_write_of_sqlite(
    call: str,
    tmp_path: Path,
    account: MailAccount,
    smtp_sink: SmtpSink,
    proxied: MakeProxy,
    undisturbed: Outcome,
) -> None:
    """fdatasync: a commit is written and not yet told of; pwrite64: it is half written.

    strace counts in each thread by itself and kills where the first of them comes to the number.
    """
    moments = range(1, 2000) if LONG else range(2, 200, 7) if call == "fdatasync" else range(5, 2000, 61)
    survived = 0
    for moment in moments:
        smtp_sink.forget()
        folder = tmp_path / str(moment)
        folder.mkdir()
        victim = Victim(folder, account.server.new_account(), smtp_sink, "sqlite:///faultdesk.db", proxied)
        if victim.drain(*killed_at(call, moment)).wait(60) == 0:
            survived += 1
            break  # there were not so many writes
        ended = victim.recover()
        agrees(ended, undisturbed)
        assert sum(ended.twice.values()) <= 2
    assert survived == 1


@pytest.mark.parametrize("way", ["before", "after"])
def test_killed_at_any_commit_of_postgresql(
    way: str,
    tmp_path: Path,
    account: MailAccount,
    smtp_sink: SmtpSink,
    postgresql: PostgreSQL,
    proxied: MakeProxy,
    undisturbed: Outcome,
) -> None:
    """The proxy holds a COMMIT, or the server's word that it happened, and the daemon dies there."""
    for moment in range(1, 200) if LONG else range(1, 200, 8):
        smtp_sink.forget()
        folder = tmp_path / str(moment)
        folder.mkdir()
        database = proxied(postgresql.host, postgresql.port)
        url = make_url(postgresql.url()).set(port=database.port).render_as_string()
        victim = Victim(folder, account.server.new_account(), smtp_sink, url, proxied)
        if way == "before":
            held = database.hold("to server", b"COMMIT\0", moment)
        else:
            held = database.hold("to client", b"COMMIT\0", moment)
        if not victim.kill_at(held):
            break  # there were not so many commits
        database.cut()
        ended = victim.recover()
        agrees(ended.without_gaps(), undisturbed.without_gaps())
        assert sum(ended.twice.values()) <= 2
    else:
        pytest.fail("the drain never came to its end")


def test_killed_while_it_migrates(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, proxied: MakeProxy, undisturbed: Outcome
) -> None:
    for moment in range(1, 2000) if LONG else (3, 60, 120, 2000):
        smtp_sink.forget()
        folder = tmp_path / str(moment)
        folder.mkdir()
        desk = RealDesk(folder, account, smtp_sink, "sqlite:///faultdesk.db")
        command = [*killed_at("pwrite64", moment), *FAULTDESK, "--config", str(desk.config), "migrate"]
        if subprocess.run(command, check=False, timeout=60, capture_output=True).returncode == 0:
            break  # there were not so many writes

        victim = Victim(folder, account.server.new_account(), smtp_sink, "sqlite:///faultdesk.db", proxied)
        agrees(victim.recover(), undisturbed)
    assert moment > 120


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGTERM])
def test_killed_while_it_reloads_or_stops(victim: Victim, undisturbed: Outcome, how: signal.Signals) -> None:
    held = victim.smtp.hold("to server", b"mail FROM", 2)
    victim.desk.start()
    held.wait()
    assert victim.desk.daemon is not None
    victim.desk.daemon.send_signal(how)
    said = "config.reloaded" if how == signal.SIGHUP else "daemon.stopping"
    wait_until(lambda: said in victim.desk.log.read_text(), said)

    victim.desk.kill()
    held.release()
    ended = victim.recover()

    agrees(ended, undisturbed)
    assert ended.twice == {}


@pytest.mark.parametrize(
    ("commit", "status"),
    [pytest.param(2, "new", id="before its commit"), pytest.param(3, "resolved", id="committed, not told")],
)
def test_killed_while_a_person_resolves_a_ticket(victim: Victim, commit: int, status: str) -> None:
    desk = victim.desk
    desk.command("run", "--drain")
    before = outcome(desk).mails
    ticket = desk.tickets()[0]
    noticed = ticket["noticed_at"][:16] + "+00:00"
    resolve = ["resolve", ticket["reference"], "--cause", "c", "--method", "m", "--recovered-at", noticed]
    command = [*killed_at("fdatasync", commit), *FAULTDESK, "--config", str(desk.config), *resolve]
    assert subprocess.run(command, check=False, timeout=60, capture_output=True).returncode != 0
    assert desk.tickets()[0]["status"] == status

    if status != "resolved":
        desk.command(*resolve)
    ended = victim.recover()

    assert desk.tickets()[0]["status"] == "resolved"
    assert (len(ended.mails) - len(before), ended.twice) == (1, {})  # the report, once
