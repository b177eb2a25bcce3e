"""The machine's clock is set while the daemon runs: each timer fires once, and nothing is told that is not so."""

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.played import RealDesk, read_mail
from servers.dovecot import MailAccount
from servers.faketime import SetMachine
from servers.process import wait_until
from servers.smtp import SmtpSink

ALARM = """
[alarm]
after = "PT10M"
command = ["sh", "-c", "head -1 >> {told}"]
"""
NOTICE = (
    "From: li@owner.example\r\nTo: service@yuanheng-elv.example\r\nSubject: all cameras are dark\r\n"
    "Message-ID: <{name}@owner.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "Please send an engineer. {name}\r\n"
)


@pytest.fixture
def desk(
    tmp_path: Path, set_machine: SetMachine, account: MailAccount, smtp_sink: SmtpSink
) -> Iterator[RealDesk]:
    alarm = ALARM.format(told=tmp_path / "told")
    made = RealDesk(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db", more=alarm)
    made.under = set_machine.under
    made.command("migrate")
    yield made
    made.close()


def deliver(desk: RealDesk, name: str) -> None:
    desk.account.deliver(NOTICE.format(name=name).encode())


def events(desk: RealDesk, *kinds: str) -> list[tuple[int, str]]:
    """Give the tickets and data of these events, in order."""
    with contextlib.closing(sqlite3.connect(desk.folder / "faultdesk.db")) as connection:
        marks = ", ".join("?" * len(kinds))
        return connection.execute(
            f"SELECT ticket_id, data FROM event WHERE kind IN ({marks}) ORDER BY id",  # noqa: S608 - of marks only
            kinds,
        ).fetchall()


def steps_told(desk: RealDesk) -> list[tuple[int, str, float]]:
    """Give the steps of the tickets' clocks that were told, in order."""
    rows = events(desk, "warned", "escalated")
    told = [(ticket_id, json.loads(data)) for ticket_id, data in rows]
    return [(ticket_id, data["clock"], data["step"]) for ticket_id, data in told]


def wait_for_steps(desk: RealDesk, *steps: tuple[int, str, float]) -> None:
    wait_until(lambda: len(steps_told(desk)) >= len(steps), f"{len(steps)} steps are told")
    assert sorted(steps_told(desk)) == sorted(steps)


def nothing_was_told_twice_or_in_vain(desk: RealDesk) -> None:
    """Look at every mail that went out, and at what the operator's command was told."""
    desk.wait_for_end(len(desk.inbox()))
    assert desk.stop() == 0
    mails = Counter(read_mail(mail)["Message-ID"] for mail in desk.sink.messages)
    # An acknowledgement and a work order each; and the desk is told where nobody has answered the order.
    expected = 2 * len(desk.tickets()) + len(steps_told(desk)) + len(events(desk, "unassigned"))
    assert mails.total() == len(mails) == expected
    assert not (desk.folder / "told").exists()


def test_an_hour_forward_and_back_and_forward_fires_each_timer_once(
    desk: RealDesk, set_machine: SetMachine
) -> None:
    desk.start()
    deliver(desk, "a")
    desk.sink.wait_for(2)

    set_machine.set("+61m")
    wait_for_steps(desk, (1, "response", 0.5))
    set_machine.set("-61m")
    desk.wait_for_log('"by_seconds":-7')
    set_machine.set("+91m")

    wait_for_steps(desk, (1, "response", 0.5), (1, "response", 0.75))
    nothing_was_told_twice_or_in_vain(desk)


def test_a_leap_of_a_year_and_back_fires_what_came_due_once_and_hinders_nothing_after(
    desk: RealDesk, set_machine: SetMachine
) -> None:
    desk.start()
    deliver(desk, "a")
    desk.sink.wait_for(2)

    set_machine.set("+1y")
    of_that_year = [(1, "response", 1.5), (1, "on_site", 1.5)]
    wait_for_steps(desk, *of_that_year)
    set_machine.set("+0")
    desk.wait_for_log('"by_seconds":-31')
    deliver(desk, "b")
    desk.sink.wait_for(6)
    set_machine.set("+61m")

    wait_for_steps(desk, *of_that_year, (2, "response", 0.5))
    nothing_was_told_twice_or_in_vain(desk)
