"""What 100,000 open tickets among 1,000,000 closed ones cost: a triage decision, a list, the board, a timer's check.

python -m benchmarks.large_desk [--open 100000] [--closed 1000000] [--database both]
"""

# ruff: noqa: S608 - its own SQL, of its own strings

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import sqlalchemy as sa
import structlog

from benchmarks.cluster import database as postgresql
from benchmarks.desk import handlers_of
from faultdesk.adapters.sql import listings
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.client import AgreedSpans, Client, Contract, Period, Project
from faultdesk.domain.decision import Job
from faultdesk.domain.message import Address
from faultdesk.domain.people import People, Person
from faultdesk.domain.ticket import Classification, FaultClass, Kind
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.job_desk import JobDesk
from pipeline.desk import NOON, PlayedDesk

_TARGET = 20.0
_ROUNDS = 100
_ENGINEERS, _CLIENTS = 20, 5_000
_ABOUT = '{"kind": "fault", "fault_class": "line", "system": "cctv", "severity": "normal", "confidence": 0.9, "evidence": []}'
_PROMISE = '{"response": 7200.0, "on_site": 86400.0}'


class Fill:
    """Statements that fill a database, in its own words."""

    def __init__(self, database: Database, first: int, last: int, *, is_open: bool) -> None:
        self._lite = database.is_sqlite
        self._first, self._last, self._is_open = first, last, is_open

    @property
    def _numbers(self) -> str:
        if not self._lite:
            return f"generate_series({self._first}, {self._last}) AS t(n)"
        return (
            f"(WITH RECURSIVE c(n) AS (SELECT {self._first} UNION ALL SELECT n + 1 FROM c WHERE n < {self._last}) "
            "SELECT n FROM c) AS t"
        )

    def _moment(self, seconds: str) -> str:
        day = NOON.strftime("%Y-%m-%d %H:%M:%S")
        if self._lite:
            return f"strftime('%Y-%m-%d %H:%M:%S.000000', '{day}', ({seconds}) || ' seconds')"
        return f"(timestamptz '{day}+00' + ({seconds}) * interval '1 second')"

    def _json(self, text: str) -> str:
        return f"'{text}'" if self._lite else f"CAST('{text}' AS json)"

    def statements(self) -> Iterator[str]:
        """Give them in order."""
        status = "new" if self._is_open else "resolved"
        # Open ones were noticed within the last hour, and are due in turn.
        noticed = self._moment("-(n % 3600)")
        due = self._moment("7200 - (n % 3600)") if self._is_open else "NULL"
        engineer = f"'engineer' || (n % {_ENGINEERS}) || '@desk.example'"
        yield (
            "INSERT INTO ticket (id, reference, status, subject, channel, language, classification, requester_address,"
            " requester_name, noticed_at, opened_at, held, engineer, client, due_at, likeness)"
            f" SELECT n, 'FD-2025-' || n, '{status}', 'dark', 'mail', 'zh-Hans', {self._json(_ABOUT)},"
            f" 'li@owner' || (n % {_CLIENTS}) || '.example', 'Li', {noticed}, {noticed}, false, {engineer},"
            f" 'client' || (n % {_CLIENTS}), {due}, CASE n % 60 WHEN 0 THEN 'cctv/line' ELSE 'other/' || (n % 60) END FROM {self._numbers}"
        )
        yield (
            "INSERT INTO participant (ticket_id, address, name, role)"
            f" SELECT n, 'li@owner' || (n % {_CLIENTS}) || '.example', 'Li', 'client' FROM {self._numbers}"
        )
        opened = f'{{"inbox": 1, "noticed_at": "{NOON.isoformat()}", "promise": {_PROMISE}}}'
        events = [
            ("opened", opened),
            ("classified", '{"kind": "fault"}'),
            ("assigned", '{"engineer": "x@desk.example"}'),
        ]
        if not self._is_open:
            events.append(("resolved", '{"number": 1, "cause": "plug", "method": "new plug"}'))
        for kind, data in events:
            yield (
                "INSERT INTO event (ticket_id, at, kind, actor, data)"
                f" SELECT n, {noticed}, '{kind}', '', {self._json(data)} FROM {self._numbers}"
            )


def fill(database: Database, open_ones: int, closed: int) -> None:
    """Store the closed tickets, and the open ones behind them."""
    for part in (
        Fill(database, 1, closed, is_open=False),
        Fill(database, closed + 1, closed + open_ones, is_open=True),
    ):
        for statement in part.statements():
            with database.write() as connection, database.unhurried(connection):
                connection.exec_driver_sql(statement if database.is_sqlite else statement.replace("%", "%%"))
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('ticket', 'id'), max(id)) FROM ticket"
            )
        connection.exec_driver_sql("INSERT INTO sequence (year, last) VALUES (2026, 900000)")
    with database.write() as connection, database.unhurried(connection):
        connection.exec_driver_sql("ANALYZE")


def engineers() -> People:
    """Give those who work on the open tickets, all equally skilled: of each the open ones are counted."""
    return People.of(
        {f"e{n}": Person(name=f"E{n}", address=f"engineer{n}@desk.example") for n in range(_ENGINEERS)}
    )


def clients() -> Iterator[Client]:
    """Give the clients of the tickets, each with a project and a contract in warranty."""
    warranty = Period(NOON.date() - timedelta(days=99), NOON.date() + timedelta(days=99))
    for n in range(_CLIENTS):
        contract = Contract(
            number=f"C-{n}", warranty=warranty, spans={"all": AgreedSpans(timedelta(hours=1))}
        )
        project = Project(name=f"Tower {n}", sites=(f"Block {n}",), contracts=(contract,))
        yield Client(name=f"client{n}", domains=(f"owner{n}.example",), projects=(project,))


class Desk:
    """A desk over such a database."""

    def __init__(self, database: Database, last_ticket: int) -> None:
        store, folder = SqlStore(database), Path(tempfile.mkdtemp())
        self._desk = PlayedDesk(store, handlers_of(folder), people=engineers())
        with store.write() as tx:
            tx.clients.put(clients())
        self._database = database
        self._last = last_ticket
        self._number = 0

    def decide(self) -> None:
        """Decide a message: classify, judge, choose, promise, file."""
        self._number += 1
        name = f"{self._number}@owner{self._number}.example"
        self._desk.decide(
            a_message(
                f"The camera at gate {self._number} is dark, the line is cut. Please send somebody.",
                message_id=f"<{name}>",
                sender=Address(f"client{name}"),
            )
        )

    def list(self) -> None:
        """List open tickets, as `faultdesk tickets` does."""
        with self._database.read() as connection:
            listings.tickets(connection, listings.Wanted(), 200)

    def nearest(self) -> None:
        """List the most urgent, as `faultdesk board` does."""
        with self._database.read() as connection:
            listings.tickets(connection, listings.Wanted(by_deadline=True), 200)

    def check(self) -> None:
        """Look at the clocks of a ticket whose timer has come due."""
        self._number += 1
        self._desk.clock.time = NOON + timedelta(hours=1)
        desk = JobDesk(self._desk.store, self._desk.identity, self._desk.clock)
        self._desk.host.job_functions["sla.check"](Job("sla.check", self._last - self._number), desk)
        with self._desk.store.write() as tx:
            desk.write_down(tx, self._desk.changes, "sla")

    def similar(self) -> None:
        """Look for like faults, as a work order does."""
        about = Classification(kind=Kind.FAULT, fault_class=FaultClass.LINE, system="cctv")
        with self._desk.store.read() as tx:
            ticket = tx.tickets.get(self._last)
            tx.tickets.similar(msgspec.structs.replace(ticket, classification=about))


class Stopwatch:
    """Counts the time that statements take, apart from ours."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0
        sa.event.listen(sa.Engine, "before_cursor_execute", self._begin)
        sa.event.listen(sa.Engine, "after_cursor_execute", self._end)

    def _begin(self, *_: object) -> None:
        self._since = time.perf_counter()

    def _end(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._since


def medians_of(work: Callable[[], None], stopwatch: Stopwatch) -> tuple[float, float]:
    """Time a piece of work, and what of it is the database's; milliseconds."""
    work()
    spans, statements = [], []
    for _ in range(_ROUNDS):
        started, before = time.perf_counter(), stopwatch.seconds
        work()
        spans.append((time.perf_counter() - started) * 1000)
        statements.append((stopwatch.seconds - before) * 1000)
    return statistics.median(spans), statistics.median(statements)


def measure(name: str, database: Database, open_ones: int, closed: int) -> None:
    """Fill, measure, tell."""
    migrate(database)
    started = time.perf_counter()
    fill(database, open_ones, closed)
    print(
        f"{name}: {closed} closed and {open_ones} open tickets in {time.perf_counter() - started:.0f} s",
        flush=True,
    )
    desk = Desk(database, closed + open_ones)
    stopwatch = Stopwatch()
    for what in ("decide", "list", "nearest", "check", "similar"):
        whole, statements = medians_of(getattr(desk, what), stopwatch)
        print(
            f"{name}  {what:<8} {statements:6.2f} ms in the database (target {_TARGET:.0f}), {whole:.2f} ms in all",
            flush=True,
        )


def main() -> None:
    """Measure on each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--closed", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with ExitStack() as stack:
        if options.database != "postgresql":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            measure("sqlite", Database(f"sqlite:///{folder}/desk.db"), options.open, options.closed)
        if options.database != "sqlite":
            server = stack.enter_context(postgresql())
            measure("postgresql", Database(server.url()), options.open, options.closed)


if __name__ == "__main__":
    main()
