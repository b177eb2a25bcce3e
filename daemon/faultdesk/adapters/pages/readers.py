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
_FEWEST_SECONDS = 1.0
"""For a page, even if the fax's own are nearly over."""
_PATIENCE_SECONDS = 600.0
"""For a fax on a machine that is so busy that the child hardly gets a processor."""


class PageLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What reading pages may take."""

    pages: int = 20
    """Of one fax; the others are kept unread."""
    seconds: float = 60.0
    """For one fax, without waiting for a processor; what is not read by then is kept unread."""
    memory_octets: int = 2560 * _MIB
    """Of address space, of which models map much more than they use."""
    resident_octets: int = 950_000_000
    """Of memory, at any time, as often as it is looked at: the rest to a gigabyte is for what comes in between, when models read."""
    recycle_octets: int = 850_000_000
    """A child that has come to hold more is ended after its fax."""
    idle_seconds: float = 300.0


class PageReaders:
    """One child, asked for one page at a time; what ends it is told on its page, and the next page is read."""

    def __init__(self, handlers: Handlers, limits: PageLimits | None = None) -> None:
        self.limits = limits or PageLimits()
        command = (*_COMMAND, msgspec.json.encode(handlers).decode())
        reading = ReadingLimits(
            seconds=self.limits.seconds,
            memory_octets=self.limits.memory_octets,
            resident_octets=self.limits.resident_octets,
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
            self._refuse_if_closed()
            try:
                return tuple(self._read(content, tuple(documents)))
            finally:
                self._used_at = time.monotonic()
                if self.resident_octets() > self.limits.recycle_octets:
                    self._child.close()

    def resident_octets(self) -> int:
        """Tell how much memory the child holds; 0 when there is none."""
        return self._child.resident_octets()

    def rest(self) -> None:
        """End a child that has nothing to do."""
        idle = time.monotonic() - self._used_at
        if idle > self.limits.idle_seconds and self._turn.acquire(blocking=False):
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
        spent, until = 0.0, time.monotonic() + max(_PATIENCE_SECONDS, self.limits.seconds)
        pages: list[Page] = []
        failures = 0
        request: PagesItem | NextPage = self._opened(content, documents, 0)
        while True:
            answer = self._child.ask(request, max(_FEWEST_SECONDS, self.limits.seconds - spent))
            spent += self._child.taken_seconds
            self._refuse_if_closed()
            if isinstance(answer, ReadingFailure):
                failures += 1
                pages.append(Page(number=len(pages) + 1, problem=f"not read: {answer.reason}"))
                request = self._opened(content, documents, len(pages))
            elif answer.page is None:
                return pages
            else:
                pages.append(answer.page)
                request = NextPage()
            if failures == _MOST_FAILURES or len(pages) > self.limits.pages:
                return self._cut(pages, f"{failures} pages ended the reader")
            if spent > self.limits.seconds or time.monotonic() > until:
                return self._cut(pages, "reading took too long")

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ReadersUnavailableError("the reader of pages is closed")

    def _cut(self, pages: list[Page], reason: str) -> list[Page]:
        """Say that there may be more; the child goes, which has the rest of this fax in hand."""
        self._child.close()
        if len(pages) <= self.limits.pages:
            problem = f"{reason}: what may follow was not read"
            pages.append(Page(number=len(pages) + 1, problem=problem, is_left_out=True))
        return pages

    def _opened(self, content: bytes, documents: tuple[str, ...], first: int) -> PagesItem:
        return PagesItem(
            content=content,
            documents=documents,
            first=first,
            most=self.limits.pages,
            resident_octets=self.limits.resident_octets,
        )
