"""A private HylaFAX whose modems call each other over loopback: a fax really goes by T.30, in half a minute."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import TypeVar

import pytest

from servers.dovecot import Dovecot, MailAccount
from servers.process import Account, ServerProcess, free_port, private_folder, program, wait_until

_Found = TypeVar("_Found")
_BELONGS_TO = {
    "iaxmodem": "iaxmodem",
    "faxq": "hylafax-server",
    "sendfax": "hylafax-client",
    "msmtp": "msmtp",
}
_MODEMS = 3
FAX_SECONDS = 120.0
"""For one fax of one page from its submission to its mails; 35 are usual."""
# As a mail server of the machine: it gives Date and Message-ID, and qualifies what HylaFAX calls FaxMaster.
_SENDMAIL = """\
#!/bin/sh
for to; do :; done
case $to in {client}) ;; *) to={desk} ;; esac
exec msmtp --host=127.0.0.1 --port={port} --protocol=lmtp --from=faxmaster@fax.example -- "$to"
"""


class HylaFax:
    """The server. Numbers choose the line: `DESK` and `CLIENT` are answered, any other is not."""

    host = "127.0.0.1"
    DESK = "+862088882222"
    CLIENT = "+862088881111"
    NOBODY = "+862088883333"

    def __init__(self, folder: Path, account: Account) -> None:
        for name, package in _BELONGS_TO.items():
            program(name, package=package)
        self.port = free_port()
        self._folder = folder
        self._account = account
        lines = [str(port) for port in _free_udp_ports(_MODEMS)]
        self._process = ServerProcess(
            [
                program("setpriv", package="util-linux"), "--pdeathsig", "KILL",
                program("unshare", package="util-linux"), "--fork", "--kill-child", "--mount", "--pid",
                "bash", str(Path(__file__).with_suffix(".sh")), str(folder), str(self.port), *lines,
            ],
            account=Account("root", 0, 0),
            folder=folder,
        )  # fmt: skip

    def start(self) -> None:
        """Return when every modem is ready to answer."""
        self._process.start(self.port)
        wait_until(lambda: self.state().count("Running and idle") == _MODEMS, "the modems are ready", 60)

    def stop(self) -> None:
        """Kill the first process of its namespace, and with it every other."""
        self._process.stop(signal.SIGKILL)

    def deliver_to(self, desk: MailAccount, client: MailAccount) -> None:
        """Let mail go to these accounts from now on: the desk's takes all that is not the client's."""
        self.desk, self.client = desk, client
        self._before = len(self._dispatched())
        script = self._folder / "sendmail.new"
        script.write_text(_SENDMAIL.format(desk=desk.user, client=client.user, port=desk.server.lmtp_port))
        script.chmod(0o755)
        script.rename(self._folder / "sendmail")

    @property
    def recvq(self) -> Path:
        """The folder that HylaFAX receives into, of both sides."""
        return self._folder / "spool/recvq"

    def state(self) -> str:
        """Tell what `faxstat` says of server and modems."""
        return self._run("faxstat", "-s")

    def send(self, number: str, file: Path) -> str:
        """Queue a file from the client's side; return the job's id."""
        said = self._run("sendfax", "-n", "-D", "-f", self.client.user, "-t", "3", "-T", "1", "-d", number, str(file))  # fmt: skip
        job, found, _ = said.partition("request id is ")[2].partition(" ")
        assert found, said
        return job

    def job(self, job: str) -> dict[str, str]:
        """Read what the server keeps of a job that is not done."""
        lines = (self._folder / f"spool/sendq/q{job}").read_text().splitlines()
        return {name: value for name, _, value in (line.partition(":") for line in lines)}

    def received_by_client(self) -> list[Path]:
        """Name the faxes (TIFF) that came to the client's machine since the test began."""
        return self._received("ttyIAX1")

    def received_by_desk(self) -> list[Path]:
        """Name the faxes (TIFF) that came to the desk's machine since the test began."""
        return self._received("ttyIAX2")

    def wait_for_client(self, count: int = 1) -> list[Path]:
        """Return the faxes at the client's machine as soon as there are so many."""
        return self.wait_for(count, self.received_by_client, "faxes at the client's machine")

    def wait_for_mails(self, account: MailAccount, subject: str, count: int = 1) -> list[EmailMessage]:
        """Return an account's mails of this subject, or a part of it, as soon as there are so many."""
        return self.wait_for(count, lambda: _mails(account, subject), f"mails {subject!r}")

    def wait_for(self, count: int, look: Callable[[], list[_Found]], what: str) -> list[_Found]:
        """Look twice a second until there are so many; fail with what HylaFAX says when they do not come."""
        deadline = time.monotonic() + FAX_SECONDS
        while len(found := look()) < count:
            if time.monotonic() > deadline:
                pytest.fail(
                    f"{len(found)} of {count} {what} within {FAX_SECONDS:g} s\n{self.state()}\n{self._log()}",
                    pytrace=False,
                )
            # Not oftener: the modems need the processor in time.
            time.sleep(0.5)
        return found

    def _log(self) -> str:
        """Give the last lines of the last calls."""
        calls = sorted((self._folder / "spool/log").glob("c0*"))[-4:]
        return "\n".join(call.read_text(errors="replace")[-2000:] for call in calls)

    @contextlib.contextmanager
    def password_of(self, user: str, password: str) -> Iterator[None]:
        """Let in nobody but this user, by a password."""
        hosts = self._folder / "etc/hosts.hfaxd"
        usual = hosts.read_text()
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=password, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        hosts.write_text(f"^{user}@:21:{hashed}\n")
        try:
            yield
        finally:
            hosts.write_text(usual)

    @contextlib.contextmanager
    def without_scheduler(self) -> Iterator[None]:
        """Take away the pipe by which jobs reach the scheduler, as if it did not run."""
        pipe = self._folder / "spool/FIFO"
        aside = pipe.with_name("aside")
        pipe.rename(aside)
        try:
            yield
        finally:
            aside.rename(pipe)

    def _received(self, modem: str) -> list[Path]:
        mine = (line.split() for line in self._dispatched()[self._before :])
        return [self._folder / "spool" / file for device, file in mine if device == modem]

    def _dispatched(self) -> list[str]:
        log = self._folder / "spool/log/dispatched"
        return log.read_text().splitlines() if log.exists() else []

    def _run(self, name: str, *arguments: str) -> str:
        ended = subprocess.run(
            [name, "-h", f"{self.host}:{self.port}", *arguments],
            env={"PATH": os.environ["PATH"], "FAXUSER": "client", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ended.stdout + ended.stderr


def _mails(account: MailAccount, subject: str) -> list[EmailMessage]:
    with account.imap() as imap:
        imap.select_folder("INBOX", readonly=True)
        told = imap.fetch(imap.search(), ["BODY.PEEK[]"])
    parser = BytesParser(EmailMessage, policy=modern)
    mails = [parser.parsebytes(told[uid][b"BODY[]"]) for uid in sorted(told)]
    return [mail for mail in mails if subject in mail["Subject"]]


def _free_udp_ports(count: int) -> list[int]:
    probes = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@pytest.fixture(scope="session")
def fax_server() -> Iterator[HylaFax]:
    if os.geteuid() != 0:
        pytest.fail("a HylaFAX of its own needs root", pytrace=False)
    program("faxq", package="hylafax-server")
    uucp = pwd.getpwnam("uucp")
    account = Account(uucp.pw_name, uucp.pw_uid, uucp.pw_gid)
    with private_folder("hylafax", account) as folder:
        server = HylaFax(folder, account)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def hylafax(fax_server: HylaFax, dovecot: Dovecot) -> HylaFax:
    """HylaFAX with new accounts for its mail."""
    fax_server.deliver_to(desk=dovecot.new_account(), client=dovecot.new_account())
    return fax_server
