"""What a network and servers do to a running desk: afterwards everything came once, from the same daemon.

FAULTDESK_LONG=1 tries every outage instead of a sample.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from end_to_end.played import RealDesk, read_mail
from reliability.mails import notice
from servers.dovecot import MailAccount
from servers.postgresql import PostgreSQL
from servers.process import private_folder, unprivileged, wait_until
from servers.proxy import Address, Proxy
from servers.smtp import SmtpSink, Stage

MakeProxy = Callable[[str, int], Proxy]
RECOVERED_WITHIN = 30.0
FOLDER = "Notices"


class Ward:
    """A running desk that has handled one notice, behind proxies."""

    def __init__(
        self, folder: Path, account: MailAccount, sink: SmtpSink, url: str, proxied: MakeProxy
    ) -> None:
        self.account = account
        self.sink = sink
        self.imap = proxied(account.server.host, account.server.port)
        self.smtp = proxied(sink.host, sink.port)
        self.desk = RealDesk(folder, account, sink, url, imap_port=self.imap.port, smtp_port=self.smtp.port)
        config = self.desk.config.read_text()
        config = config.replace('poll = "PT2S"', f'poll = "PT2S"\ntimeout = "PT2S"\nfolder = "{FOLDER}"')
        config = config.replace(f"port = {self.smtp.port}", f'port = {self.smtp.port}\ntimeout = "PT1S"')
        self.desk.config.write_text(config)
        self.desk.command("migrate")
        self.deliver(1)
        self.desk.start()
        self.sink.wait_for(2)
        self.seen = self.desk.log.stat().st_size

    def deliver(self, *numbers: int) -> None:
        self.account.deliver(*(notice(number) for number in numbers), folder=FOLDER)

    def wait_for_log(self, event: bytes) -> None:
        """Return once the daemon has said this since the fault began."""
        wait_until(lambda: event in self.desk.log.read_bytes()[self.seen :], f"{event!r} is logged")

    def has_recovered_with(self, *numbers: int) -> None:
        """Fail unless every notice was handled once, soon, by the daemon that was there before."""
        self.sink.wait_for(2 * len(numbers), RECOVERED_WITHIN)
        self.desk.wait_for_end(len(numbers))
        assert self.desk.daemon is not None
        assert self.desk.daemon.poll() is None
        subjects = sorted(str(ticket["subject"]) for ticket in self.desk.tickets())
        assert subjects == [f"camera {number} is dark" for number in numbers]
        sent = [str(read_mail(mail)["Message-ID"]) for mail in self.sink.messages]
        assert len(sent) == len(set(sent)) == 2 * len(numbers)
        assert self.desk.listing("jobs", "list", "--state", "parked") == []


Outage = Callable[[Ward], None]
"""Begins, is noticed, and ends; notice 2 comes meanwhile."""


@pytest.fixture
def ward(tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, proxied: MakeProxy) -> Iterator[Ward]:
    made = Ward(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db", proxied)
    yield made
    made.desk.close()


def refuse(proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()


def trickle(proxy: Proxy) -> None:
    proxy.octets_per_second = 1


def hurry(proxy: Proxy) -> None:
    proxy.octets_per_second = 0


def mailbox_away(begin: Callable[[Proxy], None], end: Callable[[Proxy], None]) -> Outage:
    def happen(ward: Ward) -> None:
        begin(ward.imap)
        ward.deliver(2)
        ward.wait_for_log(b"loop.backing_off")
        end(ward.imap)

    return happen


def session_broken(disturb: Callable[[Proxy], None]) -> Outage:
    def happen(ward: Ward) -> None:
        disturb(ward.imap)
        ward.deliver(2)
        ward.wait_for_log(b"loop.backing_off")

    return happen


def mail_server_restarted(ward: Ward) -> None:
    ward.account.server.kill()
    ward.wait_for_log(b"loop.backing_off")
    ward.account.server.start()
    ward.deliver(2)


def login_refused_for_a_while(ward: Ward) -> None:
    file = ward.account.server.folder / "users" / ward.account.user
    known = file.read_text()
    file.write_text(known.replace(ward.account.password, "another one"))
    ward.imap.cut()
    ward.wait_for_log(b"AUTHENTICATIONFAILED")
    file.write_text(known)
    ward.deliver(2)


def mailbox_renamed_and_back(ward: Ward) -> None:
    with ward.account.imap() as client:
        client.rename_folder(FOLDER, "Elsewhere")
        ward.imap.cut()
        ward.wait_for_log(b"select Notices")
        client.rename_folder("Elsewhere", FOLDER)
    ward.deliver(2)


def mailbox_replaced_by_one_with_the_same_mail(ward: Ward) -> None:
    ward.account.recreate(FOLDER)
    ward.deliver(1, 2)


def way_out_away(begin: Callable[[Proxy], None], end: Callable[[Proxy], None]) -> Outage:
    def happen(ward: Ward) -> None:
        begin(ward.smtp)
        ward.smtp.cut()
        ward.deliver(2)
        ward.wait_for_log(b"job.held")
        end(ward.smtp)

    return happen


def way_out_restarted(ward: Ward) -> None:
    ward.sink.stop()
    ward.deliver(2)
    ward.wait_for_log(b"job.held")
    ward.sink.start()


def way_out_closing_at(stage: Stage) -> Outage:
    def happen(ward: Ward) -> None:
        ward.smtp.cut()
        ward.sink.answer(stage, "421 4.3.2 closing", times=2, close=True)
        ward.deliver(2)
        ward.wait_for_log(b"job.held")

    return happen


def sqlite_held_by_another_for_longer_than_we_are_patient(ward: Ward) -> None:
    other = sqlite3.connect(ward.desk.folder / "faultdesk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ward.deliver(2)
    ward.wait_for_log(b"database is locked")
    other.close()


OUTAGES: dict[str, Outage] = {
    "mailbox in a black hole": mailbox_away(Proxy.swallow, Proxy.spit),
    "reset in the literal": session_broken(lambda imap: imap.reset_at("to client", b"BODY[] {", 40)),
    "BYE at IDLE": session_broken(
        lambda imap: imap.put_instead("to client", b"+ idling", b"* BYE idle no more\r\n")
    ),
    "mailbox renamed and back": mailbox_renamed_and_back,
    "mailbox replaced": mailbox_replaced_by_one_with_the_same_mail,
    "way out in a black hole": way_out_away(Proxy.swallow, Proxy.spit),
}
if "FAULTDESK_LONG" in os.environ:
    OUTAGES |= {
        "mailbox refused": mailbox_away(refuse, Proxy.accept),
        "mailbox at one octet a second": mailbox_away(trickle, hurry),
        "mail server restarted": mail_server_restarted,
        "login refused": login_refused_for_a_while,
        "BYE at FETCH": session_broken(
            lambda imap: imap.put_instead("to client", b"* 2 FETCH", b"* BYE going down\r\n")
        ),
        "reset before the flag": session_broken(lambda imap: imap.reset_at("to server", b"UID STORE")),
        "reset after the flag": session_broken(lambda imap: imap.reset_at("to client", b"OK Store")),
        "way out refused": way_out_away(refuse, Proxy.accept),
        "way out at one octet a second": way_out_away(trickle, hurry),
        "way out restarted": way_out_restarted,
        "421 as greeting": way_out_closing_at("CONNECT"),
        "421 at EHLO": way_out_closing_at("EHLO"),
        "421 at MAIL": way_out_closing_at("MAIL"),
        "SQLite locked": sqlite_held_by_another_for_longer_than_we_are_patient,
    }


@pytest.mark.parametrize("outage", OUTAGES)
def test_after_an_outage_everything_was_done_once_by_the_same_daemon(ward: Ward, outage: str) -> None:
    OUTAGES[outage](ward)

    ward.has_recovered_with(1, 2)


class Clusters:
    """A primary that commits nothing without its standby, and a proxy that leads to one of them."""

    def __init__(self, folder: Path, proxied: MakeProxy) -> None:
        self.primary = PostgreSQL(folder / "primary")
        self.primary.start()
        self.standby = PostgreSQL(folder / "standby", self.primary)
        self.standby.start()
        self.primary.wait_for_standby()
        self.way = proxied(self.primary.host, self.primary.port)
        self.url = self.primary.url().replace(str(self.primary.port), str(self.way.port))

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()


@pytest.fixture
def clusters(proxied: MakeProxy) -> Iterator[Clusters]:
    account = unprivileged("postgres")
    with private_folder("clusters", account) as folder:
        for name in ("primary", "standby"):
            (folder / name).mkdir()
            shutil.chown(folder / name, account.uid, account.gid)
        made = Clusters(folder, proxied)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def shared_ward(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, proxied: MakeProxy, clusters: Clusters
) -> Iterator[Ward]:
    made = Ward(tmp_path, account, smtp_sink, clusters.url, proxied)
    yield made
    made.desk.close()


def test_postgresql_cut_off_then_restarted_then_failed_over(shared_ward: Ward, clusters: Clusters) -> None:
    clusters.way.cut()
    shared_ward.deliver(2)
    shared_ward.has_recovered_with(1, 2)

    clusters.primary.kill()
    shared_ward.deliver(3)
    shared_ward.wait_for_log(b"database:")
    clusters.primary.start()
    shared_ward.has_recovered_with(1, 2, 3)

    shared_ward.deliver(4)
    clusters.primary.kill()
    clusters.standby.promote()
    clusters.way.target = Address(clusters.standby.host, clusters.standby.port)
    shared_ward.has_recovered_with(1, 2, 3, 4)
