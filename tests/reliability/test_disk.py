"""The database's disk is full, out of inodes or read-only: the desk says so, waits, and goes on by itself."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from end_to_end.played import RealDesk, acknowledgements
from servers.disk import SmallDisk
from servers.dovecot import MailAccount
from servers.process import leash, program, wait_until
from servers.smtp import SmtpSink

ALARM = """
[alarm]
after = "PT2S"
command = ["sh", "-c", "head -1 >> {told}"]
"""


@pytest.fixture
def desk(
    tmp_path: Path, small_disk: SmallDisk, account: MailAccount, smtp_sink: SmtpSink
) -> Iterator[RealDesk]:
    alarm = ALARM.format(told=tmp_path / "told")
    url = "sqlite:///disk/faultdesk.db"
    made = RealDesk(tmp_path, account, smtp_sink, url, more=alarm)
    made.under = small_disk.under
    made.command("migrate")
    yield made
    made.close()


def fault(number: int, octets: int = 0) -> bytes:
    """Write a mail of a client of its own, with so much in it."""
    head = (
        f"From: client{number}@owner{number}.example\r\nTo: service@yuanheng-elv.example\r\n"
        f"Subject: camera {number} is dark\r\nMessage-ID: <{number}@owner{number}.example>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nPlease send somebody.\r\n"
    )
    return head.encode() + (b"x" * 70 + b"\r\n") * (octets // 72)


def told(desk: RealDesk) -> list[str]:
    """Give what the operator's command was told of the daemon itself."""
    file = desk.folder / "told"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line for line in lines if "the daemon on" in line]


def everything_is_there(desk: RealDesk, disk: SmallDisk, mails: int) -> None:
    """Wait for one acknowledgement each, then look for damage and for a second of anything."""
    wait_until(lambda: len(acknowledgements(desk.sink)) >= mails, "every mail is acknowledged", 90)
    desk.wait_for_end(mails)
    answered = [str(mail["In-Reply-To"]) for mail in acknowledgements(desk.sink)]
    assert sorted(answered) == sorted(set(answered))
    assert len(desk.tickets()) == mails
    assert desk.listing("jobs", "list", "--state", "parked") == []
    assert desk.stop() == 0
    with contextlib.closing(sqlite3.connect(disk.files / "faultdesk.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def disk_in_status(desk: RealDesk) -> str:
    (row,) = [row for row in desk.listing("status") if row["what"] == "disk"]
    return str(row["detail"])


def test_a_disk_that_fills_up_while_the_daemon_works_is_waited_for(
    desk: RealDesk, small_disk: SmallDisk
) -> None:
    desk.start()
    desk.account.deliver(fault(1))
    wait_until(lambda: len(acknowledgements(desk.sink)) == 1, "the first is acknowledged")

    small_disk.fill()
    desk.account.deliver(*(fault(number, 200_000) for number in range(2, 9)))
    desk.wait_for_log("database or disk is full")
    wait_until(lambda: len(told(desk)) == 1, "people are told in the second way")
    said = disk_in_status(desk)
    small_disk.free()

    assert said == "full"
    wait_until(lambda: len(told(desk)) == 2, "people are told that it is over")
    assert [line.rpartition(" ")[2] for line in told(desk)] == ["still", "recovered"]
    everything_is_there(desk, small_disk, 8)


@pytest.mark.parametrize(
    ("spoil", "mend", "word"),
    [
        (SmallDisk.fill, SmallDisk.free, "database or disk is full|disk I/O error|No space left"),
        (SmallDisk.use_up_inodes, SmallDisk.free, "No space left|unable to open"),
        (SmallDisk.protect, SmallDisk.unprotect, "[Rr]ead-?only"),
    ],
)
def test_a_daemon_that_finds_a_disk_it_cannot_write_to_says_so_and_ends_to_be_started_again(
    desk: RealDesk,
    small_disk: SmallDisk,
    spoil: Callable[[SmallDisk], None],
    mend: Callable[[SmallDisk], None],
    word: str,
) -> None:
    desk.account.deliver(fault(1))
    spoil(small_disk)

    said = desk.command("run", expect=75)
    mend(small_disk)
    desk.start()

    assert re.search(word, said.splitlines()[-1]), said
    assert "Traceback" not in said
    everything_is_there(desk, small_disk, 1)


def test_without_inodes_a_running_daemon_needs_none(desk: RealDesk, small_disk: SmallDisk) -> None:
    desk.start()

    small_disk.use_up_inodes()
    assert disk_in_status(desk) == "no inode is left"
    desk.account.deliver(fault(1), fault(2))

    everything_is_there(desk, small_disk, 2)


def test_a_disk_that_turns_read_only_under_the_daemon_is_waited_for(
    desk: RealDesk, small_disk: SmallDisk
) -> None:
    """As a kernel does after an error of the disk; asked to, it refuses while a file is open for writing."""
    desk.start()
    desk.account.deliver(fault(1))
    wait_until(lambda: len(acknowledgements(desk.sink)) == 1, "the first is acknowledged")

    with read_only_under(desk):
        desk.account.deliver(fault(2), fault(3))
        wait_until(lambda: len(told(desk)) == 1, "people are told in the second way")

    wait_until(lambda: len(told(desk)) == 2, "people are told that it is over")
    assert [line.rpartition(" ")[2] for line in told(desk)] == ["still", "recovered"]
    everything_is_there(desk, small_disk, 3)


@contextlib.contextmanager
def read_only_under(desk: RealDesk) -> Iterator[None]:
    """Let every write to a file, and every making of one, end with EROFS."""
    assert desk.daemon is not None
    calls = "pwrite64,ftruncate,fallocate,unlink,fdatasync"
    trace = [program("strace", package="strace"), "-f", "-qq", "-o", os.devnull, "-p", str(desk.daemon.pid)]
    strace = subprocess.Popen([*leash(), *trace, "-e", f"trace={calls}", "-e", f"inject={calls}:error=EROFS"])
    try:
        wait_until(lambda: is_traced(desk), "strace watches the daemon")
        yield
    finally:
        strace.send_signal(signal.SIGINT)  # detaches
        strace.wait(20)


def is_traced(desk: RealDesk) -> bool:
    assert desk.daemon is not None
    tasks = Path(f"/proc/{desk.daemon.pid}/task").glob("*/status")
    return all("TracerPid:\t0\n" not in task.read_text() for task in tasks)
