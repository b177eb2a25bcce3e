"""A reading child: messages in on stdin, answers out on stdout, under limits that it sets itself.

What goes wrong ends it, with the traceback on stderr: the parent tells, and starts a fresh one. It ends
with its parent, whose death closes stdin; in a loop the kernel's alarm ends it even without a parent.
"""

import os
import resource
import signal
import sys
from typing import BinaryIO

import msgspec

from faultdesk.reading.exchange import LENGTH, READY, RawItem
from faultdesk.reading.mime import read_message

_GRACE_SECONDS = 5.0
"""After which the alarm does what the parent should have done."""


def main() -> None:
    """Read messages until stdin ends. Arguments: octets of memory, open files, seconds for one message."""
    memory, files, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    # What a library prints must not mingle with the answers.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        set_limits(memory, files)
        _serve(sys.stdin.buffer, answers, seconds)


def set_limits(memory: int, files: int) -> None:
    """Give up, for good, what reading does not need: much memory, many files, writing any."""
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (allowed, allowed))


def _serve(requests: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    decoder, encoder = msgspec.msgpack.Decoder(RawItem), msgspec.json.Encoder()
    write_frame(answers, READY)
    while len(length := requests.read(LENGTH.size)) == LENGTH.size:
        item = decoder.decode(requests.read(LENGTH.unpack(length)[0]))
        signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE_SECONDS)
        message = read_message(
            item.content,
            size=item.size,
            truncated=item.truncated,
            headers_only=item.headers_only,
            files_closed=item.files_closed,
        )
        answer = encoder.encode(msgspec.structs.replace(message, id=item.id))
        signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(answers, answer)


def write_frame(answers: BinaryIO, frame: bytes) -> None:
    """Write one frame: its length, and it."""
    answers.write(LENGTH.pack(len(frame)) + frame)
    answers.flush()


if __name__ == "__main__":
    main()
