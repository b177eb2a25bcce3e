"""HylaFAX as a way out, through its own `sendfax` (Debian's hylafax-client)."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from faultdesk.config.settings import HylafaxSettings
from faultdesk.errors import FaxRefusedError, FaxUnavailableError

_JOB = re.compile(r"request id is (\d+)")
_AWAY = re.compile(
    r"can not reach|connection refused|timed out|unreachable|unknown host|no route|not running", re.IGNORECASE
)
_NUMBER = re.compile(r"\+[1-9]\d{5,14}")
_SUFFIXES = {"image/tiff": ".tif", "application/pdf": ".pdf"}
_ENVIRONMENT = ("PATH", "LANG", "HOME")


class HylafaxSender:
    """Hands pages to a HylaFAX server, which takes them into its queue: that is no delivery."""

    media_type = "image/tiff"

    def __init__(self, settings: HylafaxSettings, notify: str) -> None:
        """Prepare; `notify` is the address that HylaFAX writes receipts to."""
        self._settings = settings
        self._notify = notify

    def send(self, number: str, document: bytes, media_type: str, tag: str) -> str:
        """Queue pages for a number; return the job's id.

        Raises:
            FaxUnavailableError: The server cannot be reached.
            FaxRefusedError: It does not take this fax.
        """
        if not _NUMBER.fullmatch(number):
            raise FaxRefusedError(f"{number}: no number that can be called")
        settings = self._settings
        with tempfile.NamedTemporaryFile(suffix=_SUFFIXES[media_type], prefix="faultdesk-") as file:
            file.write(document)
            file.flush()
            options = [
                "-n",
                "-D",
                "-R",
                "-f",
                self._notify,
                "-t",
                str(settings.tries),
                "-T",
                str(settings.dials),
            ]
            said = self._run("sendfax", [*options, "-i", tag, "-d", number, file.name])
        job = _JOB.search(said)
        if job is None:
            raise FaxUnavailableError(f"sendfax named no job: {said.strip()[:200]}")
        return job[1]

    def check(self) -> None:
        """Ask the server how it is.

        Raises:
            FaxUnavailableError: It cannot be reached.
        """
        self._run("faxstat", ["-s"])

    def close(self) -> None:
        """Nothing is open between two faxes."""

    def _run(self, program: str, arguments: list[str]) -> str:
        """Run one of HylaFAX's own programs; no secret is among its arguments."""
        command = [program, "-h", f"{self._settings.host}:{self._settings.port}", *arguments]
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["FAXUSER"] = self._settings.user
        try:
            done = subprocess.run(  # noqa: S603 - numbers and tags are checked, and no shell is asked
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._settings.timeout.total_seconds(),
                check=False,
                env=environment,
                cwd=Path(tempfile.gettempdir()),
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise FaxUnavailableError(f"{program} is not installed (Debian's hylafax-client)") from error
        except subprocess.TimeoutExpired as error:
            raise FaxUnavailableError(f"{program} took longer than {self._settings.timeout}") from error
        said = done.stdout + done.stderr
        if done.returncode == 0:
            return said
        if _AWAY.search(said):
            raise FaxUnavailableError(said.strip()[:200])
        raise FaxRefusedError(f"{program}: {said.strip()[:200]}")
