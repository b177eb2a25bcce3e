"""Nonsense never stops the desk: it ends somewhere visible, and the next message is handled."""

import socket
import sqlite3
from email.message import EmailMessage

import pytest

from end_to_end.played import RealDesk

GOOD = EmailMessage()
GOOD["From"] = "liming@owner.example"
GOOD["To"] = "service@yuanheng-elv.example"
GOOD["Subject"] = "camera 4 is dark"
GOOD["Message-ID"] = "<good@owner.example>"
GOOD.set_content("Please send somebody.\n")

NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (level, level)
    for level in range(10_000)
)
HEAD = b"From: x@owner.example\r\nMessage-ID: <odd@owner.example>\r\n"

NONSENSE = {
    "random octets": bytes(range(256)) * 64,
    "only a line end": b"\r\n",
    "10,000 nested parts": HEAD + NESTED,
    "100,000 headers": HEAD + b"X-A: b\r\n" * 100_000 + b"\r\nhello\r\n",
    "bare carriage returns": HEAD + b"Subject: a\rb\nc\r\r\n\r\nx\ry\nz",
    "a date in 1900": HEAD + b"Date: Mon, 1 Jan 1900 00:00:00 +0000\r\n\r\nhello",
    "a date in 2999": HEAD
    + b"Date: Mon, 1 Jan 2999 00:00:00 +0000\r\nReceived: x; Mon, 1 Jan 2999 00:00:00 +0000\r\n\r\nhello",
    "an address with a line end": b"From: =?utf-8?q?a=0d=0aBcc:_all@owner.example?= <x@owner.example>\r\n\r\nhello",
    "no sender": b"Subject: nobody\r\n\r\nhello",
    "a header of one megabyte": HEAD + b"Subject: " + b"a" * 1_000_000 + b"\r\n\r\nhello",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_ends_in_a_visible_state_and_the_next_message_is_handled(desk: RealDesk, what: str) -> None:
    desk.account.deliver(NONSENSE[what], GOOD.as_bytes())

    desk.command("run", "--drain")

    states = [row["state"] for row in desk.inbox()]
    assert len(states) == 2
    assert set(states) <= {"done", "ignored", "failed"}
    assert "camera 4 is dark" in [ticket["subject"] for ticket in desk.tickets()]
    assert desk.listing("jobs", "list", "--state", "parked") == []


def test_nul_octets_do_no_harm(desk: RealDesk) -> None:
    # Dovecot takes no NUL in APPEND; a Maildir does.
    path = desk.account.maildir / "new" / "1.nul.host"
    desk.account.deliver(GOOD.as_bytes())
    path.write_bytes(HEAD + b"Subject: a\0b\r\n\r\nhello\0world\r\n")
    path.chmod(0o666)

    desk.command("run", "--drain")

    assert len(desk.tickets()) == 2


def test_a_second_run_does_nothing(desk: RealDesk) -> None:
    desk.account.deliver(GOOD.as_bytes())
    desk.command("run", "--drain")
    before = (desk.inbox(), desk.tickets(), len(desk.sink.messages))

    desk.command("run", "--drain")

    assert (desk.inbox(), desk.tickets(), len(desk.sink.messages)) == before


def test_a_mailbox_that_is_away_does_not_stop_another(desk: RealDesk) -> None:
    drop = desk.folder / "drop"
    for part in ("tmp", "new", "cur"):
        (drop / part).mkdir(parents=True)
    (drop / "new" / "1.x.y").write_bytes(GOOD.as_bytes())
    away = desk.config.read_text().replace(f"port = {desk.account.server.port}", "port = 1")
    desk.config.write_text(away + '[mailboxes.drop]\ntype = "maildir"\npath = "drop"\n')

    said = desk.command("run", "--drain", expect=75)

    assert "not reached: service; the rest is done" in said
    assert len(desk.tickets()) == 1
    status = {row["name"]: row for row in desk.listing("status") if row["what"] == "mailbox"}
    assert "service" in status
    assert status["drop"]["detail"] == "reached"


def test_a_locked_database_is_waited_for(desk: RealDesk) -> None:
    desk.account.deliver(GOOD.as_bytes())
    lock = sqlite3.connect(desk.folder / "faultdesk.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    desk.start()

    lock.execute("ROLLBACK")
    lock.close()

    desk.sink.wait_for(2)
    assert len(desk.tickets()) == 1


def test_a_mail_server_that_falls_silent_does_not_keep_the_daemon_from_stopping(desk: RealDesk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silenced = desk.config.read_text().replace(
            f"port = {desk.sink.port}", f'port = {port}\ntimeout = "PT10M"'
        )
        desk.config.write_text(silenced)
        desk.account.deliver(GOOD.as_bytes())
        desk.start()
        connection, _ = silent.accept()
        with connection:
            code = desk.stop()

    assert code == 0
    assert desk.listing("jobs", "list")[0]["state"] in {"due", "sent"}


def test_a_mailbox_that_falls_silent_does_not_keep_the_daemon_from_stopping(desk: RealDesk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        imap = f"port = {desk.account.server.port}"
        desk.config.write_text(desk.config.read_text().replace(imap, f'port = {port}\ntimeout = "PT10M"'))
        desk.start()
        connection, _ = silent.accept()
        with connection:
            code = desk.stop()

    assert code == 0
    assert "loop.left_behind" in desk.log.read_text()
