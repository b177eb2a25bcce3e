"""One daemon and two on PostgreSQL: messages and ledger jobs a second, and how soon one takes over from another.

python -m benchmarks.cluster [--messages 1000] [--rounds 3]

The database is durable (fsync on). The layouts take turns, and medians count.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, NamedTuple, Self, cast

from benchmarks import jobs
from benchmarks.bench import Bench, acknowledged, last_acknowledgement, servers, times, usage
from benchmarks.corpus import make_mail
from faultdesk.adapters.engines.lost import prepare_tables
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from servers.dovecot import MailAccount
from servers.postgresql import SETTINGS, PostgreSQL
from servers.process import private_folder, unprivileged

JOBS = 3000
DURABLE = {**SETTINGS, "fsync": "on"}
ENGINE = """
[jobs]
engine = "{engine}"
"""


class Layout(NamedTuple):
    """So many daemons with an engine, on so many cores with all their servers."""

    engine: str
    daemons: int
    cores: int

    def __str__(self) -> str:
        return f"{self.daemons} x {self.engine} on {self.cores} core{'s' * (self.cores > 1)}"


ONE_OF_ONE, ONE, TWO = (
    Layout("procrastinate", 1, 1),
    Layout("procrastinate", 1, 2),
    Layout("procrastinate", 2, 2),
)
LAYOUTS = (Layout("threads", 1, 2), ONE_OF_ONE, ONE, TWO)


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Keep what is started in the block on so many cores."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


@contextmanager
def database() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL of our own that survives a power cut."""
    with private_folder("bench-postgresql", unprivileged("postgres")) as folder:
        server = PostgreSQL(folder, settings=DURABLE)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class Daemons:
    """So many daemons on one database, two mailboxes and one SMTP sink; use it in a `with` statement."""

    def __init__(self, bench: Bench, url: str, engine: str, count: int) -> None:
        self.account = bench.dovecot.new_account("secret")
        self.account.deliver(make_mail(10**6))
        self.account.deliver(make_mail(10**6 + 1), folder="second")
        self._bench, self._url, self._count = bench, url, count
        self._more = bench.mailbox(self.account, "second", "second") + ENGINE.format(engine=engine)

    def __enter__(self) -> Self:
        self._open = ExitStack()
        port, self.notes = self._open.enter_context(self._bench.sink())
        self.pids = [
            self._open.enter_context(self._bench.daemon(self.account, port, self._url, self._more))
            for _ in range(self._count)
        ]
        while acknowledged(self.notes) < 2:
            time.sleep(0.05)
        time.sleep(2)  # the mailboxes are shared out
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def throughput(self, messages: int) -> dict[str, float]:
        """Let so many mails come at once; measure until the last is acknowledged."""
        before = sum(usage(pid).cpu for pid in self.pids)
        started = time.time()
        put_into(self.account, messages)
        while acknowledged(self.notes) < messages + 2:
            time.sleep(0.1)
        seconds = last_acknowledgement(self.notes) - started
        used = sum(usage(pid).cpu for pid in self.pids) - before
        return {
            "messages_per_second": messages / seconds,
            "cpu_ms_per_message": used / messages * 1000,
        }


def put_into(account: MailAccount, messages: int) -> None:
    """Put mails into both mailboxes, at once."""
    owner = account.maildir.stat()
    boxes = (account.maildir, account.maildir / ".second")
    for number in range(messages):
        name = f"{1_700_000_000 + number}.M{number}.bench"
        box = boxes[number % 2]
        path = box / "tmp" / name
        path.write_bytes(make_mail(number))
        os.chown(path, owner.st_uid, owner.st_gid)
        path.rename(box / "new" / name)


def measure(layout: Layout, messages: int) -> dict[str, float]:
    """Measure one layout once, messages first, then jobs that do nothing."""
    with on_cores(layout.cores), servers() as bench, database() as server:
        with Daemons(bench, server.url(), layout.engine, layout.daemons) as daemons:
            measured = daemons.throughput(messages)
        if layout.engine == "procrastinate":
            measured["jobs_per_second"] = nothing_done(server.url(), layout.daemons)
    print(f"  {layout}: " + ", ".join(f"{name} {value:.1f}" for name, value in measured.items()), flush=True)
    return measured


def nothing_done(url: str, processes: int) -> float:
    """Perform jobs that do nothing, in so many processes at once; jobs a second."""
    database = Database(url)
    migrate(database, prepare_tables)
    database.close()
    jobs.put(url, JOBS)
    command = [sys.executable, "-m", "benchmarks.jobs", url]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        cast("IO[str]", process.stdout).readline()
    began = time.perf_counter()
    for process in started:
        cast("IO[str]", process.stdin).write("\n")
        cast("IO[str]", process.stdin).flush()
    for process in started:
        cast("IO[str]", process.stdout).readline()
    seconds = time.perf_counter() - began
    for process in started:
        process.communicate(timeout=30)
    return JOBS / seconds


def take_over(bench: Bench, server: PostgreSQL) -> float:
    """Kill one of two daemons while mail comes in; tell when the last of what it had is answered."""
    with Daemons(bench, server.url(), "procrastinate", 2) as daemons:
        put_into(daemons.account, 200)
        while acknowledged(daemons.notes) < 50:
            time.sleep(0.01)
        os.kill(daemons.pids[0], signal.SIGKILL)
        killed_at = time.time()
        while acknowledged(daemons.notes) < 202:
            time.sleep(0.05)
        return max(at for _, at in times(daemons.notes)) - killed_at


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = [
        {layout: measure(layout, options.messages) for layout in LAYOUTS} for _ in range(options.rounds)
    ]
    for layout in LAYOUTS:
        median = {name: statistics.median(one[layout][name] for one in rounds) for name in rounds[0][layout]}
        print(f"{layout!s:28} " + ", ".join(f"{name} {value:.1f}" for name, value in median.items()))
    for one in (ONE_OF_ONE, ONE):
        for what, name in (("messages", "messages_per_second"), ("jobs", "jobs_per_second")):
            gained = statistics.median(measured[TWO][name] / measured[one][name] for measured in rounds)
            print(f"{TWO} do {gained:.2f} times the {what} of {one}")
    with servers() as bench, database() as server:
        seconds = [take_over(bench, server) for _ in range(options.rounds)]
    print(f"take-over after a kill: {', '.join(f'{one:.1f}' for one in seconds)} s (target 15)")


if __name__ == "__main__":
    main()
