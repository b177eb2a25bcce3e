"""purge, hold and person, as an operator types them."""

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from cli.test_commands import MAIL, config, drained, rows, run

__all__ = ["config", "drained"]


@pytest.fixture
def reference(drained: Path) -> str:
    """Name a resolved ticket that is three years old, with a timer long past."""
    (ticket,) = rows(drained, "tickets")
    minute = ticket["noticed_at"][:16] + "+00:00"
    run(
        "--config", drained, "resolve", ticket["reference"],
        "--cause", "moisture", "--method", "dried", "--recovered-at", minute,
    )  # fmt: skip
    run("--config", drained, "run", "--drain")
    with closing(sqlite3.connect(drained.parent / "faultdesk.db")) as connection:
        connection.execute("UPDATE event SET at = '2023-01-01 00:00:00.000000'")
        connection.execute("DELETE FROM job")
        connection.commit()
    return str(ticket["reference"])


def test_purge_removes_what_is_old_and_says_how_much(drained: Path, reference: str) -> None:
    said = run("--config", drained, "purge", "--older-than", "P2Y", "--dry-run")
    assert said == f"would be purged: tickets 1, messages 1, octets {len(MAIL)}\n"
    assert run("--config", drained, "ticket", reference).count("east gate") > 0

    said = run("--config", drained, "purge", "--older-than", "P2Y")

    assert said.startswith("purged: tickets 1, messages 1")
    shown = run("--config", drained, "ticket", reference)
    assert "east gate" not in shown
    assert "resolved" in shown
    assert "was purged on" in run("--config", drained, "inbox", "show", 1, "--raw", expect=1)
    assert "nothing is missing" in run("--config", drained, "audit")


def test_purge_of_no_age_is_a_wrong_usage(drained: Path) -> None:
    assert "not a duration as in P2Y" in run(
        "--config", drained, "purge", "--older-than", "2 years", expect=2
    )


def test_a_hold_keeps_a_ticket_until_it_is_released(drained: Path, reference: str) -> None:
    run("--config", drained, "hold", reference, "--reason", "court order")
    assert "is on hold already" in run("--config", drained, "hold", reference, expect=1)

    assert "tickets 0" in run("--config", drained, "purge", "--older-than", "P0D")
    said = run("--config", drained, "person", "erase", "liming@owner.example", expect=1)
    assert f"left, for a hold or a mail on its way: {reference}" in said
    assert "court order" in run("--config", drained, "ticket", reference)

    run("--config", drained, "hold", reference, "--release")
    assert "is not on hold" in run("--config", drained, "hold", reference, "--release", expect=1)
    assert "tickets 1" in run("--config", drained, "purge", "--older-than", "P0D")


def test_a_persons_data_are_given_out_and_erased(drained: Path, reference: str) -> None:
    address, file = "LiMing@owner.example", drained.parent / "liming.zip"

    assert "tickets 1, mails 3" in run("--config", drained, "person", "export", address, file)
    with zipfile.ZipFile(file) as parts:
        assert b"east gate" in parts.read("received-1.eml")

    assert "would be erased: tickets 1" in run("--config", drained, "person", "erase", address, "--dry-run")
    assert "erased: tickets 1" in run("--config", drained, "person", "erase", address)
    assert "tickets 0, mails 0" in run(
        "--config", drained, "person", "export", address, file.with_name("2.zip")
    )
    assert "nothing is missing" in run("--config", drained, "audit")


def test_the_desk_itself_cannot_be_erased(drained: Path) -> None:
    said = run("--config", drained, "person", "erase", "service@faultdesk.example", expect=1)

    assert "is the desk's own address" in said
