"""The first ledger: messages as they came, and what is still to be read of them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from faultdesk.domain.fax import Page
from faultdesk.pipeline.ports import Batch, Cursor


class InboxState(StrEnum):
    """Where a received message is; all but `received` and `pages` are terminal."""

    RECEIVED = "received"
    PAGES = "pages"
    """It waits for its pages to be read; then it is `received` again."""
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class Received(msgspec.Struct, frozen=True):
    """A stored message that waits for triage."""

    id: int
    mailbox: str
    content: bytes
    arrived_at: datetime
    size: int
    truncated: bool
    ticket_id: int | None = None
    """Of one that was put back: the ticket that says it could not be read."""
    strikes: int = 0
    """Attempts at it that failed."""
    pages: tuple[Page, ...] | None = None
    """What was read on its pages; None when nobody looked yet."""
    is_left: bool = False
    """A daemon that is gone had it in hand, which it may have been that ended it."""


class PagesWanted(msgspec.Struct, frozen=True):
    """A message whose pages are to be read: those of the documents of these names."""

    inbox_id: int
    content: bytes
    documents: tuple[str, ...]
    attempts: int
    """How often that was begun, this time included."""


class Inbox(Protocol):
    """The ledger of notices: every message that ever reached a mailbox, with its octets."""

    def cursor(self, mailbox_name: str) -> Cursor | None:
        """Tell how far this mailbox has been collected."""

    def add(self, mailbox_name: str, batch: Batch, now: datetime) -> int:
        """Store what is not known yet, move the cursor; return how many were new.

        Raises:
            SupersededError: Another daemon collects this mailbox now.
        """

    def unsettled(self, mailbox_name: str) -> tuple[str, ...]:
        """Name the UIDs that were stored and not yet marked done on the server."""

    def settle(self, mailbox_name: str, uids: Sequence[str]) -> None:
        """Note that these were marked done on the server."""

    def is_well_since(self, mailbox_name: str, moment: datetime) -> bool:
        """Tell whether a mailbox was reported as reached since then, and no error after it."""

    def is_any_away(self) -> bool:
        """Tell whether a mailbox could not be reached when it was looked for last."""

    def report(self, mailbox_name: str, now: datetime, error: str | None) -> None:
        """Note that a mailbox was reached just now, or why it was not."""

    def claim(self, limit: int, most_octets: int) -> list[Received]:
        """Take the oldest that wait in hand, at most so many and so large; at least one if there is any.

        Not those that another living daemon has in hand. What is done with one that was taken over since
        raises SupersededError.
        """

    def is_any_waiting(self) -> bool:
        """Tell whether messages wait for triage."""

    def waiting(self) -> int:
        """Count the messages that wait for triage and that nobody has in hand."""

    def done(self, inbox_id: int, ticket_id: int | None) -> None:
        """End in a ticket."""

    def ignore(self, inbox_id: int, reason: str, ticket_id: int | None = None) -> None:
        """End without opening a ticket."""

    def strike(self, inbox_id: int, error: str) -> int:
        """Count a failure; return how many there are now."""

    def begin(self, inbox_id: int) -> int:
        """Count an attempt that may end the process; return how many ended it, if this one does."""

    def survive(self, inbox_id: int) -> None:
        """Note that the process is still there."""

    def fail(self, inbox_id: int, ticket_id: int | None = None) -> None:
        """Set aside."""

    def content(self, inbox_id: int) -> bytes:
        """Give the octets as they came, withheld or not.

        Raises:
            NotFoundError: There is no such message, or it was purged.
        """

    def ticket_of(self, inbox_id: int) -> int | None:
        """Tell which ticket a message was filed on."""


class Pages(Protocol):
    """The ledger of pages to be read, one message at a time."""

    def want(self, inbox_id: int, documents: Sequence[str], look_at: datetime) -> None:
        """Let a message in hand wait until its pages are read, not before `look_at`.

        Raises:
            SupersededError: Another daemon has it in hand.
        """

    def is_any_waiting(self, now: datetime) -> bool:
        """Tell whether messages wait whose pages may be read now."""

    def next(self, now: datetime) -> PagesWanted | None:
        """Take the oldest in hand that waits, its attempts counted with this one."""

    def put(self, inbox_id: int, read: Sequence[Page]) -> None:
        """Keep what was read, and let the message be decided.

        Raises:
            SupersededError: Another daemon has it in hand.
        """
