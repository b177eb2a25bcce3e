"""The octets of an SMTP connection: every answer ends in time or in an error.

smtplib limits the time between two octets only: a server that trickles would hold up all mail for ever.
"""

import smtplib
import socket
import ssl
import time

from faultdesk.adapters.keepalive import keep_alive
from faultdesk.config.settings import Security, SmtpSettings

_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.PLAIN: 25}
_VERDICT_TIMEOUTS = 3
"""A server may scan a mail before it answers, and giving it up early sends the mail twice (RFC 5321, 4.5.3.2.6)."""
_PIECE_OCTETS = 64 * 1024
_ANSWER_OCTETS = 1024 * 1024


class Wire(smtplib.SMTP):
    """An SMTP connection, under TLS from the start if `context` is given."""

    def __init__(self, settings: SmtpSettings, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._patience = 1
        port = settings.port or _PORTS[settings.security]
        super().__init__(settings.host, port, settings.helo_name or None, settings.timeout.total_seconds())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        # The last piece of a mail must not wait until the pieces before it are confirmed.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(plain)
        if self._context is None:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer, all its lines within the timeout."""
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock)
        if isinstance(self.file, _Lines):
            self.file.begin(self._patience * self.timeout)
        return super().getreply()

    def hand_over(self, octets: bytes) -> tuple[int, bytes]:
        """Send a whole mail behind DATA's 354, and return the verdict on it."""
        # In pieces: the timeout is for one call, and a large mail may take a slow line some minutes.
        for start in range(0, len(octets), _PIECE_OCTETS):
            self.send(octets[start : start + _PIECE_OCTETS])
        self._patience = _VERDICT_TIMEOUTS
        try:
            return self.getreply()
        finally:
            self._patience = 1


class _Lines:
    """What smtplib reads from instead of a buffered file, of which no deadline knows anything."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._unread = bytearray()
        self._until = 0.0
        self._octets_left = 0

    def begin(self, seconds: float) -> None:
        """Give the next answer so long."""
        self._until = time.monotonic() + seconds
        self._octets_left = _ANSWER_OCTETS

    def readline(self, size: int) -> bytes:
        """Read a line, or what there is of it when the server hung up."""
        while (end := self._unread.find(b"\n") + 1) == 0 and len(self._unread) < size:
            if not self._receive():
                break
        line = bytes(self._unread[: end or size])
        del self._unread[: end or size]
        return line

    def close(self) -> None:
        """Do nothing: the socket is closed by itself."""

    def _receive(self) -> bool:
        seconds = self._until - time.monotonic()
        if seconds <= 0 or self._octets_left <= 0:
            raise TimeoutError("timed out: the server takes too long over its answer")
        patient = self._sock.gettimeout()
        self._sock.settimeout(seconds)
        try:
            received = self._sock.recv(_PIECE_OCTETS)
        finally:
            self._sock.settimeout(patient)
        self._octets_left -= len(received)
        self._unread += received
        return bool(received)
