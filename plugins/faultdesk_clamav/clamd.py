"""Asks clamd, ClamAV's daemon, about octets (clamd(8), INSTREAM); they are parsed there and nowhere here."""

import contextlib
import re
import socket
import struct
import time
from typing import NamedTuple, Self

from faultdesk.errors import OutageError, TransientError

_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096
_PORTS = 65536
_TOO_LARGE = "INSTREAM size limit exceeded"
_VERDICT = re.compile(r"stream: (?:OK|(?P<signature>\S{1,500}) FOUND)")


class ClamdUnavailableError(OutageError):
    """clamd cannot be reached: nothing can be scanned."""


class ScanFailedError(TransientError):
    """clamd was reached, but gave no verdict on these octets."""


class Verdict(NamedTuple):
    """What clamd found: a signature's name, or nothing; or why it did not look at all of it."""

    signature: str = ""
    unscanned: str = ""


def is_address(address: str) -> bool:
    """Tell whether this is an absolute path or HOST:PORT."""
    host, _, port = address.rpartition(":")
    return address.startswith("/") or (
        bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < _PORTS
    )


class Clamd:
    """One clamd, behind a UNIX socket's path or "HOST:PORT"; each question is a connection of its own."""

    def __init__(self, address: str, seconds: float) -> None:
        """Take where it is, and how long a question may take from connecting to the answer."""
        self._address = address
        self._seconds = seconds

    def ping(self) -> None:
        """Ask whether it is there.

        Raises:
            ClamdUnavailableError: It is not.
        """
        with self._connect() as question:
            try:
                question.send(b"zPING\0")
                answer = question.answer()
            except OSError as error:
                raise ClamdUnavailableError(f"clamd at {self._address}: {error}") from error
        if answer != "PONG":
            raise ClamdUnavailableError(f"clamd at {self._address}: answered {answer[:80]!r} to PING")

    def scan(self, octets: bytes) -> Verdict:
        """Have octets scanned.

        Raises:
            ClamdUnavailableError: Nobody is there; another time.
            ScanFailedError: It hung up over them, took too long or said what we do not know.
        """
        with self._connect() as question:
            try:
                return _verdict(question.stream(octets))
            except TimeoutError as error:
                raise ScanFailedError(f"clamd gave no answer within {self._seconds:g} s") from error
            except OSError as error:
                raise ScanFailedError(f"clamd hung up over it: {error}") from error

    def _connect(self) -> "_Question":
        until = time.monotonic() + self._seconds
        host, _, port = self._address.rpartition(":")
        try:
            if not self._address.startswith("/"):
                return _Question(
                    socket.create_connection((host.strip("[]"), int(port)), self._seconds), until
                )
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._seconds)
            try:
                connection.connect(self._address)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise ClamdUnavailableError(f"clamd at {self._address}: {error}") from error
        return _Question(connection, until)


class _Question:
    """A connection on which one thing is asked, until one moment for all of it."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, octets: bytes) -> None:
        """Send all."""
        self._patiently().sendall(octets)

    def stream(self, octets: bytes) -> str:
        """Send in chunks, each after its length, to an empty one."""
        self.send(b"zINSTREAM\0")
        try:
            for start in range(0, len(octets), _CHUNK):
                chunk = octets[start : start + _CHUNK]
                self.send(struct.pack("!L", len(chunk)) + chunk)
            self.send(struct.pack("!L", 0))
        except (BrokenPipeError, ConnectionResetError) as error:
            # It says why before it hangs up: that they are too many, mostly.
            with contextlib.suppress(OSError):
                if said := self.answer():
                    return said
            raise error from None
        return self.answer()

    def answer(self) -> str:
        """Read up to the zero octet that ends an answer, or to the end."""
        read = b""
        while b"\0" not in read and len(read) < _LONGEST_ANSWER:
            octets = self._patiently().recv(_LONGEST_ANSWER)
            if not octets:
                break
            read += octets
        return read.partition(b"\0")[0].decode("utf-8", "replace").strip()

    def _patiently(self) -> socket.socket:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._connection.settimeout(left)
        return self._connection


def _verdict(answer: str) -> Verdict:
    if answer.startswith(_TOO_LARGE):
        return Verdict(unscanned="it is larger than clamd's StreamMaxLength")
    if not answer:
        raise ScanFailedError("clamd hung up over it")
    match = _VERDICT.fullmatch(answer)
    if match is None:
        raise ScanFailedError(f"clamd answered {answer[:200]!r}")
    signature = match["signature"] or ""
    if signature.startswith("Heuristics.Limits.Exceeded"):
        return Verdict(unscanned=f"it goes beyond clamd's limits ({signature})")
    return Verdict(signature)
