"""Has pages read by one child process, which is started when it is needed and ended when it is idle."""

import sys
import threading
import time
from collections.abc import Sequence

import msgspec

from faultdesk.adapters.pages.exchange import Handlers, NextPage, PageAnswer, PagesItem
from faultdesk.domain.fax import Page
from faultdesk.reading.exchange import ReadingFailure, ReadingLimits
from faultdesk.reading.process import ReaderProcess, ReadersUnavailableError

# -P: the working directory must not offer modules to import.
_COMMAND = (sys.executable, "-P", "-m", "faultdesk.adapters.pages.child")
_MIB = 1024 * 1024
_MOST_FAILURES = 3
"""Pages of one fax that may end the child."""


class PageLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What reading pages may take."""

    pages: int = 20
    """Of one fax; the others are kept unread."""
    seconds: float = 60.0
    """For one fax; what is not read by then is kept unread."""
    memory_octets: int = 2560 * _MIB
    """Of address space, of which models map much more than they use."""
    recycle_octets: int = 1100 * _MIB
    """A child that has come to hold more is ended after its fax."""
    idle_seconds: float = 300.0


class PageReaders:
    """One child, asked for one page at a time; what ends it is told on its page, and the next page is read."""

    def __init__(self, handlers: Handlers, limits: PageLimits | None = None) -> None:
        self._limits = limits or PageLimits()
        command = (*_COMMAND, msgspec.json.encode(handlers).decode())
        reading = ReadingLimits(
            seconds=self._limits.seconds, memory_octets=self._limits.memory_octets, open_files=64
        )
        self._child = ReaderProcess(command, reading, PageAnswer)
        self._turn = threading.Lock()
        self._closed = False
        self._used_at = time.monotonic()

    def read(self, content: bytes, documents: Sequence[str]) -> tuple[Page, ...]:
        """Read the pages of the attachments of these names of a mail.

        Raises:
            ReadersUnavailableError: No child can be started, or `close` was called: no page is to blame.
        """
        with self._turn:
            try:
                return tuple(self._read(content, tuple(documents)))
            finally:
                self._used_at = time.monotonic()
                if self._child.resident_octets() > self._limits.recycle_octets:
                    self._child.close()

    def rest(self) -> None:
        """End a child that has nothing to do."""
        idle = time.monotonic() - self._used_at
        if idle > self._limits.idle_seconds and self._turn.acquire(blocking=False):
            try:
                self._child.close()
            finally:
                self._turn.release()

    def close(self) -> None:
        """End the child; a `read` that waits for it raises."""
        self._closed = True
        self._child.kill()
        with self._turn:
            self._child.close()

    def _read(self, content: bytes, documents: tuple[str, ...]) -> list[Page]:
        until = time.monotonic() + self._limits.seconds
        pages: list[Page] = []
        failures = 0
        request: PagesItem | NextPage = self._opened(content, documents, 0)
        while True:
            answer = self._child.ask(request)
            if self._closed:
                raise ReadersUnavailableError("the reader of pages is closed")
            if isinstance(answer, ReadingFailure):
                failures += 1
                pages.append(Page(number=len(pages) + 1, problem=f"not read: {answer.reason}"))
                request = self._opened(content, documents, len(pages))
            elif answer.page is None:
                return pages
            else:
                pages.append(answer.page)
                request = NextPage()
            if failures == _MOST_FAILURES or time.monotonic() > until or len(pages) > self._limits.pages:
                return self._cut(pages)

    def _cut(self, pages: list[Page]) -> list[Page]:
        """Say that there may be more; the child goes, which has the rest of this fax in hand."""
        self._child.close()
        if len(pages) <= self._limits.pages:
            pages.append(
                Page(number=len(pages) + 1, problem="this page and what follows it were not read in time")
            )
        return pages

    def _opened(self, content: bytes, documents: tuple[str, ...], first: int) -> PagesItem:
        return PagesItem(content=content, documents=documents, first=first, most=self._limits.pages)
