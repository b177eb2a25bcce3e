"""An SMTP server of its own process: accepts everything, notes when which mail came.

    python -m benchmarks.sink PORT FILE

aiosmtpd, which the tests use, reads DATA line by line: with attachments it would be what is measured.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

END = b"\r\n.\r\n"
ANSWERS = {b"EHLO": b"250-sink\r\n250 8BITMIME", b"DATA": b"354 go ahead", b"QUIT": b"221 bye"}


class Sink(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, notes: TextIO) -> None:
        self.notes = notes
        self.unread = bytearray()
        self.in_data = False
        self.recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self._say(b"220 sink")

    def data_received(self, data: bytes) -> None:
        """Go through what came."""
        searched = max(0, len(self.unread) - len(END))
        self.unread += data
        while (end := self.unread.find(END if self.in_data else b"\r\n", searched)) >= 0:
            searched = 0
            taken = bytes(self.unread[:end])
            del self.unread[: end + (len(END) if self.in_data else 2)]
            if self.in_data:
                self._note(taken)
            else:
                self._obey(taken)

    def _obey(self, line: bytes) -> None:
        command = line[:4].upper()
        if command == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        self.in_data = command == b"DATA"
        self._say(ANSWERS.get(command, b"250 fine"))

    def _note(self, mail: bytes) -> None:
        """Write a line, as `Note` reads it."""
        head = mail.partition(b"\r\n\r\n")[0]
        answers, message_id = (_field(head, name) for name in (b"In-Reply-To:", b"Message-ID:"))
        digest = hashlib.sha256(mail).hexdigest()
        self.notes.write(f"{time.time():.6f} {self.recipient} {answers} {message_id} {digest}\n")
        self.in_data = False
        self._say(b"250 kept")

    def _say(self, line: bytes) -> None:
        self.transport.write(line + b"\r\n")


def _field(head: bytes, name: bytes) -> str:
    return head.partition(name)[2].partition(b"\r\n")[0].decode().strip() or "-"


class Note(NamedTuple):
    """What the sink wrote down of a mail; "-" where a field is missing."""

    at: float
    recipient: str
    in_reply_to: str
    message_id: str
    sha256: str


def read_notes(path: Path) -> Iterator[Note]:
    """Give what came, oldest first."""
    for line in path.read_text().splitlines() if path.exists() else ():
        at, *fields = line.split(" ")
        yield Note(float(at), *fields)


async def serve(port: int, path: Path) -> None:
    """Serve until killed."""
    with path.open("w", buffering=1) as notes:
        server = await asyncio.get_running_loop().create_server(lambda: Sink(notes), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
