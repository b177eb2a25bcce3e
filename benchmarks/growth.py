"""What a desk that is years old costs: a message among many stored tickets, a tick among many pending timers.

python -m benchmarks.growth [--tickets 1000000] [--timers 10000 100000 1000000]
"""

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog

from benchmarks.audit import fill
from benchmarks.desk import make_desk
from faultdesk.domain.message import Address
from faultdesk.handlers.testing import a_message

_FEW = 1_000
_ROUNDS, _MESSAGES = 20, 50
_TICKS = 200


class Aged:
    """A desk with so many tickets behind it."""

    def __init__(self, folder: Path, tickets: int) -> None:
        self._desk = make_desk(folder)
        fill(self._desk.store.database, tickets)
        self._number = 0

    def work(self) -> None:
        """Take in some messages, each of a client of its own, and send what was decided."""
        for _ in range(_MESSAGES):
            self._number += 1
            name = f"{self._number}@owner{self._number}.example"
            text = f"The camera at gate {self._number} is dark. Please send somebody."
            self._desk.decide(a_message(message_id=f"<{name}>", sender=Address(f"client{name}"), text=text))
        self._desk.perform()

    def put_timers(self, count: int) -> None:
        """Let so many more timers wait, the first for an hour."""
        first = (self._desk.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
        with self._desk.store.database.write() as connection:
            connection.exec_driver_sql(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) "
                "INSERT INTO job (kind, ticket_id, arguments, name, lane, state, run_at, tries) SELECT 'sla.check',"
                " 1, '{}', 'timer/' || n, 'ticket/' || n, 'due', datetime(?, n || ' seconds') || '.000000', 0 FROM n",
                (count, first),
            )

    def tick(self) -> None:
        """Look whether anything is due; nothing is."""
        self._desk.ledger.tick(self._desk.store)


def milliseconds(work: Callable[[], None]) -> float:
    """Time a piece of work."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--timers", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, many = (Path(tempfile.mkdtemp(dir=folder)) for _ in range(2))
        compare(Aged(few, _FEW), Aged(many, options.tickets), options.tickets)
        for timers in options.timers:
            desk = Aged(Path(tempfile.mkdtemp(dir=folder)), 1)
            desk.put_timers(timers)
            ticks = sorted(milliseconds(desk.tick) for _ in range(_TICKS))
            print(
                f"a tick among {timers} timers: median {statistics.median(ticks):.2f} ms, "
                f"p99 {ticks[int(len(ticks) * 0.99)]:.2f} ms (target 5)",
                flush=True,
            )


def compare(young: Aged, old: Aged, tickets: int) -> None:
    """Let both take turns, for a machine drifts by more than what is to be measured."""
    young.work()
    old.work()
    pairs = [
        (milliseconds(young.work) / _MESSAGES, milliseconds(old.work) / _MESSAGES) for _ in range(_ROUNDS)
    ]
    few, many = (statistics.median(one[side] for one in pairs) for side in (0, 1))
    ratio = statistics.median(old_one / young_one for young_one, old_one in pairs)
    print(
        f"a message    {few:.2f} ms with {_FEW} tickets stored, {many:.2f} ms with {tickets}: "
        f"{ratio:.2f} times (target 1.15)",
        flush=True,
    )


if __name__ == "__main__":
    main()
