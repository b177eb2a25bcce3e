"""A private HylaFAX with two soft modems that call each other over loopback: faxes are really sent by T.30."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.dovecot import MailAccount
from servers.process import ServerProcess, free_port, private_folder, program, unprivileged, wait_until

CLIENT, DESK = "+862088881111", "+862088882222"
_SCRIPT = Path(__file__).with_name("hylafax.sh")
_PROGRAMS = {
    "faxq": "hylafax-server",
    "hfaxd": "hylafax-server",
    "sendfax": "hylafax-client",
    "faxstat": "hylafax-client",
    "iaxmodem": "iaxmodem",
    "unshare": "util-linux",
}
_TRANSMISSION_SECONDS = 150.0
"""Some 40 s a page: the line is as slow as a telephone's, whatever the machine."""


class Hylafax:
    """The server. Modem 1 is the client's machine, modem 2 the desk's."""

    def __init__(self, folder: Path) -> None:
        for name, package in _PROGRAMS.items():
            program(name, package=package)
        if os.geteuid() != 0:
            pytest.fail("HylaFAX needs root for its mount namespace and its modems", pytrace=False)
        self.folder = folder
        self.port = free_port()
        _make_maildir(folder / "client")
        ports = [str(free_port()), str(free_port()), str(self.port)]
        self._process = ServerProcess(
            ["unshare", "--mount", "bash", str(_SCRIPT), str(folder), *ports],
            account=unprivileged("root"),
            folder=folder,
        )

    def start(self) -> None:
        """Start it, and return when both modems are idle."""
        self._process.start(self.port)
        wait_until(lambda: self._status().count("Running and idle") == 2, "both modems are idle", 60)

    def stop(self) -> None:
        """End it with its modems."""
        self._process.stop()

    def deliver_to(self, account: MailAccount) -> None:
        """Let HylaFAX's mails to the desk arrive in this account's INBOX."""
        account.maildir.mkdir(parents=True, exist_ok=True)
        for folder in account.maildir.relative_to(account.server.folder).parents:
            (account.server.folder / folder).chmod(0o777)
        _make_maildir(account.maildir)
        link = self.folder / "desk"
        link.unlink(missing_ok=True)
        link.symlink_to(account.maildir)

    @property
    def desks_modem(self) -> str:
        """The host for `sendfax` that sends by the desk's line."""
        return "ttyIAX2@127.0.0.1"

    def send(self, file: Path) -> None:
        """Fax a file from the client's machine to the desk; return when it is on its way."""
        command = ["sendfax", "-n", "-h", f"ttyIAX1@127.0.0.1:{self.port}", "-f", "client@owner.example"]
        subprocess.run([*command, "-d", DESK, str(file)], check=True, capture_output=True)

    def received_by_client(self) -> bytes:
        """Wait for a fax on the client's machine; give the mail by which its HylaFAX passes it on."""
        box = self.folder / "client" / "new"
        wait_until(lambda: bool(self._with_fax(box)), "the client gets a fax", _TRANSMISSION_SECONDS)
        return self._with_fax(box)[-1].read_bytes()

    @staticmethod
    def _with_fax(box: Path) -> list[Path]:
        return [mail for mail in sorted(box.iterdir()) if b"image/tiff" in mail.read_bytes()]

    def _status(self) -> str:
        told = subprocess.run(
            ["faxstat", "-h", f"127.0.0.1:{self.port}", "-s"], check=False, capture_output=True, text=True
        )
        return told.stdout


def _make_maildir(folder: Path) -> None:
    """Make a Maildir that everybody may use: HylaFAX delivers as its own user, Dovecot reads as another."""
    for part in (folder, *(folder / part for part in ("tmp", "new", "cur"))):
        part.mkdir(exist_ok=True)
        part.chmod(0o777)


@pytest.fixture(scope="session")
def hylafax() -> Iterator[Hylafax]:
    with private_folder("hylafax", unprivileged("root")) as folder:
        folder.chmod(0o755)
        server = Hylafax(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)
