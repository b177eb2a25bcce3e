"""Several daemons on one PostgreSQL and six mailboxes."""

import signal
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

from end_to_end.played import RealDesk, read_mail
from reliability.mails import notice
from servers.dovecot import MailAccount
from servers.network import LonelyHost
from servers.process import wait_until
from servers.smtp import SmtpSink

FOLDERS = ("INBOX", "north", "south", "east", "west", "middle")
ENGINE = '[jobs]\nengine = "procrastinate"\n'


class Cluster:
    """The daemons by name; `looker` runs commands and no daemon."""

    def __init__(self, folder: Path, account: MailAccount, sink: SmtpSink, url: str) -> None:
        self._folder = folder
        self.account = account
        self.sink = sink
        self._url = url
        self.daemons: dict[str, RealDesk] = {}
        self.delivered = 0
        for name in FOLDERS[1:]:
            account.deliver(folder=name)
        self.looker = self._configure("looker", None)
        self.looker.command("migrate")

    def start(
        self, name: str, host: LonelyHost | None = None, version: Mapping[str, str] | None = None
    ) -> RealDesk:
        """Start a daemon, on a host of its own, or of another version, if one is given."""
        desk = self.daemons[name] = self._configure(name, host)
        desk.environment = version or {}
        desk.start()
        return desk

    def _configure(self, name: str, host: LonelyHost | None) -> RealDesk:
        folder = self._folder / name
        folder.mkdir()
        desk = RealDesk(folder, self.account, self.sink, self._url, more=ENGINE)
        config = desk.config.read_text()
        (service,) = (part for part in config.split("[") if part.startswith("mailboxes.service]"))
        for other in FOLDERS[1:]:
            config += "\n[" + service.replace("service]", f'{other}]\nfolder = "{other}"', 1)
        if host is not None:
            desk.under = host.under
            config = config.replace("127.0.0.1", host.outside)
            config = config.replace('security = "plain"', 'security = "plain"\nallow_plain_text = true')
            for port in (self.account.server.port, self.sink.port, make_url(self._url).port):
                config = config.replace(str(port), str(host.door("127.0.0.1", int(port or 0))))
        desk.config.write_text(config)
        return desk

    def migrate(self, version: Mapping[str, str], expect: int = 0) -> str:
        """Run another version's `faultdesk migrate`; return what it printed."""
        self.looker.environment = version
        try:
            return self.looker.command("migrate", expect=expect)
        finally:
            self.looker.environment = {}

    def deliver(self, count: int) -> None:
        """Let clients write to all mailboxes in turn."""
        for number in range(self.delivered + 1, self.delivered + count + 1):
            self.account.deliver(notice(number), folder=FOLDERS[number % len(FOLDERS)])
        self.delivered += count

    def collectors(self) -> Mapping[str, str]:
        """Tell which daemon collects what, by the name it was started under."""
        pids = {f"pid {desk.pid}": name for name, desk in self.daemons.items() if desk.daemon is not None}
        return {
            pids.get(row["name"].partition(", ")[2], row["name"]): row["detail"].partition("collects ")[2]
            for row in self.looker.listing("status")
            if row["what"] == "daemon"
        }

    def wait_for_collectors(self, *names: str) -> None:
        """Return once these daemons and no others share out all mailboxes, each as many as the others or one more."""

        def shared_out() -> bool:
            told = self.collectors()
            collected = [name for names in told.values() for name in names.split(", ")]
            shares = [len(names.split(", ")) for names in told.values()]
            is_whole = set(told) == set(names) and sorted(collected) == sorted(("service", *FOLDERS[1:]))
            return is_whole and max(shares) - min(shares) <= 1

        wait_until(shared_out, f"{names} share the mailboxes out")

    def wait_for_answers(self, seconds: float = 60.0) -> None:
        """Return once everybody was answered who wrote."""
        wait_until(lambda: len(self.answered()) == self.delivered, "every client is answered", seconds)

    def answered(self) -> set[str]:
        return {mail.recipients[0] for mail in self.sink.messages if mail.recipients[0].startswith("client")}

    def has_done_everything_once(self, mails_twice: int = 0) -> None:
        """Fail unless every notice is one ticket and every mail went out, no more than so many of them twice."""
        self.looker.wait_for_end(self.delivered)
        subjects = sorted(ticket["subject"] for ticket in self.looker.tickets())
        assert subjects == sorted(f"camera {number} is dark" for number in range(1, self.delivered + 1))
        sent: dict[str, list[bytes]] = {}
        for mail in self.sink.messages:
            sent.setdefault(str(read_mail(mail)["Message-ID"]), []).append(mail.content)
        assert len(sent) == 2 * self.delivered, "an answer and a work order for each"
        assert all(len(set(contents)) == 1 for contents in sent.values())
        assert sum(len(contents) - 1 for contents in sent.values()) <= mails_twice
        assert self.looker.listing("jobs", "list", "--state", "parked") == []
        self.looker.command("audit")

    def close(self) -> None:
        for desk in self.daemons.values():
            if desk.daemon is not None:
                desk.daemon.send_signal(signal.SIGCONT)
            desk.close()
