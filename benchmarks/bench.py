"""The servers of the benchmarks, the desk beside them, and what is measured of it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus import make_mail
from benchmarks.sink import read_notes
from end_to_end.played import FAULTDESK, HANDLERS
from servers.dovecot import Dovecot, MailAccount
from servers.process import answers, free_port, private_folder, unprivileged

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MAILBOX = """
[mailboxes.{name}]
type = "imap"
host = "127.0.0.1"
port = {port}
security = "plain"
user = "{user}"
password = {{ file = "password" }}
folder = "{folder}"
"""
CONFIG = """
[desk]
name = "bench"
address = "service@yuanheng-elv.example"
signing_key = {{ file = "key" }}
[database]
url = "{database}"
{mailbox}
[mailer]
type = "smtp"
host = "127.0.0.1"
port = {smtp_port}
security = "plain"
{handlers}
{more}
"""


class Usage(NamedTuple):
    """CPU seconds and resident octets of a process and its children."""

    cpu: float
    rss: int


def tree(pid: int) -> Iterator[int]:
    """Name a process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from tree(int(child))


def usage(pid: int) -> Usage:
    """Read what the process tree has used."""
    cpu = rss = 0.0
    for one in tree(pid):
        stat = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        cpu += (int(stat[11]) + int(stat[12])) / CLOCK_TICKS
        rss += int(stat[21]) * PAGE
    return Usage(cpu, int(rss))


@contextmanager
def running(*command: str, log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the end of the block."""
    with log.open("wb") if log else open(os.devnull, "wb") as out:  # noqa: PTH123 - devnull
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def servers() -> Iterator["Bench"]:
    """Run a Dovecot of our own, with a folder beside it."""
    with private_folder("bench", unprivileged("nobody")) as home, tempfile.TemporaryDirectory() as folder:
        dovecot = Dovecot(home)
        dovecot.start()
        try:
            yield Bench(dovecot, Path(folder))
        finally:
            dovecot.stop()


class Bench:
    """The servers, and a folder of its own for each measurement."""

    def __init__(self, dovecot: Dovecot, folder: Path) -> None:
        self.dovecot = dovecot
        self._top = folder

    def new_folder(self) -> Path:
        """Make a folder that nothing was measured in yet."""
        return Path(tempfile.mkdtemp(dir=self._top))

    def account_with(self, messages: int, make: Callable[[int], bytes] = make_mail) -> MailAccount:
        """Make an account that holds so many mails."""
        account = self.dovecot.new_account("secret")
        account.deliver(make_mail(0))
        account.expunge(1)
        owner = account.maildir.stat()
        for number in range(messages):
            path = account.maildir / "new" / f"{1_700_000_000 + number}.M{number}.bench"
            path.write_bytes(make(number))
            os.chown(path, owner.st_uid, owner.st_gid)
        return account

    @contextmanager
    def sink(self) -> Iterator[tuple[int, Path]]:
        """Run an SMTP sink; give its port and its notes."""
        port, notes = free_port(), self.new_folder() / "mails"
        with running(sys.executable, "-m", "benchmarks.sink", str(port), str(notes)):
            while not answers(port):
                time.sleep(0.01)
            yield port, notes

    def floor(self, messages: int) -> float:
        """Measure the floor; messages per second."""
        account = self.account_with(messages)
        with self.sink() as (port, _):
            command = [
                sys.executable, "-m", "benchmarks.floor", str(self.dovecot.port), account.user, account.password,
                str(port), str(self.new_folder() / "floor.db"),
            ]  # fmt: skip
            count, seconds = subprocess.run(
                command, check=True, capture_output=True, text=True
            ).stdout.split()
        return int(count) / float(seconds)

    def mailbox(self, account: MailAccount, name: str, folder: str) -> str:
        """Write the configuration of a mailbox."""
        return MAILBOX.format(name=name, port=self.dovecot.port, user=account.user, folder=folder)

    @contextmanager
    def daemon(
        self, account: MailAccount, smtp_port: int, database: str = "sqlite:///faultdesk.db", more: str = ""
    ) -> Iterator[int]:
        """Run a desk, with `more` of a configuration; give its pid once it is ready."""
        folder = self.new_folder()
        (folder / "key").write_text("key")
        (folder / "password").write_text(account.password)
        config = folder / "faultdesk.toml"
        config.write_text(
            CONFIG.format(
                mailbox=self.mailbox(account, "service", "INBOX"),
                smtp_port=smtp_port,
                handlers=HANDLERS,
                database=database,
                more=more,
            )
        )
        base = [*FAULTDESK, "--config", str(config)]
        subprocess.run([*base, "migrate"], check=True, capture_output=True)
        log = folder / "log"
        with running(*base, "run", log=log) as process:
            while b"daemon.started" not in log.read_bytes():
                time.sleep(0.005)
            yield process.pid

    def round(self, messages: int) -> dict[str, float]:
        """Measure the floor and, beside it, the desk."""
        floor = self.floor(messages)
        measured = self.throughput(messages) | {"floor": floor}
        measured["of_floor"] = measured["messages_per_second"] / floor
        print(
            f"  floor {floor:.1f}, faultdesk {measured['messages_per_second']:.1f} messages/s = "
            f"{measured['of_floor']:.0%}, {measured['cpu_ms_per_message']:.2f} ms CPU",
            flush=True,
        )
        return measured

    def throughput(self, messages: int) -> dict[str, float]:
        """Measure from mailbox to acknowledgement at SMTP, with every handler on."""
        account = self.account_with(messages)
        with self.sink() as (port, notes), self.daemon(account, port) as pid:
            started, peak = time.time(), 0
            while acknowledged(notes) < messages:
                peak = max(peak, usage(pid).rss)
                time.sleep(0.1)
            seconds = last_acknowledgement(notes) - started
            used = usage(pid)
        return {
            "messages_per_second": messages / seconds,
            "cpu_ms_per_message": used.cpu / messages * 1000,
            "rss_mib": max(peak, used.rss) / 2**20,
        }

    def latency(self, seconds: int, per_second: int = 5) -> dict[str, float]:
        """Measure from delivery to acknowledgement at SMTP, at a steady rate, with IDLE."""
        account = self.dovecot.new_account("secret")
        account.deliver(make_mail(10**6))
        delivered: dict[str, float] = {}
        with self.sink() as (port, notes), self.daemon(account, port):
            while acknowledged(notes) < 1:
                time.sleep(0.05)
            begun = time.time()
            with account.imap() as client:
                for number in range(seconds * per_second):
                    time.sleep(max(0.0, begun + number / per_second - time.time()))
                    client.append("INBOX", make_mail(number))
                    delivered[f"<bench-{number}@owner{number % 500}.example>"] = time.time()
            while acknowledged(notes) < len(delivered) + 1:
                time.sleep(0.05)
            arrived = dict(times(notes))
        waits = sorted(arrived[message_id] - at for message_id, at in delivered.items())
        return {
            "p50_ms": statistics.median(waits) * 1000,
            "p99_ms": waits[int(len(waits) * 0.99)] * 1000,
            "max_ms": waits[-1] * 1000,
        }


def times(notes: Path) -> Iterator[tuple[str, float]]:
    """Give each acknowledged Message-ID with the time of its first acknowledgement."""
    seen = {"-"}
    for note in read_notes(notes):
        if note.in_reply_to not in seen:
            seen.add(note.in_reply_to)
            yield note.in_reply_to, note.at


def acknowledged(notes: Path) -> int:
    """Count the messages acknowledged so far."""
    return sum(1 for _ in times(notes))


def last_acknowledgement(notes: Path) -> float:
    """Tell when the last message was acknowledged."""
    return max(at for _, at in times(notes))
