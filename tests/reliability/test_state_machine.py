"""Random walks of deliveries, kills, faults, clock steps and operators, against a simple model."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from faultdesk.adapters.sql import listings, mending
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.membership import succeed
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.domain.promise import since_begun
from faultdesk.domain.ticket import Event
from faultdesk.errors import (
    MailboxUnavailableError,
    MailDeferredError,
    MailerUnavailableError,
    MailRefusedError,
)
from faultdesk.pipeline import outages
from faultdesk.pipeline.collect import collect
from faultdesk.pipeline.triage import Triage
from faultdesk.reading import Readers
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_classify import ClassifyHandler
from faultdesk_dispatch import DispatchHandler
from faultdesk_report import ReportHandler
from faultdesk_sla import SlaHandler
from faultdesk_sla.levels import Level
from pipeline.desk import KeepingMailer, PlayedDesk, SetClock
from reliability.machine import HereReaders, Killed, MemoryMailbox, MortalStore

WALKS = int(os.environ.get("FAULTDESK_WALKS", "500"))
HANDLERS = {
    "classify": ClassifyHandler(),
    "sla": SlaHandler(
        levels=tuple(
            Level(at=at, to=(to,))
            for at, to in ((0.5, "duty@desk.example"), (1.0, "lead@desk.example"), (1.5, "lead@desk.example"))
        )
    ),
    "acknowledge": AcknowledgeHandler(),
    "dispatch": DispatchHandler(duty="duty@desk.example"),
    "report": ReportHandler(),
}
LAST_STEP = 1.5
SERVER_MOODS: tuple[Exception | None, ...] = (
    None,
    MailerUnavailableError("connect: refused"),
    MailDeferredError("450 later"),
    MailRefusedError("550 never"),
)


@cache
def migrated() -> Path:
    """An empty desk's database, to copy."""
    path = Path(tempfile.mkdtemp()) / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


class DeskMachine(RuleBasedStateMachine):
    """Everything that may happen to a desk, in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(migrated(), self.folder / "desk.db")
        self.store = MortalStore(Database(f"sqlite:///{self.folder / 'desk.db'}"))
        self.mailbox = MemoryMailbox()
        self.clock = SetClock()
        self.mailer = KeepingMailer()
        self.kills = 0
        self.delivered: dict[str, str | None] = {}
        """Message-ID to that of the fault it speaks of; None: a fault itself."""
        self.automatic: set[str] = set()
        self.expunged: set[str] = set()
        self.resolved: set[int] = set()
        self.start()

    def start(self) -> None:
        """Start a process: nothing of the last one is left but the database."""
        self.store.doom = 0
        self.desk = PlayedDesk(self.store, HANDLERS, clock=self.clock, mailer=self.mailer)
        succeed(self.store, ["service"])
        self.triage = Triage(self.store, cast("Readers", HereReaders()), self.desk.clerk, self.desk.ledger)
        with self.store.read() as tx:
            for job_id, _ in tx.jobs.sent():
                self.desk.engine.given.put(job_id)

    def live(self, act: Callable[[], object]) -> None:
        """Do something that may be the process's last."""
        try:
            act()
        except Killed:
            self.kills += 1
            self.start()
        except MailboxUnavailableError:
            pass

    # What clients do

    @rule()
    def fault(self) -> None:
        number = len(self.delivered)
        self.deliver(number, number, None)

    @precondition(lambda self: any(opener is None for opener in self.delivered.values()))
    @rule(data=st.data())
    def word_more(self, data: st.DataObject) -> None:
        openers = [
            key for key, opener in self.delivered.items() if opener is None and key not in self.automatic
        ]
        opener = data.draw(st.sampled_from(openers)) if openers else None
        if opener is not None:
            self.deliver(len(self.delivered), list(self.delivered).index(opener), opener)

    @rule()
    def out_of_office(self) -> None:
        number = len(self.delivered)
        self.automatic.add(self.deliver(number, number, None, "Auto-Submitted: auto-replied"))

    def deliver(self, number: int, client: int, opener: str | None, *headers: str) -> str:
        key = f"<{number}@owner{client}.example>"
        head = [
            f"From: client@owner{client}.example",
            "To: service@faultdesk.example",
            f"Message-ID: {key}",
            f"Subject: camera {client} is dark",
            *([f"In-Reply-To: {opener}"] if opener else []),
            *headers,
        ]
        text = f"Camera {number} shows no picture. Please send somebody."
        self.delivered[key] = opener
        self.mailbox.deliver(("\r\n".join(head) + f"\r\n\r\n{text}\r\n").encode(), self.clock.now())
        return key

    # What the world does

    @precondition(lambda self: self.mailbox.messages)
    @rule(data=st.data())
    def expunge(self, data: st.DataObject) -> None:
        uid = data.draw(st.sampled_from(sorted(self.mailbox.messages)))
        content, _ = self.mailbox.messages.pop(uid)
        self.expunged.add(message_id(content))

    @rule()
    def new_uidvalidity(self) -> None:
        self.mailbox.renumber()

    @rule(batches=st.sampled_from([None, 0, 1, 2]))
    def imap_server(self, batches: int | None) -> None:
        self.mailbox.batches_left = batches

    @rule(mood=st.sampled_from(SERVER_MOODS))
    def smtp_server(self, mood: Exception | None) -> None:
        self.mailer.error = mood

    @rule(minutes=st.sampled_from([1, 20, 70, -60, 60 * 24, 60 * 24 * 366, -60 * 24 * 366]))
    def time_passes_or_steps(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule(commits=st.integers(1, 6), after=st.booleans())
    def doom(self, commits: int, after: bool) -> None:  # noqa: FBT001 - hypothesis calls it
        self.store.doom, self.store.after = commits, after

    # What the daemon and its people do

    @rule()
    def collect(self) -> None:
        self.live(lambda: collect(self.mailbox, self.store, self.clock, lambda: None))

    @rule()
    def triage_some(self) -> None:
        self.live(self.triage.triage_next)

    @rule()
    def perform(self) -> None:
        self.live(self.desk.perform)

    @rule()
    def kill(self) -> None:
        self.kills += 1
        self.start()

    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        open_ = [number for number in self.ticket_ids() if number not in self.resolved]
        if open_:
            number = data.draw(st.sampled_from(open_))
            self.store.doom = 0
            with self.store.write() as tx:
                times = {
                    "recovered_at": self.clock.now().isoformat(),
                    "completed_at": self.clock.now().isoformat(),
                }
                resolution = {"cause": "c", "method": "m", "number": 1, **times}
                self.desk.changes.change(tx, number, Event("resolved", resolution, actor="operator"))
            self.resolved.add(number)

    @rule()
    def retry_parked(self) -> None:
        with self.store.database.write() as connection:
            mending.retry_parked(connection, self.clock.now())

    # What must be true

    @invariant()
    def nothing_is_stored_twice(self) -> None:
        with self.store.database.read() as connection:
            contents = [bytes(row[0]) for row in connection.exec_driver_sql("SELECT content FROM octets")]
        assert len(contents) == len(set(contents))

    @invariant()
    def a_mail_sent_again_is_the_same_mail_and_costs_a_kill(self) -> None:
        contents: dict[str, set[bytes]] = {}
        for _, _, content in self.mailer.sent:
            contents.setdefault(message_id(content), set()).add(content)
        assert all(len(same) == 1 for same in contents.values())
        assert len(self.mailer.sent) - len(contents) <= self.kills

    def teardown(self) -> None:
        """The storm is over: everything comes to rest, and all is there, once."""
        if not hasattr(self, "store"):
            return
        try:
            self.calm_down()
            self.compare()
        finally:
            self.store.database.close()
            shutil.rmtree(self.folder)

    def calm_down(self) -> None:
        self.store.doom = 0
        self.mailbox.batches_left = None
        self.mailer.error = None
        collect(self.mailbox, self.store, self.clock, lambda: None)
        while self.triage.triage_next():
            pass
        latest = max((at for at in self.moments()), default=self.clock.now())
        self.clock.time = max(self.clock.time, latest) + timedelta(hours=2)
        for _ in range(60):
            self.retry_parked()
            self.desk.perform()
            self.clock.advance(timedelta(hours=4))

    def moments(self) -> Iterator[Any]:
        with self.store.database.read() as connection:
            for row in listings.job_rows(connection, None, 10**6):
                yield row["run_at"]
            for ticket in listings.tickets(connection, listings.Wanted(with_ended=True), 10**6):
                yield ticket["noticed_at"]

    def ticket_ids(self) -> list[int]:
        with self.store.database.read() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT id FROM ticket ORDER BY id")]

    def compare(self) -> None:
        collected = self.collected()
        assert set(self.delivered) - collected.keys() <= self.expunged
        assert {state for state, _ in collected.values()} <= {"done", "ignored"}
        spoken_of = [self.delivered[key] or key for key in collected if key not in self.automatic]
        openers = {key for key in spoken_of if key in collected}
        alone = [
            key
            for key in collected
            if key not in self.automatic and (self.delivered[key] or key) not in collected
        ]
        assert len(self.ticket_ids()) == len(openers) + len(alone)
        self.compare_answers(openers | set(alone))
        self.compare_clocks()

    def collected(self) -> dict[str, tuple[str, int | None]]:
        with self.store.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT content, state, ticket_id FROM inbox JOIN octets ON inbox_id = inbox.id"
            ).all()
        return {message_id(bytes(row.content)): (row.state, row.ticket_id) for row in rows}

    def compare_answers(self, opened_by: set[str]) -> None:
        answers = Counter(
            header(content, b"In-Reply-To")
            for content in {content for _, _, content in self.mailer.sent}
            if header(content, b"Auto-Submitted") == "auto-replied"
        )
        assert {key: answers[key] for key in opened_by} == dict.fromkeys(opened_by, 1)
        assert not answers.keys() & self.automatic

    def compare_clocks(self) -> None:
        """Every broken deadline was escalated to the last step, once; nothing waits for ever."""
        for number in self.ticket_ids():
            with self.store.read() as tx:
                log = tx.tickets.events(number)
                deadlines = tx.tickets.get(number).deadlines
            told = Counter(
                deadline.name
                for deadline in deadlines
                for event in since_begun(deadline.name, log)
                if event.kind == "escalated"
                and (event.data["clock"], event.data["step"]) == (deadline.name, LAST_STEP)
            )
            unmet = {deadline.name for deadline in deadlines if deadline.met_at is None}
            assert all(told[name] == 1 for name in unmet), (number, told, unmet)
            assert all(count == 1 for count in told.values())
        with self.store.database.read() as connection:
            assert listings.job_rows(connection, None, 10) == []


def message_id(content: bytes) -> str:
    return header(content, b"Message-ID")


def header(content: bytes, name: bytes) -> str:
    return content.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0].decode().strip()


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outages are remembered by a clock of their own, which no test can move."""
    monkeypatch.setattr(outages, "SHUT_SECONDS", 0.0)


def test_any_walk_ends_with_everything_there_once() -> None:
    run_state_machine_as_test(
        DeskMachine,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=25,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
