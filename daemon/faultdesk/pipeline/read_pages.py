"""Has the pages of faxes and pictures read, one message at a time, beside everything else."""

import structlog

from faultdesk.domain.fax import Page
from faultdesk.pipeline.inbox import PagesWanted
from faultdesk.pipeline.ports import Clock, PageReader
from faultdesk.pipeline.store import Store

log = structlog.get_logger()

_ATTEMPTS = 3
"""After which a message is decided without its pages."""


class PagesReading:
    """Takes what waits for its pages, and lets it be decided once they are read."""

    def __init__(self, store: Store, reader: PageReader, clock: Clock) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock

    def read_next(self) -> bool:
        """Read the pages of the message that waits longest; False when none does.

        Raises:
            TransientError: Pages cannot be read now; the message waits where it is.
        """
        with self._store.read() as tx:
            if not tx.pages.is_any_waiting(self._clock.now()):
                return False
        # Counted before it begins: afterwards there may be nobody to count it.
        with self._store.write() as tx:
            wanted = tx.pages.next(self._clock.now())
        if wanted is None:
            return False
        pages = self._read(wanted)
        with self._store.write() as tx:
            tx.pages.put(wanted.inbox_id, pages)
        log.info("pages.read", inbox=wanted.inbox_id, pages=len(pages))
        return True

    def _read(self, wanted: PagesWanted) -> tuple[Page, ...]:
        if not wanted.documents:
            return ()
        if wanted.attempts > _ATTEMPTS:
            log.error("pages.given_up", inbox=wanted.inbox_id)
            return (Page(number=1, problem="each time these pages were read, the daemon ended"),)
        return self._reader.read(wanted.content, wanted.documents)
