"""The octets of an IMAP connection: read with a limit on time and on amount.

imaplib reads through a buffered file, of which neither a poll nor a deadline knows anything. Its
documentation lets `read`, `readline` and `send` be replaced, so here they are.
"""

import contextlib
import imaplib
import select
import socket
import ssl
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from faultdesk.adapters.keepalive import keep_alive

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CHUNK_OCTETS = 256 * 1024
# A line longer than this is no answer to anything we ask: SEARCH asks for ranges.
_LINE_OCTETS = 4 * 1024 * 1024
# A step may last the timeout and a second more for each 4 KiB; a server that trickles loses its session.
_SLOWEST_OCTETS_PER_SECOND = 4096


class Wire(imaplib.IMAP4):
    """An IMAP connection whose every step, from one command to the next, ends in time or in an error.

    `max_octets` bounds what one command may bring.
    """

    def __init__(
        self, host: str, port: int, timeout_seconds: float, max_octets: int, context: ssl.SSLContext | None
    ) -> None:
        self._context = context
        self._timeout_seconds = timeout_seconds
        self._max_octets = max_octets
        self._unread = bytearray()
        self._unread_from: socket.socket | None = None
        self._begin_step()
        super().__init__(host, port, timeout_seconds)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout)
        keep_alive(plain)  # an IDLE that lasts minutes must notice a peer that is gone
        if self._context is None:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def send(self, data: "ReadableBuffer") -> None:
        """Send a command or a part of it: a new step begins."""
        self._begin_step()
        super().send(data)

    def read(self, size: int) -> bytes:
        """Read a literal."""
        self._forget_unprotected()
        if size > self._max_octets:
            raise self.abort(f"the server announces {size} octets, more than anything we asked for")
        while len(self._unread) < size:
            self._receive()
        return self._take(size)

    def readline(self) -> bytes:
        """Read a line with its end."""
        self._forget_unprotected()
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > _LINE_OCTETS:
                raise self.abort(f"a line of more than {_LINE_OCTETS} octets")
            self._receive()
        return self._take(end + 1)

    @contextlib.contextmanager
    def impatient(self, seconds: float | None) -> Iterator[None]:
        """Let the steps inside end within `seconds`, if it is given."""
        patient = self._timeout_seconds
        self._timeout_seconds = patient if seconds is None else min(patient, seconds)
        self.sock.settimeout(self._timeout_seconds)
        try:
            yield
        finally:
            self._timeout_seconds = patient
            with contextlib.suppress(OSError):  # it may be closed
                self.sock.settimeout(patient)

    def wait_readable(self, seconds: float, alarm: socket.socket) -> bool:
        """Wait until the server said something or hung up; false after `seconds` or when `alarm` is readable."""
        # What TLS or we have read ahead does not make the socket readable again.
        if self._unread or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        poll.register(alarm, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(max(seconds, 0) * 1000)}
        return self.sock.fileno() in ready and alarm.fileno() not in ready

    def _begin_step(self) -> None:
        self._deadline = time.monotonic() + self._timeout_seconds
        self._received = 0

    def _forget_unprotected(self) -> None:
        if self.sock is not self._unread_from:
            # What came before STARTTLS anyone may have written: it is not to be believed after it.
            self._unread.clear()
            self._unread_from = self.sock

    def _receive(self) -> None:
        if time.monotonic() > self._deadline + self._received / _SLOWEST_OCTETS_PER_SECOND:
            raise TimeoutError("the server takes too long over its answer")
        if self._received > self._max_octets:
            raise self.abort(f"an answer of more than {self._max_octets} octets")
        received = self.sock.recv(_CHUNK_OCTETS)
        if not received:
            raise self.abort("the server hung up")
        self._received += len(received)
        self._unread += received

    def _take(self, size: int) -> bytes:
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken
