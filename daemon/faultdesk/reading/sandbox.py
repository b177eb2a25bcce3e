"""Has messages read by child processes, so that one which kills or hangs its reader harms nothing else."""

import queue
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor

from faultdesk.domain.message import InboundMessage
from faultdesk.reading.exchange import RawItem, ReadingFailure, ReadingLimits
from faultdesk.reading.process import ReaderProcess, ReadersUnavailableError

# -P: the working directory must not offer modules to import.
_COMMAND = (sys.executable, "-P", "-m", "faultdesk.reading.child")
_CLOSED = "the readers are closed"


class Readers:
    """Reading children, started when first needed. Any thread may call."""

    def __init__(self, limits: ReadingLimits | None = None, command: Sequence[str] = _COMMAND) -> None:
        """Prepare them; `command` starts a child, the limits are appended to it."""
        limits = limits or ReadingLimits()
        self._children = [ReaderProcess(command, limits, InboundMessage) for _ in range(limits.count())]
        self._idle: queue.LifoQueue[ReaderProcess[InboundMessage]] = queue.LifoQueue()
        for child in self._children:
            self._idle.put(child)
        self._threads = ThreadPoolExecutor(len(self._children), thread_name_prefix="reader")
        self._closed = threading.Event()

    def read(self, items: Sequence[RawItem]) -> list[InboundMessage | ReadingFailure]:
        """Read messages, several at a time; answers stand in the order of the items.

        Raises:
            ReadersUnavailableError: No child can be started, or `close` was called: no message is to blame.
        """
        if self._closed.is_set():
            raise ReadersUnavailableError(_CLOSED)
        if len(items) == 1:
            return [self._read_one(items[0])]
        try:
            return list(self._threads.map(self._read_one, items))
        except (CancelledError, RuntimeError) as error:
            raise ReadersUnavailableError(_CLOSED) from error

    def close(self) -> None:
        """End the children; a `read` that waits for them raises."""
        self._closed.set()
        for child in self._children:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        # Only a child that nobody uses any more may be closed: its descriptors go to whoever comes next.
        ended = [self._idle.get() for _ in self._children]
        for child in ended:
            child.close()
            self._idle.put(child)

    def _read_one(self, item: RawItem) -> InboundMessage | ReadingFailure:
        child = self._idle.get()
        try:
            if not self._closed.is_set():
                answer = child.ask(item)
            if self._closed.is_set():
                raise ReadersUnavailableError(_CLOSED)
        finally:
            self._idle.put(child)
        return answer
