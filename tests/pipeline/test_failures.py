from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from faultdesk.adapters.sql.listings import inbox_row
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification, Ticket
from faultdesk.errors import PermanentError
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.triage import Triage
from faultdesk.reading import Readers, ReadingLimits
from pipeline.desk import PlayedDesk

WORDS = "the safe of Mr Li is open"


class TalkativeHandler(Handler, frozen=True, kw_only=True):
    """Fails everywhere, and each time repeats what the client wrote."""

    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification | None:
        raise ValueError(message.text)

    @hookimpl
    def ticket_opened(self, ticket: Ticket) -> list[Job]:
        return [Job("talk", ticket.id, {"said": WORDS})]

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        return {"talk": self.talk}

    def talk(self, job: Job, desk: Desk) -> None:
        raise PermanentError(str(job.arguments["said"]))


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as captured:
        yield captured


def test_the_log_says_where_a_handler_failed_and_not_what_it_said(store: SqlStore, logs: list[Any]) -> None:
    desk = PlayedDesk(store, {"talkative": TalkativeHandler()})

    ticket = desk.decide(a_message(WORDS))
    desk.perform()

    failed = {entry["event"]: entry["error"] for entry in logs if entry["log_level"] == "error"}
    assert set(failed) == {"handler.failed", "job.parked"}
    assert failed["handler.failed"].startswith("ValueError ")
    assert failed["job.parked"].startswith("PermanentError ")
    assert all("pipeline/test_failures.py:" in error for error in failed.values())
    assert WORDS not in str(logs)
    assert "handler_failed" in desk.events(ticket)
    with store.database.read() as connection:
        assert (
            WORDS in connection.exec_driver_sql("SELECT error FROM job WHERE state = 'parked'").scalar_one()
        )


def test_the_log_says_where_triage_failed_and_the_ledger_everything(
    store: SqlStore, logs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = PlayedDesk(store, {})

    def break_down(*_: object) -> None:
        raise RuntimeError(WORDS)

    monkeypatch.setattr(desk.clerk, "decide", break_down)
    readers = Readers(ReadingLimits(processes=1, memory_octets=512 << 20, seconds=20, open_files=64))
    number = desk.receive(b"Subject: x\r\n\r\ny")

    Triage(store, readers, desk.clerk, desk.ledger).triage_next()
    readers.close()

    (failed,) = (entry for entry in logs if entry["event"] == "message.failed")
    assert failed["error"].startswith("RuntimeError ")
    assert WORDS not in str(logs)
    with store.database.read() as connection:
        assert WORDS in inbox_row(connection, number)["error"]
