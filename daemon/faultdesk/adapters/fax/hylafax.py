"""HylaFAX as a way out, through its own `sendfax` (Debian's hylafax-client)."""

import os
import re
import subprocess
import tempfile

from faultdesk.config.settings import HylafaxSettings
from faultdesk.errors import FaxDeferredError, FaxRefusedError, FaxUnavailableError

_JOB = re.compile(r"request id is (\d+)")
_RUNNING = re.compile(r"^HylaFAX scheduler on .*: Running$", re.MULTILINE)
# The server answers as an FTP server does (RFC 959 section 4.2).
_AWAY = re.compile(r"can not reach|getaddrinfo failed|refused|timed out|login failed|\b4\d\d ", re.IGNORECASE)
_REFUSED = re.compile(r"\b5\d\d |can not determine file type|empty file|no such file", re.IGNORECASE)
_PROMPT = "Password:"
_NUMBER = re.compile(r"\+[1-9]\d{5,14}")
_NOT_IN_A_TAG = re.compile(r"[^\x20-\x7e]|[\"\\]")
_SUFFIXES = {"image/tiff": ".tif", "application/pdf": ".pdf"}
_ENVIRONMENT = ("PATH", "HOME")
_SAID = 200


class HylafaxSender:
    """Hands pages to a HylaFAX server, which takes them into its queue: that is no delivery."""

    media_type = "image/tiff"

    def __init__(self, settings: HylafaxSettings, notify: str, password: str | None = None) -> None:
        """Prepare; `notify` is the address that HylaFAX writes receipts to."""
        self._settings = settings
        self._notify = notify
        self._password = password

    def send(self, number: str, document: bytes, media_type: str, tag: str) -> str:
        """Queue pages for a number; return the job's id.

        Raises:
            FaxUnavailableError: The server cannot be reached, lets nobody in or takes no job.
            FaxDeferredError: It says something that we do not know.
            FaxRefusedError: It does not take this fax.
        """
        if not _NUMBER.fullmatch(number):
            raise FaxRefusedError(f"{number}: no number that can be called")
        with tempfile.NamedTemporaryFile(suffix=_SUFFIXES[media_type], prefix="faultdesk-") as file:
            file.write(document)
            file.flush()
            said = self._run("sendfax", [*self._options(tag), "-d", number, file.name])
        if job := _JOB.search(said):
            return job[1]
        if _AWAY.search(said):
            raise FaxUnavailableError(f"sendfax: {_short(said)}")
        if _REFUSED.search(said):
            raise FaxRefusedError(f"sendfax: {_short(said)}")
        raise FaxDeferredError(f"sendfax named no job: {_short(said)}")

    def check(self) -> None:
        """Ask the server how it is.

        Raises:
            FaxUnavailableError: It cannot be reached, does not let us in, or its scheduler does not run.
        """
        # The exit status is 0 even when nobody answers.
        said = self._run("faxstat", ["-s"])
        if not _RUNNING.search(said):
            raise FaxUnavailableError(f"faxstat: {_short(said)}")

    def close(self) -> None:
        """Nothing is open between two faxes."""

    def _options(self, tag: str) -> list[str]:
        """No cover page, fine resolution; mails about every try, and about the end."""
        tries = ["-t", str(self._settings.tries), "-T", str(self._settings.dials)]
        # A line end would be a command of its own to the server.
        return ["-n", "-m", "-D", "-R", "-f", self._notify, *tries, "-i", _NOT_IN_A_TAG.sub("_", tag)]

    def _run(self, program: str, arguments: list[str]) -> str:
        """Run one of HylaFAX's own programs; no secret is among its arguments."""
        settings = self._settings
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            done = subprocess.run(  # noqa: S603 - numbers and tags are checked, and no shell is asked
                [program, "-h", f"{settings.host}:{settings.port}", *arguments],
                input=f"{self._password or ''}\n",
                capture_output=True,
                text=True,
                errors="replace",
                timeout=settings.timeout.total_seconds(),
                check=False,
                env=environment | {"FAXUSER": settings.user, "LC_ALL": "C"},
                cwd=tempfile.gettempdir(),
                # Without a terminal a password is asked for on the standard input.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise FaxUnavailableError(f"{program} is not installed (Debian's hylafax-client)") from error
        except subprocess.TimeoutExpired as error:
            raise FaxUnavailableError(f"{program} took longer than {settings.timeout}") from error
        return done.stdout + done.stderr


def _short(said: str) -> str:
    return " ".join(said.replace(_PROMPT, "").split())[:_SAID] or "it said nothing"
