import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.listings import inbox_row
from faultdesk.adapters.sql.membership import succeed
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Rejection
from faultdesk.domain.message import InboundMessage
from faultdesk.handlers import Handler, hookimpl
from faultdesk.pipeline.triage import ENDS, Triage
from faultdesk.reading import Readers, ReadingLimits
from pipeline.desk import PlayedDesk
from servers.postgresql import PostgreSQL


class Killed(BaseException):
    """What no handler of exceptions survives, as no process survives SIGKILL."""


class DeadlyHandler(Handler, frozen=True, kw_only=True):
    """Ends the daemon over one subject."""

    subject: str = "poison"

    @hookimpl
    def screen_message(self, message: InboundMessage) -> Rejection | None:
        if message.subject == self.subject:
            raise Killed
        return None


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    opened = Readers(ReadingLimits(processes=1, memory_octets=512 << 20, seconds=20, open_files=64))
    yield opened
    opened.close()


class Process:
    """A daemon that may be killed and started again."""

    def __init__(self, store: SqlStore, readers: Readers, handler: Handler | None = None) -> None:
        self.desk = PlayedDesk(store, {"deadly": handler or DeadlyHandler()})
        self._readers = readers
        self.start()

    def start(self) -> None:
        succeed(self.desk.store, ["service"])
        self._triage = Triage(self.desk.store, self._readers, self.desk.clerk, self.desk.ledger)

    def receive(self, subject: str) -> int:
        self.desk.clock.advance(timedelta(seconds=1))
        content = (
            f"From: li@owner.example\r\nMessage-ID: <{subject}@owner.example>\r\nSubject: {subject}\r\n\r\n"
        )
        return self.desk.receive(content.encode() + subject.encode())

    def begin_and_end(self) -> None:
        """Take all that waits in hand, and go no further."""
        with self.desk.store.write() as tx:
            tx.inbox.claim(10, 10**6)
        self.start()

    def run(self) -> None:
        while self._triage.triage_next():
            pass

    def state(self, inbox_id: int) -> tuple[str, int, str | None]:
        with self.desk.store.database.read() as connection:
            row = inbox_row(connection, inbox_id)
        return row["state"], row["strikes"], row["error"]


def test_a_message_that_ends_the_daemon_each_time_is_set_aside_and_the_rest_flows(
    store: SqlStore, readers: Readers
) -> None:
    process = Process(store, readers)
    numbers = [process.receive(subject) for subject in ("before", "poison", "behind")]
    for _ in range(ENDS):
        assert process.state(numbers[1])[0] == "received"
        with pytest.raises(Killed):
            process.run()
        process.start()

    process.run()

    assert [process.state(number)[0] for number in numbers] == ["done", "failed", "done"]
    process.desk.perform()
    assert [b"was set aside" in content for _, _, content in process.desk.mailer.sent] == [True]


def test_what_merely_waited_when_the_daemon_ended_bears_no_strike(store: SqlStore, readers: Readers) -> None:
    process = Process(store, readers)
    numbers = [process.receive(subject) for subject in ("one", "two", "three")]
    process.begin_and_end()

    process.run()

    assert [process.state(number) for number in numbers] == [("done", 0, None)] * 3


def test_a_handler_s_failure_counts_once_for_what_the_last_process_left(
    store: SqlStore, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(store, readers)
    number = process.receive("one")
    process.begin_and_end()

    def fail(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(process.desk.clerk, "decide", fail)
    process.run()

    assert process.state(number)[:2] == ("failed", 3)


class SlowHandler(Handler, frozen=True, kw_only=True):
    """Thinks longer about one subject than the database keeps a transaction open in which nothing happens."""

    @hookimpl
    def screen_message(self, message: InboundMessage) -> Rejection | None:
        if message.subject == "slow":
            time.sleep(0.6)
        return None


def test_a_message_over_which_a_handler_is_too_slow_is_set_aside_and_the_rest_flows(
    postgresql: PostgreSQL, readers: Readers
) -> None:
    impatient = quote("-c idle_in_transaction_session_timeout=200ms")
    database = Database(f"{postgresql.url()}?options={impatient}")
    migrate(database)
    process = Process(SqlStore(database), readers, SlowHandler())
    numbers = [process.receive(subject) for subject in ("before", "slow", "behind")]

    process.run()

    assert [process.state(number)[:2] for number in numbers] == [("done", 0), ("failed", 3), ("done", 0)]
    database.close()


def test_message_whose_documents_kill_the_reader_is_read_without_a_look_into_them(store: SqlStore) -> None:
    child = (sys.executable, "-P", str(Path(__file__).parents[1] / "reading" / "misbehaving_child.py"))
    misbehaving = Readers(ReadingLimits(processes=1), child)
    process = Process(store, misbehaving)
    number = process.receive("bomb")

    process.run()
    misbehaving.close()

    assert process.state(number)[:2] == ("done", 1)
    with store.read() as tx:
        problems = [event.data for event in tx.tickets.events(1) if event.kind == "message_damaged"]
    assert "the attachments were not looked into, for an earlier attempt at the message failed" in str(
        problems
    )
