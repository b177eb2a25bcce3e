"""A real systemd for one test: PID 1 of namespaces of its own, with our unit and none of the machine's."""

import contextlib
import os
import subprocess
import sys
import sysconfig
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.process import program, wait_until

SOURCES = Path(__file__).parents[2]
UNIT = SOURCES / "systemd" / "faultdesk.service"
PACKAGE = "systemd"
COMMAND_SECONDS = 60.0

# What every unit depends on unasked; without these nothing starts.
TARGETS = ("basic", "shutdown", "sysinit")
ETC = {
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost\n",
    "hostname": "sealed\n",
    "machine-id": "",
    "ld.so.conf": "/opt/python/lib\ninclude /etc/ld.so.conf.d/*.conf\n",
}
# The sources as they are, whatever the installed distribution points to; and where the test reads the log.
DROP_IN = """[Service]
Environment=PYTHONPATH=/opt/sources/daemon:/opt/sources/plugins:/opt/sources/migrations
Environment=PYTHONDONTWRITEBYTECODE=1
StandardOutput=append:/run/faultdesk.log
StandardError=append:/run/faultdesk.log
"""


class PrivateSystemd:
    """A running service manager. `root` is its file system as seen from here."""

    def __init__(self, given: Path, group: Path) -> None:
        self._given = given
        self._group = group
        self._console, self._terminal = os.openpty()
        self._said: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()
        self._process: subprocess.Popen[bytes] | None = None
        self.root = Path()

    def boot(self) -> None:
        """Start it and return when it takes commands."""
        self._prepare()
        self._group.mkdir()
        self._process = subprocess.Popen(
            [
                "sh", "-c", 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"', "sh", str(self._group),
                program("setpriv", package="util-linux"), "--pdeathsig", "KILL",
                program("unshare", package="util-linux"), "--fork", "--kill-child",
                "--mount", "--pid", "--cgroup", "--ipc", "--uts", "--net",
                "sh", str(Path(__file__).with_name("sealed.sh")), str(self._given), os.ttyname(self._terminal),
                sys.base_prefix, sysconfig.get_path("platlib"), str(SOURCES),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._terminal,
            stderr=self._terminal,
        )  # fmt: skip
        wait_until(lambda: not self._running or self._takes_commands(), "a private systemd starts")
        if not self._running:
            pytest.fail(f"the private systemd ended at once:\n{self.console()}")
        self.root = Path(f"/proc/{self._pid}/root")

    def end(self) -> None:
        """Kill it, and with it every process it started."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(FileNotFoundError):
            wait_until(
                lambda: "populated 0" in (self._group / "cgroup.events").read_text(), "its processes end"
            )
        for folder, _, _ in os.walk(self._group, topdown=False):
            Path(folder).rmdir()
        os.close(self._terminal)

    def add_unit(self, text: str, name: str = "faultdesk.service", overrides: str = "") -> None:
        """Put a unit (and lines that override it) where systemd looks, in place of what was there."""
        folder = self.root / "etc/units"
        (folder / name).write_text(text)
        drop_ins = folder / f"{name}.d"
        drop_ins.mkdir(exist_ok=True)
        (drop_ins / "test.conf").write_text(DROP_IN + overrides)
        self.systemctl("daemon-reload").check_returncode()

    def start(self, name: str = "faultdesk.service") -> None:
        """Start a unit and wait until it is up; fail the test with its log when it does not come up."""
        if self.systemctl("start", name).returncode:
            pytest.fail(f"{name} does not start:\n{self.console()}\n{self.log()}")

    def stop(self, name: str = "faultdesk.service") -> None:
        self.systemctl("stop", name).check_returncode()

    def reload(self, name: str = "faultdesk.service") -> None:
        self.systemctl("reload", name).check_returncode()

    def show(self, what: str, name: str = "faultdesk.service") -> str:
        """Tell a property: ActiveState, Result, MainPID, NRestarts ..."""
        return self.systemctl("show", "--value", "--property", what, name).stdout.strip()

    def signal(self, signal: str, name: str = "faultdesk.service") -> None:
        """Send a signal to the main process of a unit."""
        self.systemctl("kill", "--kill-whom=main", f"--signal={signal}", name).check_returncode()

    def log(self) -> str:
        """Give what the units wrote so far."""
        with contextlib.suppress(FileNotFoundError):
            return (self.root / "run/faultdesk.log").read_text(errors="replace")
        return ""

    def console(self) -> str:
        """Give what systemd itself said so far."""
        return b"".join(self._said).decode(errors="replace").replace("\r\n", "\n")

    def systemctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("systemctl", *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root inside, in none of the sandbox that the unit has."""
        return subprocess.run(
            ["nsenter", "--all", f"--target={self._pid}", "--", *command],
            env={"PATH": "/opt/faultdesk/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def _pid(self) -> int:
        """PID 1's number out here, 0 while it is not there: the child of unshare."""
        process = self._process
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children") if process else Path(os.devnull)
        with contextlib.suppress(FileNotFoundError):
            return int((children.read_text().split() or ["0"])[0])
        return 0

    def _takes_commands(self) -> bool:
        # Before the private socket is there, or before the namespaces are, it answers nothing.
        return (
            Path(f"/proc/{self._pid}/root/run/systemd/private").exists()
            and self.systemctl("is-active", "basic.target").returncode == 0
        )

    def _prepare(self) -> None:
        etc, binaries = self._given / "etc", self._given / "bin"
        units = etc / "units"
        for folder in (units, binaries, etc / "ld.so.conf.d", etc / "faultdesk"):
            folder.mkdir(parents=True)
        for name, text in ETC.items():
            (etc / name).write_text(text)
        (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
        for libraries in Path("/etc/ld.so.conf.d").glob("*.conf"):
            (etc / "ld.so.conf.d" / libraries.name).write_text(libraries.read_text())
        for name in TARGETS:
            (units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        # A virtual environment as pip makes it, at the place where the unit expects it.
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        (binaries / "python").symlink_to(f"/opt/python/bin/{version}")
        script = binaries / "faultdesk"
        script.write_text("#!/opt/faultdesk/bin/python\nfrom faultdesk.cli import main\nmain()\n")
        script.chmod(0o755)

    def _listen(self) -> None:
        # Read at all times: a full terminal would hold systemd up.
        with contextlib.suppress(OSError):
            while said := os.read(self._console, 4096):
                self._said.append(said)
        os.close(self._console)


def unified_hierarchy() -> Path:
    """Find where cgroup v2 is mounted: alone, or beside v1."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    pytest.fail("no cgroup2 is mounted: a systemd of its own needs one", pytrace=False)


@pytest.fixture
def private_systemd(tmp_path: Path) -> Iterator[PrivateSystemd]:
    if os.geteuid() != 0:
        if "CI" in os.environ:
            pytest.fail("a systemd of its own needs root", pytrace=False)
        pytest.skip("a systemd of its own needs root")
    program("systemctl", package=PACKAGE)
    manager = PrivateSystemd(tmp_path, unified_hierarchy() / f"faultdesk-test-{uuid.uuid4().hex[:8]}")
    try:
        manager.boot()
        yield manager
    finally:
        manager.end()
