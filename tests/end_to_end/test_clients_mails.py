"""Labelled mails of clients, all the way through, and the same with the daemon killed in the middle.

FAULTDESK_MAILS names another folder of NNN.eml with NNN.json.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from end_to_end.played import RealDesk, acknowledgements
from faultdesk.reading import read_message
from servers.process import wait_until

MAILS = Path(os.environ.get("FAULTDESK_MAILS", Path(__file__).parents[1] / "data/mails"))
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))
LABELS = {name: json.loads((MAILS / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}
IDS = {name: read_message((MAILS / f"{name}.eml").read_bytes()).message_id for name in NAMES}


def deliver(desk: RealDesk, names: Iterable[str] = NAMES) -> None:
    desk.account.deliver(*((MAILS / f"{name}.eml").read_bytes() for name in names))


def thread_label(name: str, key: str) -> Any:  # noqa: ANN401 - a label of any type
    label = LABELS[name]
    return label.get(key, label.get("meta", {}).get(key))


def acknowledged(desk: RealDesk) -> set[str]:
    """Name the mails that an acknowledgement answers."""
    answered = {str(mail["In-Reply-To"]).strip() for mail in acknowledgements(desk.sink)}
    return {name for name in NAMES if IDS[name] in answered}


def tickets_by_mail(desk: RealDesk, delivered: Sequence[str]) -> dict[str, str | None]:
    """Tell into which ticket each mail went."""
    rows = sorted(desk.inbox(), key=lambda row: int(row["uid"]))
    return {name: row["ticket"] for name, row in zip(delivered, rows, strict=True)}


def give_references(desk: RealDesk, delivered: Sequence[str]) -> None:
    """Let tickets bear the references that the mails of their threads were written with."""
    with sqlite3.connect(desk.folder / "faultdesk.db") as database:
        # Our own numbers out of the way first, those to come too.
        database.execute("UPDATE sequence SET last = 900000")
        database.execute("UPDATE ticket SET reference = replace(reference, 'FD-2026', 'FD-2025')")
        database.commit()
        went = tickets_by_mail(desk, delivered)
        for name in NAMES:
            token, opened = thread_label(name, "token"), went.get(opener(name))
            if token and opened and name not in went:
                database.execute("UPDATE ticket SET reference = ? WHERE reference = ?", (token, opened))
    database.close()


def opener(name: str) -> str:
    """Follow a thread back to the mail that began it."""
    earlier = thread_label(name, "reply_to_id")
    return opener(earlier) if earlier else name


@pytest.fixture
def finished(desk: RealDesk) -> RealDesk:
    deliver(desk)
    desk.command("run", "--drain")
    return desk


def test_every_mail_ends_in_one_state_and_is_answered_as_a_person_would_expect(finished: RealDesk) -> None:
    states = [row["state"] for row in finished.inbox()]
    answered = acknowledged(finished)
    wrong = [name for name in NAMES if (name in answered) != LABELS[name]["expect_ack"]]

    assert len(states) == len(NAMES)
    assert set(states) <= {"done", "ignored"}
    assert len(wrong) <= 0.05 * len(NAMES), wrong
    assert not [name for name in answered if read_message((MAILS / f"{name}.eml").read_bytes()).automatic]
    assert not [name for name in NAMES if LABELS[name]["expect_ack"] and name not in answered]


def test_follow_ups_join_their_threads_and_strangers_do_not(desk: RealDesk) -> None:
    later = [name for name in NAMES if thread_label(name, "reply_to_id") or LABELS[name]["hijack"]]
    first = [name for name in NAMES if name not in later]
    deliver(desk, first)
    desk.command("run", "--drain")
    give_references(desk, first)

    deliver(desk, later)
    desk.command("run", "--drain")

    went = tickets_by_mail(desk, [*first, *later])
    for name in later:
        if LABELS[name]["hijack"]:
            assert [other for other in NAMES if went[other] == went[name]] == [name]
        else:
            assert went[name] == went[thread_label(name, "reply_to_id")], name


def test_a_second_run_does_nothing(finished: RealDesk) -> None:
    before = (finished.inbox(), finished.tickets(), len(finished.sink.messages))

    finished.command("run", "--drain")

    assert (finished.inbox(), finished.tickets(), len(finished.sink.messages)) == before


def outcome(desk: RealDesk) -> dict[str, tuple[str, str | None]]:
    """Tell how each mail ended, by what does not depend on the moment."""
    subjects = {ticket["reference"]: ticket["subject"] for ticket in desk.tickets()}
    return {row["uid"]: (row["state"], subjects.get(row["ticket"])) for row in desk.inbox()}


def test_killed_five_times_in_the_middle_it_ends_as_if_nothing_had_happened(
    finished: RealDesk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    undisturbed = outcome(finished)
    sent = sorted(str(mail["Subject"]) for mail in acknowledgements(finished.sink))
    finished.sink.forget()
    killed = RealDesk(
        tmp_path_factory.mktemp("killed"),
        finished.account.server.new_account(),
        finished.sink,
        "sqlite:///faultdesk.db",
    )
    killed.command("migrate")
    try:
        deliver(killed)
        for kill in range(1, 6):
            killed.start()
            enough = len(NAMES) * kill // 7
            wait_until(lambda enough=enough: len(killed.sink.messages) >= enough, "mails go out")  # type: ignore[misc]
            killed.kill()
        killed.start()
        killed.wait_for_end(len(NAMES))
        assert killed.stop() == 0
        killed.command("run", "--drain")
        ended = outcome(killed)
        again = sorted(
            {str(mail["Message-ID"]): str(mail["Subject"]) for mail in acknowledgements(killed.sink)}.values()
        )
        by_id: dict[bytes, set[bytes]] = {}
        for mail in killed.sink.messages:
            by_id.setdefault(acknowledged_id(mail.content), set()).add(mail.content)
    finally:
        killed.close()

    assert ended == undisturbed
    assert again == sent
    assert all(len(octets) == 1 for octets in by_id.values())  # sent twice perhaps, but the same mail


def acknowledged_id(content: bytes) -> bytes:
    """Cut out a mail's Message-ID."""
    return content.partition(b"Message-ID:")[2].partition(b"\r\n")[0].strip()
