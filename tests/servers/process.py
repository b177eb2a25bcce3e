"""What every real server of the tests needs: a program, a user to run as, a port, an end."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

START_SECONDS = 30.0
STOP_SECONDS = 15.0


class Account(NamedTuple):
    """The user a server runs as: root steps down, because no mail or database server serves as root."""

    name: str
    uid: int
    gid: int


def unprivileged(name: str) -> Account:
    """Choose `name` when we are root, ourselves otherwise."""
    entry = pwd.getpwnam(name) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def program(name: str, *, package: str, folders: tuple[str, ...] = ()) -> str:
    """Find a program; a missing one fails the test, with the name of its Debian package."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", *folders])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.fail(
            f"{name} is missing: these tests need a real server; apt-get install {package}", pytrace=False
        )
    return found


def free_port() -> int:
    """Name a TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def private_folder(prefix: str, owner: Account) -> Iterator[Path]:
    """Make a folder only `owner` (and root) enters, and remove it with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"faultdesk-{prefix}-"))
    os.chown(folder, owner.uid, owner.gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(happened: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Return as soon as `happened()` is true; fail the test when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: did not happen within {seconds:g} s")
        time.sleep(0.01)


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def leash() -> list[str]:
    """Let a server end with us, even if we are killed and can stop nothing any more."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


class ServerProcess:
    """A server in the foreground in its own process group, ended with all its children."""

    def __init__(
        self,
        command: list[str],
        *,
        account: Account,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = command
        self.account = account
        self.folder = folder
        self.environment = environment
        self.output = folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, port: int) -> None:
        """Start the server and return when `port` answers; fail with its output when it does not."""
        step_down = os.geteuid() == 0 and self.account.uid != 0
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [*leash(), *self.command],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
                user=self.account.uid if step_down else None,
                group=self.account.gid if step_down else None,
                extra_groups=[] if step_down else None,
            )
        wait_until(lambda: not self.running or answers(port), f"{self.command[0]} listens")
        if not self.running:
            pytest.fail(
                f"{self.command[0]} ended at once:\n{self.output.read_text(errors='replace')[-4000:]}"
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send `how`, wait, and kill what is left of the process group."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the server and its children at once, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self.stop(signal.SIGKILL)
