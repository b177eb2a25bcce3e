"""A backup taken under load, restored elsewhere, and the mailbox drained once more."""

import contextlib
import sqlite3
import subprocess
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from imapclient import IMAPClient

from end_to_end.played import RealDesk
from servers.postgresql import PostgreSQL, find_program
from servers.process import wait_until

_BETWEEN_MAILS = 0.15
"""Seconds."""


def notice(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"] = f"client{number}@owner{number}.example"
    mail["To"] = "service@yuanheng-elv.example"
    mail["Subject"] = f"camera {number} is dark"
    mail["Message-ID"] = f"<{number}@owner.example>"
    mail.set_content(f"Camera {number} shows no picture. Please send somebody.\n")
    return mail.as_bytes()


class Arriving:
    """Mail that goes on arriving, until a while after the block."""

    def __init__(self, desk: RealDesk) -> None:
        self._desk = desk
        self._enough = threading.Event()
        self._delivering = threading.Thread(target=self._deliver)
        self.mails = 0

    def _deliver(self) -> None:
        # One connection, and time to breathe: on a busy machine a login for each mail leaves the desk no processor.
        with self._desk.account.imap() as client:
            while not self._enough.wait(_BETWEEN_MAILS):
                self._one(client)
            for _ in range(10):
                self._one(client)

    def _one(self, client: IMAPClient) -> None:
        self.mails += 1
        client.append("INBOX", notice(self.mails))

    def __enter__(self) -> Self:
        self._delivering.start()
        try:
            wait_until(lambda: len(self._desk.inbox()) >= 5, "the desk works", 120)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._delivering.join()


def restored(desk: RealDesk, folder: Path, database_url: str) -> RealDesk:
    """Set another desk up for the same mailbox, with a signing key of its own."""
    folder.mkdir()
    other = RealDesk(folder, desk.account, desk.sink, database_url)
    (folder / "signing.key").write_text("another key")
    return other


def finish(desk: RealDesk, mails: int) -> None:
    """Let all be done, as the lost desk did before it was lost."""
    desk.wait_for_end(mails)
    assert desk.stop() == 0


def assert_nothing_is_lost(desk: RealDesk, mails: int) -> None:
    """Audit what was restored, drain it, and find every mail on one ticket."""
    assert 0 < len(desk.inbox()) < mails
    assert "nothing is missing" in desk.command("audit", "--offline")

    desk.command("run", "--drain")

    assert {row["state"] for row in desk.inbox()} == {"done"}
    subjects = sorted(ticket["subject"] for ticket in desk.tickets())
    assert subjects == sorted(f"camera {number} is dark" for number in range(1, mails + 1))
    assert "nothing is missing" in desk.command("audit")


def test_a_backup_of_sqlite_under_load_loses_nothing(desk: RealDesk, tmp_path: Path) -> None:
    desk.start()
    with Arriving(desk) as arriving:
        desk.command("backup", str(tmp_path / "backup.db"))
    finish(desk, arriving.mails)
    with contextlib.closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    other = restored(desk, tmp_path / "restored", f"sqlite:///{tmp_path / 'backup.db'}")

    assert_nothing_is_lost(other, arriving.mails)


def test_a_dump_of_postgresql_under_load_loses_nothing(
    tmp_path: Path, postgresql: PostgreSQL, desk: RealDesk
) -> None:
    source, target = postgresql.url(), postgresql.url()
    desk.config.write_text(desk.config.read_text().replace("sqlite:///faultdesk.db", source))
    desk.command("migrate")
    desk.start()
    with Arriving(desk) as arriving:
        assert "pg_dump --format=custom" in desk.command("backup", str(tmp_path / "backup"), expect=1)
        run("pg_dump", "--format=custom", f"--file={tmp_path / 'backup'}", plain(source))
    finish(desk, arriving.mails)

    run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={plain(target)}", tmp_path / "backup")

    assert_nothing_is_lost(restored(desk, tmp_path / "restored", target), arriving.mails)


def plain(url: str) -> str:
    return sa.make_url(url).set(drivername="postgresql").render_as_string()


def run(program: str, *arguments: object) -> None:
    ran = subprocess.run(
        [find_program(program), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
