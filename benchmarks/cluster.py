"""One daemon and several on PostgreSQL: messages and ledger jobs a second, and how soon another takes over.

python -m benchmarks.cluster [--messages 1000] [--rounds 3]

The database is durable (fsync on). The layouts take turns, and medians count.
"""

import argparse
import os
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import psycopg

from benchmarks.bench import Bench, acknowledged, last_acknowledgement, servers, times, usage
from benchmarks.corpus import make_mail
from servers.dovecot import MailAccount
from servers.postgresql import SETTINGS, PostgreSQL
from servers.process import private_folder, unprivileged

DURABLE = {**SETTINGS, "fsync": "on"}
SECOND = """
[mailboxes.second]
type = "imap"
host = "127.0.0.1"
port = {port}
security = "plain"
user = "{user}"
password = {{ file = "password" }}
folder = "second"
"""
ENGINE = """
[jobs]
engine = "{engine}"
"""
LAYOUTS = {
    "one daemon, threads": ("threads", 1),
    "one daemon, procrastinate": ("procrastinate", 1),
    "two daemons, procrastinate": ("procrastinate", 2),
}


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
        self._more = SECOND.format(port=bench.dovecot.port, user=self.account.user) + ENGINE.format(
            engine=engine
        )

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

    def performed(self) -> int:
        """Count the jobs that came to their end."""
        with psycopg.connect(self._url.replace("+psycopg", "")) as connection:
            ((last, left),) = connection.execute("SELECT max(id), count(*) FROM job").fetchall()
        return int(last) - int(left)

    def throughput(self, messages: int) -> dict[str, float]:
        """Let so many mails come at once; measure until the last is acknowledged."""
        before, cpu = self.performed(), [usage(pid).cpu for pid in self.pids]
        started = time.time()
        put_into(self.account, messages)
        while acknowledged(self.notes) < messages + 2:
            time.sleep(0.1)
        seconds = last_acknowledgement(self.notes) - started
        used = sum(usage(pid).cpu for pid in self.pids) - sum(cpu)
        return {
            "messages_per_second": messages / seconds,
            "jobs_per_second": (self.performed() - before) / seconds,
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


def measure(bench: Bench, server: PostgreSQL, layout: str, messages: int) -> dict[str, float]:
    """Measure one layout once."""
    engine, count = LAYOUTS[layout]
    with Daemons(bench, server.url(), engine, count) as daemons:
        measured = daemons.throughput(messages)
    print(f"  {layout}: " + ", ".join(f"{name} {value:.1f}" for name, value in measured.items()), flush=True)
    return measured


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
    with servers() as bench, database() as server:
        rounds = [
            {layout: measure(bench, server, layout, options.messages) for layout in LAYOUTS}
            for _ in range(options.rounds)
        ]
        for layout in LAYOUTS:
            median = {
                name: statistics.median(one[layout][name] for one in rounds) for name in rounds[0][layout]
            }
            print(
                f"{layout:28} {median['messages_per_second']:6.1f} messages/s, "
                f"{median['jobs_per_second']:6.1f} ledger jobs/s, {median['cpu_ms_per_message']:5.1f} ms CPU/message"
            )
        gained = statistics.median(
            one["two daemons, procrastinate"]["messages_per_second"]
            / one["one daemon, procrastinate"]["messages_per_second"]
            for one in rounds
        )
        print(f"two daemons do {gained:.2f} times the work of one (target 1.5)")
        seconds = [take_over(bench, server) for _ in range(options.rounds)]
        print(f"take-over after a kill: {', '.join(f'{one:.1f}' for one in seconds)} s (target 15)")


if __name__ == "__main__":
    main()
