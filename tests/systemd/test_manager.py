"""The fixture itself, proved with a stand-in that speaks sd_notify(3) and nothing more."""

from servers.process import wait_until
from systemd.manager import UNIT, PrivateSystemd

STAND_IN = """#!/opt/faultdesk/bin/python
import os, pathlib, signal, socket, time

def notify(*assignments):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto("\\n".join(assignments).encode(), os.environ["NOTIFY_SOCKET"])

signals = {signal.SIGTERM, signal.SIGHUP}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("started", flush=True)
while not pathlib.Path("ready").exists():
    time.sleep(0.01)
notify("READY=1", "STATUS=stands in")
while (received := signal.sigwait(signals)) == signal.SIGHUP:
    print("reloaded", flush=True)
print("ended", flush=True)
"""


def install_stand_in(systemd: PrivateSystemd, overrides: str = "") -> None:
    (systemd.root / "opt/faultdesk/bin/faultdesk").write_text(STAND_IN)
    systemd.add_unit(UNIT.read_text(), overrides=overrides)


def let_it_be_ready(systemd: PrivateSystemd) -> None:
    folder = systemd.root / "var/lib/private/faultdesk"
    wait_until(folder.exists, "the state folder is made")
    (folder / "ready").touch()


def test_a_unit_is_active_only_after_ready(private_systemd: PrivateSystemd) -> None:
    install_stand_in(private_systemd)

    private_systemd.systemctl("start", "--no-block", "faultdesk.service")
    wait_until(lambda: "started" in private_systemd.log(), "the stand-in runs")
    before = private_systemd.show("ActiveState")
    let_it_be_ready(private_systemd)
    wait_until(lambda: private_systemd.show("ActiveState") == "active", "the unit is active")

    assert before == "activating"
    assert private_systemd.show("StatusText") == "stands in"


def test_reload_and_stop_reach_the_process(private_systemd: PrivateSystemd) -> None:
    install_stand_in(private_systemd)
    private_systemd.systemctl("start", "--no-block", "faultdesk.service")
    let_it_be_ready(private_systemd)
    private_systemd.start()

    private_systemd.reload()
    wait_until(lambda: "reloaded" in private_systemd.log(), "the stand-in gets SIGHUP")
    private_systemd.stop()

    assert private_systemd.log().splitlines() == ["started", "reloaded", "ended"]
    assert private_systemd.show("Result") == "success"


def test_it_sees_nothing_of_the_machine_it_could_change(private_systemd: PrivateSystemd) -> None:
    writable = [
        folder
        for folder in ("/usr", "/opt/python", "/opt/sources", "/proc/sys/kernel", "/sys")
        if private_systemd.run("test", "-w", folder).returncode == 0
    ]

    assert writable == []
    assert private_systemd.run("ls", "-A", "/tmp").stdout == ""  # noqa: S108 - the sealed one's own
    assert private_systemd.run("ls", "/sys/class/net").stdout.split() == ["lo"]
    assert private_systemd.run("systemctl", "list-unit-files", "--no-legend").stdout.split()[::3] == [
        "basic.target", "shutdown.target", "sysinit.target",
    ]  # fmt: skip
