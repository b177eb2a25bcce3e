"""A daemon's worth of workers that perform jobs which do nothing: what ledger and engine alone cost.

python -m benchmarks.jobs DATABASE_URL
"""

import logging
import sys
import threading
import time

import structlog

from faultdesk.adapters.engines.procrastinate import ProcrastinateEngine
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from pipeline.desk import NOON, PlayedDesk

KIND = "bench.nothing"
_LEDGER_BATCH = 200


def put(url: str, jobs: int) -> None:
    """Put so many jobs, each in a lane of its own, as a tick hands over what came due."""
    store = SqlStore(Database(url))
    desk = PlayedDesk(store, {})
    desk.ledger._engine = ProcrastinateEngine(store, threading.Event())  # noqa: SLF001 - the played desk has its own
    for start in range(0, jobs, _LEDGER_BATCH):
        with store.write() as tx:
            for number in range(start, min(start + _LEDGER_BATCH, jobs)):
                desk.ledger.put(tx, Job(KIND, name=f"bench/{number}", run_at=NOON))
    store.database.close()


def main() -> None:
    """Perform until nothing is left; print how many seconds that took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    store = SqlStore(Database(sys.argv[1]))
    desk = PlayedDesk(store, {}, {KIND: lambda job, desk: None})
    engine = ProcrastinateEngine(store, threading.Event(), workers=2)
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    engine.serve(desk.performer)
    engine.join()
    print(time.perf_counter() - started, flush=True)
    engine.stop(cut=lambda: None)


if __name__ == "__main__":
    main()
