"""A real desk in a folder: its configuration, its commands, its daemon."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from servers.dovecot import MailAccount
from servers.process import wait_until
from servers.smtp import ReceivedMail, SmtpSink

FAULTDESK = [sys.executable, "-m", "faultdesk.cli"]

HANDLERS = """
[handlers.classify]
[handlers.sla]
levels = [
  { at = 0.5, to = ["duty@yuanheng-elv.example"] },
  { at = 0.75, to = ["duty@yuanheng-elv.example"] },
  { at = 1.0, to = ["lead@yuanheng-elv.example"] },
  { at = 1.5, to = ["lead@yuanheng-elv.example"] },
]
[handlers.acknowledge]
[handlers.dispatch]
duty = "duty@yuanheng-elv.example"
[handlers.report]
"""


class RealDesk:
    """A configured desk; its daemon is a process of its own."""

    under: Sequence[str] = ()
    """What runs every command, in another world: `nsenter`, `faketime`."""

    def __init__(  # noqa: PLR0913 - each for a test of its own
        self,
        folder: Path,
        account: MailAccount,
        sink: SmtpSink,
        database_url: str,
        *,
        imap_port: int | None = None,
        smtp_port: int | None = None,
        more: str = "",
        handlers: str = HANDLERS,
    ) -> None:
        """Configure it; the ports are those of proxies before the servers, `more` is more of the file."""
        self.folder = folder
        self.account = account
        self.sink = sink
        (folder / "imap.password").write_text(account.password)
        (folder / "signing.key").write_text("a key of the tests")
        self.config = folder / "faultdesk.toml"
        self.config.write_text(
            f"""
            [desk]
            name = "远恒智能客服中心"
            address = "service@yuanheng-elv.example"
            signing_key = {{ file = "signing.key" }}
            alerts = ["ops@yuanheng-elv.example"]
            free_mail_domains = ["freemail.example", "qqmail.example", "139mail.example"]
            [database]
            url = "{database_url}"
            [mailboxes.service]
            type = "imap"
            host = "{account.server.host}"
            port = {imap_port or account.server.port}
            security = "plain"
            user = "{account.user}"
            password = {{ file = "imap.password" }}
            poll = "PT2S"
            batch_messages = 10
            [mailer]
            type = "smtp"
            host = "{sink.host}"
            port = {smtp_port or sink.port}
            security = "plain"
            {handlers}
            {more}
            """
        )
        self.environment: Mapping[str, str] = {}
        """Beside ours."""
        self.log = folder / "daemon.log"
        self.daemon: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, expect: int = 0, seconds: float = 240) -> str:
        """Run a faultdesk command to its end, which comes within `seconds`; return what it printed."""
        ran = subprocess.run(
            [*self.under, *FAULTDESK, "--config", self.config, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env={**os.environ, **self.environment},
        )
        assert ran.returncode == expect, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr if expect else ran.stdout

    def listing(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a listing command; return its objects."""
        rows: list[dict[str, Any]] = json.loads(self.command(*arguments, "--json"))
        return rows

    def start(self) -> None:
        """Start the daemon and return once it said that it is ready."""
        with self.log.open("ab") as log:
            before = log.tell()
            self.daemon = subprocess.Popen(
                [*self.under, *FAULTDESK, "--config", self.config, "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        wait_until(lambda: b"daemon.started" in self.log.read_bytes()[before:], "the daemon starts")

    @property
    def pid(self) -> int:
        """The daemon's, which what runs `under` something has become."""
        assert self.daemon is not None
        return self.daemon.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the daemon; return its exit code."""
        assert self.daemon is not None
        self.daemon.send_signal(how)
        code = self.daemon.wait(30)
        self.daemon = None
        return code

    def kill(self) -> None:
        """End the daemon as a power cut would."""
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        """Leave no process behind, whatever the test did."""
        if self.daemon is not None and self.daemon.poll() is None:
            os.kill(self.daemon.pid, signal.SIGKILL)
            self.daemon.wait()

    def wait_for_log(self, event: str) -> None:
        """Return once the daemon has logged this."""
        wait_until(lambda: event.encode() in self.log.read_bytes(), f"{event} is logged")

    def sql(self, statement: str) -> None:
        """Do to a SQLite database what no command would."""
        with contextlib.closing(sqlite3.connect(self.folder / "faultdesk.db", timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()

    def tickets(self) -> list[dict[str, Any]]:
        """List every ticket."""
        return self.listing("tickets", "--all", "--limit", "100000")

    def inbox(self) -> list[dict[str, Any]]:
        """List every received message."""
        return self.listing("inbox", "list", "--limit", "100000")

    def wait_for_end(self, messages: int) -> None:
        """Wait until so many messages have ended and no job is under way."""

        def ended() -> bool:
            rows = self.inbox()
            states = [row["state"] for row in rows]
            sent = self.listing("jobs", "list", "--state", "sent")
            return len(rows) >= messages and "received" not in states and not sent

        wait_until(ended, f"{messages} messages end", 120)


def read_mail(mail: ReceivedMail) -> EmailMessage:
    """Parse a mail that the desk sent."""
    return message_from_bytes(mail.content, policy=policy.default)


def acknowledgements(sink: SmtpSink) -> list[EmailMessage]:
    """Pick what was sent to clients automatically."""
    return [read for read in map(read_mail, sink.messages) if read["Auto-Submitted"] == "auto-replied"]
