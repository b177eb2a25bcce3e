"""audit: that nothing is missing, between the mailboxes, the ledgers and the tickets' logs."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

import msgspec

from faultdesk.domain.replay import Standing, replay
from faultdesk.domain.ticket import Event
from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.ports import Cursor, Mailbox

PATIENCE = timedelta(hours=1)
"""What waits longer than this does not wait, it is stuck."""
_LOOKED_UP_AT_ONCE = 500
_LISTED = 1000


class Finding(msgspec.Struct, frozen=True):
    """Something that is missing or does not agree, and what a person can do about it."""

    subject: str
    problem: str
    remedy: str


class Logged(msgspec.Struct, frozen=True):
    """A ticket as it is stored, beside its log."""

    reference: str
    stored: Standing
    log: tuple[Event, ...]


class Books(Protocol):
    """The ledgers as an auditor reads them: in runs, in bounded memory, without keeping anybody waiting.

    Every method raises DatabaseUnavailableError.
    """

    def cursor(self, mailbox_name: str) -> Cursor | None:
        """Tell how far a mailbox has been collected."""

    def collected_since(self, mailbox_name: str) -> datetime | None:
        """Tell when the first message of a mailbox was stored."""

    def unknown_uids(self, mailbox_name: str, uid_validity: int, uids: Sequence[str]) -> list[str]:
        """Pick the UIDs that are not in the ledger."""

    def is_known(self, mailbox_name: str, sha256: bytes) -> bool:
        """Tell whether a message of these octets is in the ledger."""

    def logs(self) -> Iterator[Logged]:
        """Read every ticket with what its standing follows from."""

    def faults(self, before: datetime, kinds: Collection[str]) -> Iterator[Finding]:
        """Find what is stuck since `before`, not acknowledged, not sent, or points at nothing.

        `kinds`: the jobs that somebody performs.
        """

    def counts(self) -> tuple[int, int]:
        """Count messages and tickets."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit found: the first thousand findings, and how many there are."""

    findings: list[Finding]
    total: int
    summary: str


def audit(books: Books, mailboxes: Sequence[Mailbox], kinds: Collection[str], now: datetime) -> Report:
    """Audit everything; the mailboxes are connections of its own, and are closed.

    Raises:
        DatabaseUnavailableError: There is no result.
    """
    messages, tickets = books.counts()
    found = _all(books, mailboxes, kinds, now - PATIENCE)
    findings = list(islice(found, _LISTED))
    total = len(findings) + sum(1 for _ in found)
    looked_at = _count(len(mailboxes), "mailbox", "mailboxes") if mailboxes else "no mailbox looked at"
    where = f"{_count(messages, 'message')}, {_count(tickets, 'ticket')}, {looked_at}"
    result = _count(total, "finding") if total else "nothing is missing"
    return Report(findings=findings, total=total, summary=f"{where}: {result}")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _all(
    books: Books, mailboxes: Iterable[Mailbox], kinds: Collection[str], before: datetime
) -> Iterator[Finding]:
    for mailbox in mailboxes:
        yield from _mailbox_findings(books, mailbox, before)
    yield from books.faults(before, kinds)
    for ticket in books.logs():
        if problem := _disagreement(ticket.stored, replay(ticket.log)):
            yield Finding(
                ticket.reference, problem, f"compare `faultdesk ticket {ticket.reference}` with a backup"
            )


def _mailbox_findings(books: Books, mailbox: Mailbox, before: datetime) -> Iterator[Finding]:
    subject = f"mailbox {mailbox.name}"
    try:
        mailbox.open()
        for uid in _unknown(books, mailbox, before):
            yield Finding(
                f"{subject}, UID {uid}",
                "is not in the ledger",
                "deliver it anew: move it to another folder and back (a Maildir's file: make it readable, in new/)",
            )
    except MailboxUnavailableError as error:
        yield Finding(subject, f"cannot be looked at: {error}", "`faultdesk check --online`")
    finally:
        mailbox.close()


def _unknown(books: Books, mailbox: Mailbox, before: datetime) -> Iterator[str]:
    """Yield the UIDs that the ledger knows neither by number nor, as after a rescan, by their octets."""
    # The cursor first: what is stored meanwhile lies above it.
    cursor = books.cursor(mailbox.name) or Cursor(0, 0)
    since = books.collected_since(mailbox.name) or before
    for run in mailbox.uids(cursor, since, before):
        for first in range(0, len(run), _LOOKED_UP_AT_ONCE):
            some = run[first : first + _LOOKED_UP_AT_ONCE]
            unknown = dict.fromkeys(books.unknown_uids(mailbox.name, cursor.uid_validity, some))
            for raw in mailbox.fetch(list(unknown)) if unknown else ():
                if books.is_known(mailbox.name, hashlib.sha256(raw.content).digest()):
                    unknown.pop(raw.uid, None)
            yield from unknown


def _disagreement(stored: Standing, played: Standing) -> str:
    differing = [
        f"{field} is {getattr(stored, field)}, its log says {getattr(played, field)}"
        for field in Standing.__struct_fields__
        if getattr(stored, field) != getattr(played, field)
    ]
    return "; ".join(differing)
