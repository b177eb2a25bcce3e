"""What goes to a reading child and what comes back over its pipes, each frame behind its length.

Questions are MessagePack, which holds octets; answers are JSON, which keeps the zone of a time.
"""

import os
import struct

import msgspec

LENGTH = struct.Struct(">I")
"""The octets of a frame, ahead of it."""
READY = b"ready"
"""A child's first frame: its limits hold and it can read."""
LONGEST_ANSWER = 64 * 1024 * 1024
"""Octets; no honest answer comes near, but a child that was taken over may claim more."""


class RawItem(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be read; `id` becomes the message's.

    `headers_only` looks at the header section alone: for a message that killed the reader before.
    """

    content: bytes
    size: int
    truncated: bool = False
    id: int = 0
    headers_only: bool = False
    files_closed: bool = False
    """Attachments are listed but not looked into: for a message whose documents killed the reader before."""


class ReadingFailure(msgspec.Struct, frozen=True):
    """Why a message could not be read: `reason` in a few words, `detail` a traceback or last words."""

    reason: str
    detail: str


class ReadingLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading child may take; `processes` None means one per core."""

    processes: int | None = None
    seconds: float = 20.0
    memory_octets: int = 512 * 1024 * 1024
    """Of address space: no child gets more."""
    resident_octets: int | None = None
    """Of memory it holds; one that maps much more than it uses is ended when it has more, as far as that is noticed."""
    open_files: int = 64

    def count(self) -> int:
        """Tell how many children there are."""
        return max(1, self.processes or os.cpu_count() or 1)
