"""An IMAP server that says what a test wants said: for servers that Dovecot is too good to imitate."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Self

from servers.certificates import Certificate

HANG_UP = b"<hang up>"
SILENCE = b"<silence>"
TRICKLE = b"<trickle>"

_COMMAND = re.compile(rb"(?P<tag>\S+) (?P<verb>(?:UID )?\S+)(?P<rest>.*)", re.IGNORECASE)
_SELECTED = (
    b"* FLAGS (\\Seen)\r\n* 0 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 1] next\r\n"
    b"* OK [PERMANENTFLAGS (\\Seen \\*)] keywords\r\n{tag} OK [READ-WRITE] selected\r\n"
)


class ScriptedImap:
    """Serves one connection after the other on loopback; use it in a `with` statement.

    `answers`: by verb ("SELECT", "UID FETCH", "DONE"), the octets to send, or several to send one
    after the other, of which the last is repeated; `{tag}` stands for the command's tag, HANG_UP, SILENCE and TRICKLE (an octet now and then, for ever) for themselves, also at the end of other octets.
    Every other command is granted.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        answers: Mapping[str, bytes] | Mapping[str, bytes | list[bytes]],
        *,
        capabilities: str = "IMAP4rev1",
        greeting: bytes = b"* OK ready\r\n",
        certificate: Certificate | None = None,
    ) -> None:
        usual: dict[str, bytes | list[bytes]] = {
            "CAPABILITY": f"* CAPABILITY {capabilities}\r\n{{tag}} OK done\r\n".encode(),
            "SELECT": _SELECTED,
            "EXAMINE": _SELECTED,
            "UID SEARCH": b"* SEARCH\r\n{tag} OK done\r\n",
            "IDLE": b"+ idling\r\n",
        }
        self._answers = {**usual, **answers}
        self._greeting = greeting
        self._certificate = certificate
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.commands: list[str] = []
        self._thread = threading.Thread(target=self._serve)
        self._connection: socket.socket | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def verbs(self) -> list[str]:
        """Tell the verbs received so far."""
        return [
            match["verb"].decode().upper()
            for line in self.commands
            if (match := _COMMAND.match(line.encode()))
        ]

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                self._connection, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                self._talk(self._connection)
            self._connection.close()

    def _talk(self, connection: socket.socket) -> None:
        connection.sendall(self._greeting.removesuffix(HANG_UP))
        if self._greeting.endswith(HANG_UP):
            return
        idle_tag = b""
        lines = connection.makefile("rb")
        with contextlib.ExitStack() as opened:
            opened.enter_context(lines)
            while line := lines.readline():
                self.commands.append(line.decode(errors="replace").strip())
                match = _COMMAND.match(line)
                tag, verb = (match["tag"], match["verb"].decode().upper()) if match else (idle_tag, "DONE")
                idle_tag = tag if verb == "IDLE" else idle_tag
                answer = self._answer(verb)
                spoken = answer.removesuffix(HANG_UP).removesuffix(SILENCE).removesuffix(TRICKLE)
                connection.sendall(spoken.replace(b"{tag}", tag))
                while answer.endswith(TRICKLE) and not self._stopping.wait(0.02):
                    connection.sendall(b"*")
                if answer.endswith(HANG_UP):
                    return
                if verb == "STARTTLS" and self._certificate is not None:
                    connection = opened.enter_context(self._protect(connection, self._certificate))
                    lines = opened.enter_context(connection.makefile("rb"))

    def _answer(self, verb: str) -> bytes:
        answer = self._answers.get(verb, b"{tag} OK done\r\n")
        if isinstance(answer, bytes):
            return answer
        return answer.pop(0) if len(answer) > 1 else answer[0]

    def _protect(self, connection: socket.socket, certificate: Certificate) -> ssl.SSLSocket:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.chain, certificate.key)
        protected = context.wrap_socket(connection, server_side=True)
        self._connection = protected
        return protected
