"""The unit as it is shipped: judged by systemd-analyze, and run by a real systemd."""

import errno
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from servers.process import program, wait_until
from systemd.manager import PACKAGE, UNIT, PrivateSystemd

CONFIGURATION = """
[desk]
name = "弱电客户服务中心"
address = "service@faultdesk.example"
signing_key = { credential = "signing-key" }
alerts = ["desk@faultdesk.example"]

[database]
url = "sqlite:////var/lib/faultdesk/faultdesk.db"

[mailboxes.inbox]
type = "maildir"
path = "/var/lib/faultdesk/inbox"

[mailer]
type = "maildir"
path = "/var/lib/faultdesk/outbox"

[handlers.acknowledge]
"""
CREDENTIAL = "LoadCredential=signing-key:/etc/faultdesk/signing.key\n"
MIGRATE = """Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/opt/faultdesk/bin/faultdesk migrate
"""
MAIL = """From: =?utf-8?b?5p2O5Lyf?= <li.wei@mall.example>
To: service@faultdesk.example
Subject: =?utf-8?b?5LqU5qW855uR5o6n5peg5Zu+5YOP?=
Message-ID: <one@mall.example>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

五楼四个摄像机无图像,请派人来看。
"""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze", package=PACKAGE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def install_desk(systemd: PrivateSystemd, overrides: str = "") -> Path:
    """Set the desk up as docs/operations.md says, but for the database; answer its state folder."""
    folder = systemd.root / "etc/faultdesk"
    (folder / "faultdesk.toml").write_text(CONFIGURATION)
    (folder / "signing.key").write_text("a key for tests only")
    (folder / "signing.key").chmod(0o600)
    systemd.add_unit(UNIT.read_text(), overrides=CREDENTIAL + overrides)
    return systemd.root / "var/lib/private/faultdesk"


def migrate(systemd: PrivateSystemd) -> None:
    """Make the database as the unit's own user and in its sandbox."""
    systemd.add_unit(UNIT.read_text(), "faultdesk-migrate.service", CREDENTIAL + MIGRATE)
    systemd.start("faultdesk-migrate.service")


def running_desk(systemd: PrivateSystemd, overrides: str = "") -> Path:
    state = install_desk(systemd, overrides)
    migrate(systemd)
    systemd.start()
    return state


def test_the_unit_is_exposed_to_little() -> None:
    judged = analyze("security", "--offline=true", "--threshold=15", str(UNIT))  # tenths

    assert judged.returncode == 0, judged.stdout[-2000:]
    assert "Overall exposure level" in judged.stdout


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    installed = Path(sys.executable).with_name("faultdesk")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/faultdesk/bin/faultdesk", str(installed)))

    verified = analyze("verify", str(unit))

    assert installed.exists()
    assert (verified.returncode, verified.stderr) == (0, "")


def test_a_start_returns_when_the_desk_is_ready(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd)

    assert private_systemd.show("ActiveState") == "active"
    assert private_systemd.show("StatusText") == "1 mailboxes"
    assert private_systemd.show("WatchdogUSec") == "1min"


def test_a_desk_without_its_tables_does_not_start_and_is_left_alone(private_systemd: PrivateSystemd) -> None:
    install_desk(private_systemd)

    started = private_systemd.systemctl("start", "faultdesk.service")

    assert started.returncode != 0
    assert private_systemd.show("ActiveState") == "failed"
    assert private_systemd.show("ExecMainStatus") == "78"
    assert private_systemd.show("NRestarts") == "0"


def test_a_mail_is_read_and_acknowledged_inside_the_sandbox(private_systemd: PrivateSystemd) -> None:
    state = running_desk(private_systemd)
    owner = state.stat()

    wait_until((state / "inbox/new").exists, "the desk made its Maildir")
    mail = state / "inbox/tmp/1.mail"
    mail.write_text(MAIL)
    mail.chmod(0o644)
    mail.rename(state / "inbox/new/1.mail")
    wait_until(lambda: any((state / "outbox").glob("new/*")), "the acknowledgement is handed over")

    [sent] = (state / "outbox").glob("new/*")
    acknowledgement = message_from_bytes(sent.read_bytes(), EmailMessage, policy=policy.default)
    assert acknowledgement["To"] == "李伟 <li.wei@mall.example>"
    assert "FD-" in acknowledgement["Subject"]
    assert sent.stat().st_uid == owner.st_uid != 0
    assert sent.stat().st_mode & 0o077 == 0


def test_the_sandbox_lets_the_desk_out_to_mail_servers(private_systemd: PrivateSystemd) -> None:
    knock = "import socket; print(socket.socket().connect_ex(('127.0.0.1', 993)))"
    oneshot = MIGRATE.replace(
        "/opt/faultdesk/bin/faultdesk migrate", f'/opt/faultdesk/bin/python -c "{knock}"'
    )

    private_systemd.add_unit(UNIT.read_text(), overrides=oneshot)
    private_systemd.start()

    assert private_systemd.log().strip() == str(
        errno.ECONNREFUSED
    )  # nobody listens; EPERM would be the sandbox


def test_a_reload_takes_new_handler_settings_over(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd)
    before = private_systemd.show("MainPID")

    (private_systemd.root / "etc/faultdesk/faultdesk.toml").write_text(
        CONFIGURATION + '\n[handlers.sla]\nlevels = [{ at = 1.0, to = ["duty@faultdesk.example"] }]\n'
    )
    private_systemd.reload()
    wait_until(lambda: "config.reloaded" in private_systemd.log(), "the settings are taken over")

    assert private_systemd.show("ActiveState") == "active"
    assert private_systemd.show("MainPID") == before


def test_a_reload_of_a_wrong_file_changes_nothing(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd)
    before = private_systemd.show("MainPID")

    (private_systemd.root / "etc/faultdesk/faultdesk.toml").write_text(
        CONFIGURATION + "\n[handlers.no_such]\n"
    )
    private_systemd.reload()
    wait_until(lambda: "config.refused" in private_systemd.log(), "the file is refused")

    assert "config.reloaded" not in private_systemd.log()
    assert private_systemd.show("ActiveState") == "active"
    assert private_systemd.show("MainPID") == before


def test_a_stop_ends_at_a_safe_point(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd)

    private_systemd.stop()

    assert "daemon.stopped" in private_systemd.log()
    assert private_systemd.show("Result") == "success"
    assert private_systemd.show("ExecMainStatus") == "0"


def test_a_killed_desk_is_started_again(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd, overrides="RestartSec=0.1\n")
    before = private_systemd.show("MainPID")

    private_systemd.signal("KILL")
    wait_until(lambda: private_systemd.show("NRestarts") == "1", "it is started again")
    wait_until(lambda: private_systemd.show("ActiveState") == "active", "it is ready again")

    assert private_systemd.show("MainPID") not in {before, "0"}


def test_a_desk_that_hangs_is_started_again(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd, overrides="RestartSec=0.1\nWatchdogSec=3\n")
    before = private_systemd.show("MainPID")

    private_systemd.signal("STOP")
    wait_until(lambda: private_systemd.show("NRestarts") == "1", "the watchdog ends it")
    wait_until(lambda: private_systemd.show("ActiveState") == "active", "it is ready again")

    assert "Watchdog timeout" in private_systemd.console()
    assert private_systemd.show("MainPID") not in {before, "0"}


def test_a_desk_that_works_feeds_its_watchdog(private_systemd: PrivateSystemd) -> None:
    running_desk(private_systemd, overrides="WatchdogSec=1\n")
    fed = private_systemd.show("WatchdogTimestampMonotonic")

    wait_until(lambda: private_systemd.show("WatchdogTimestampMonotonic") != fed, "the watchdog is fed")

    assert private_systemd.show("NRestarts") == "0"
