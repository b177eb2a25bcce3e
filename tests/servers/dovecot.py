"""A private Dovecot on loopback: IMAP in plain, with STARTTLS and with implicit TLS; LMTP to deliver by."""

import grp
import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient

from servers.certificates import make_certificate
from servers.process import ServerProcess, free_port, private_folder, program, unprivileged, wait_until

# One user for everything: nothing here needs the separation of privileges that Dovecot is built for.
CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
auth_mechanisms = plain login
disable_plaintext_auth = no
imap_id_log = *
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
mailbox_list_index = no
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class MailAccount:
    """A user of the private Dovecot."""

    def __init__(self, server: "Dovecot", user: str, password: str, maildir: Path) -> None:
        self.server = server
        self.user = user
        self.password = password
        self.maildir = maildir

    def imap(self) -> IMAPClient:
        """Log in beside the code under test; use it in a `with` statement."""
        client = IMAPClient(self.server.host, self.server.port, ssl=False, timeout=20)
        client.normalise_times = False
        client.login(self.user, self.password)
        return client

    def deliver(
        self, *messages: bytes, folder: str = "INBOX", internal_date: datetime | None = None
    ) -> list[int]:
        """Append messages as they are, making the folder when needed; answer their UIDs."""
        with self.imap() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            first: int = client.folder_status(folder, ["UIDNEXT"])[b"UIDNEXT"]
            for message in messages:
                client.append(folder, message, msg_time=internal_date or datetime.now(UTC))
        return list(range(first, first + len(messages)))

    def flags(self, folder: str = "INBOX") -> dict[int, set[bytes]]:
        """Tell every message's flags by UID, \\Recent apart."""
        with self.imap() as client:
            client.select_folder(folder, readonly=True)
            told = client.get_flags(client.search())
        return {uid: set(flags) - {rb"\Recent"} for uid, flags in told.items()}

    def expunge(self, *uids: int, folder: str = "INBOX") -> None:
        """Remove messages behind the back of the code under test."""
        with self.imap() as client:
            client.select_folder(folder)
            client.delete_messages(uids)
            client.uid_expunge(uids)

    def recreate(self, folder: str) -> None:
        """Delete and create a folder, which gives it another UIDVALIDITY."""
        with self.imap() as client:
            client.delete_folder(folder)
            client.create_folder(folder)


class Dovecot:
    """The server. `stop`, `kill` and `start` keep its ports, accounts and mail."""

    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.tls_port = free_port()
        self.lmtp_port = free_port()
        self._numbers = itertools.count(1)
        self._account = unprivileged("nobody")
        certificate = make_certificate(folder)
        self.ca_file = certificate.authority
        self._users = folder / "users"
        # A file for each, because Dovecot looks at the same file again only after a second.
        self._users.mkdir()
        configuration = folder / "dovecot.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                user=self._account.name,
                group=grp.getgrgid(self._account.gid).gr_name,
                uid=self._account.uid,
                gid=self._account.gid,
                chain=certificate.chain,
                key=certificate.key,
                port=self.port,
                tls_port=self.tls_port,
                lmtp_port=self.lmtp_port,
            ),
        )
        for path in folder.iterdir():
            shutil.chown(path, self._account.uid, self._account.gid)
        program("lmtp", package="dovecot-lmtpd", folders=("/usr/lib/dovecot",))
        self._process = ServerProcess(
            [program("dovecot", package="dovecot-imapd"), "-F", "-c", str(configuration)],
            account=self._account,
            folder=folder,
        )

    @property
    def log(self) -> str:
        """All that the server has written to its log so far."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_log(self, text: str) -> None:
        """Return when the log contains `text`; fail when it does not come."""
        wait_until(lambda: text in self.log, f"dovecot logs {text!r}")

    def start(self) -> None:
        # What a killed master leaves behind would hold up the next one.
        (self.folder / "state" / "instances.lock").unlink(missing_ok=True)
        self._process.start(self.port)
        # Stopped before it can greet, it would take its time about that, too.
        IMAPClient(self.host, self.port, ssl=False, timeout=20).logout()

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    def new_account(self, password: str = "correct horse") -> MailAccount:  # noqa: S107 - a test's
        """Make a user with an empty INBOX."""
        user = f"user{next(self._numbers)}@desk.example"
        (self._users / user).write_text(f"{user}:{password}\n", encoding="utf-8")
        return MailAccount(self, user, password, self.folder / "home" / user / "Maildir")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with private_folder("dovecot", unprivileged("nobody")) as folder:
        server = Dovecot(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def account(dovecot: Dovecot) -> MailAccount:
    return dovecot.new_account()
