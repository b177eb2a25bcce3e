"""make soak: a backlog of 50,000 mails, and new ones all the while: what memory it takes, how long new mail waits.

python -m benchmarks.soak [--backlog 50000] [--every-seconds 2]
"""

import argparse
import threading
import time
from pathlib import Path

from benchmarks.bench import Bench, acknowledged, servers, times, usage
from benchmarks.corpus import make_mail
from servers.dovecot import MailAccount

_NEW = 10**7
_POLL_SECONDS = 1.0
_COUNTED_EVERY = 30


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=50_000)
    parser.add_argument("--every-seconds", type=float, default=2.0)
    options = parser.parse_args()
    with servers() as bench:
        Soak(bench, options.backlog, options.every_seconds).run()


def without_attachment(number: int) -> bytes:
    """Make one of the mails that have none: half a gigabyte of them is enough."""
    return make_mail(number + number // 3 + 1)


class Soak:
    """One desk at work on its backlog."""

    def __init__(self, bench: Bench, backlog: int, every_seconds: float) -> None:
        self._bench = bench
        self._backlog = backlog
        self._every_seconds = every_seconds
        self._delivered: dict[str, float] = {}
        self._resident: list[int] = []

    def run(self) -> None:
        """Work the backlog off while new mail comes in, and print what it took."""
        account = self._bench.account_with(self._backlog, without_attachment)
        done = threading.Event()
        news = threading.Thread(target=self._deliver, args=(account, done))
        with self._bench.sink() as (port, notes), self._bench.daemon(account, port) as pid:
            started = time.time()
            news.start()
            self._watch(pid, notes)
            done.set()
            news.join()
            while acknowledged(notes) < self._backlog + len(self._delivered):
                time.sleep(_POLL_SECONDS)
            self._print(time.time() - started, dict(times(notes)))

    def _deliver(self, account: MailAccount, done: threading.Event) -> None:
        with account.imap() as client:
            number = _NEW
            while not done.wait(self._every_seconds):
                number += 1
                client.append("INBOX", make_mail(number))
                self._delivered[f"<bench-{number}@owner{number % 500}.example>"] = time.time()

    def _watch(self, pid: int, notes: Path) -> None:
        while len(self._resident) % _COUNTED_EVERY or acknowledged(notes) < self._backlog:
            self._resident.append(usage(pid).rss)
            time.sleep(_POLL_SECONDS)

    def _print(self, seconds: float, acknowledged_at: dict[str, float]) -> None:
        waits = sorted(acknowledged_at[one] - at for one, at in self._delivered.items())
        quarter = len(self._resident) // 4
        early, late = (
            max(some) / 2**20 for some in (self._resident[: 2 * quarter], self._resident[2 * quarter :])
        )
        print(
            f"backlog      {self._backlog} mails in {seconds:.0f} s, {len(waits)} new ones meanwhile\n"
            f"new mail     p50 {waits[len(waits) // 2]:.1f} s, p95 {waits[int(len(waits) * 0.95)]:.1f} s (target 10), "
            f"max {waits[-1]:.1f} s\n"
            f"RSS          {early:.0f} MiB at most in the first half, {late:.0f} MiB in the second, all processes "
            "(target 300, flat)"
        )


if __name__ == "__main__":
    main()
