"""A reading child that does what a message's subject says, for the tests of the sandbox."""

import os
import signal
import sys
from collections.abc import Callable

from faultdesk.domain.message import InboundMessage
from faultdesk.reading import child, read_message
from faultdesk.reading.exchange import LENGTH

_ANSWERS = os.dup(1)


def tell_environment() -> None:
    raise RuntimeError(sorted(os.environ))


DEEDS: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hang": signal.pause,
    "eat memory": lambda: bytearray(4 * 1024**3),
    "open files": lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(200)],
    "write a file": lambda: os.write(os.memfd_create("written"), b"x"),
    "bomb": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "raise": lambda: 1 // 0,
    "raise environment": tell_environment,
    "shout": lambda: sys.stderr.write("no! " * 100_000),
    "lie": lambda: os.write(_ANSWERS, LENGTH.pack(3) + b"lie"),
    "boast": lambda: os.write(_ANSWERS, LENGTH.pack(2**32 - 1)),
}


def misbehave(
    raw: bytes, *, size: int, truncated: bool, headers_only: bool, files_closed: bool
) -> InboundMessage:
    message = read_message(
        raw, size=size, truncated=truncated, headers_only=headers_only, files_closed=files_closed
    )
    if not (files_closed and message.subject.endswith("bomb")):
        DEEDS.get(message.subject, bool)()
    return message


setattr(child, "read_message", misbehave)  # noqa: B010  the child module does not export it
child.main()
