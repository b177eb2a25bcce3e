"""The parts of a desk that a random walk breaks: a store that dies at a commit, a mailbox that misbehaves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from faultdesk.adapters.sql.store import SqlStore, SqlTransaction
from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage
from faultdesk.reading import RawItem, read_message


class Killed(BaseException):
    """What no handler of exceptions survives, as no process survives SIGKILL."""


class MortalStore(SqlStore):
    """Dies at a commit that was chosen: just before it, or just after."""

    doom = 0
    """The how manieth commit from now; 0: none."""
    after = False

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        with self.database.write() as connection:
            transaction = SqlTransaction(connection, self.daemon)
            yield transaction
            for action in transaction.committing:
                action()
            is_last = self.doom == 1
            self.doom = max(0, self.doom - 1)
            if is_last and not self.after:
                raise Killed
        if is_last:
            raise Killed
        for action in transaction.committed:
            action()


class MemoryMailbox:
    """A folder with UIDs, whose server may go away in the middle or give the folder a new UIDVALIDITY."""

    name = "service"

    def __init__(self) -> None:
        self.messages: dict[int, tuple[bytes, datetime]] = {}
        self.validity = 1
        self.next_uid = 1
        self.batches_left: int | None = None
        """Fetched before the server goes away; None: all."""

    def deliver(self, content: bytes, at: datetime) -> None:
        self.messages[self.next_uid] = (content, at)
        self.next_uid += 1

    def renumber(self) -> None:
        self.validity += 1
        self.messages = dict(enumerate(self.messages.values(), 1))
        self.next_uid = len(self.messages) + 1

    def open(self) -> None:
        if self.batches_left == 0:
            raise MailboxUnavailableError("refused")

    def fetch_new(self, cursor: Cursor | None) -> Iterator[Batch]:
        is_other = cursor is not None and cursor.uid_validity != self.validity
        last = 0 if cursor is None or is_other else cursor.last_uid
        uids = [uid for uid in self.messages if uid > last]
        if is_other and not uids:
            yield Batch((), Cursor(self.validity, 0))
        for uid in uids:
            if self.batches_left == 0:
                raise MailboxUnavailableError("hung up")
            if self.batches_left is not None:
                self.batches_left -= 1
            content, at = self.messages[uid]
            raw = RawMessage(str(uid), content, at, len(content))
            yield Batch((raw,), Cursor(self.validity, uid))

    def uids(self, cursor: Cursor, since: datetime, until: datetime) -> Iterator[Sequence[str]]:
        yield [str(uid) for uid in self.messages if uid <= cursor.last_uid]

    def fetch(self, uids: Sequence[str]) -> Iterator[RawMessage]:
        for uid in uids:
            if found := self.messages.get(int(uid)):
                yield RawMessage(uid, *found, len(found[0]))

    def mark_done(self, uids: Sequence[str], uid_validity: int) -> None: ...

    def wait(self, at_most: timedelta) -> None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


class HereReaders:
    """Reads in this process: the children have tests of their own, and five hundred walks are long."""

    def read(self, items: Sequence[RawItem]) -> list[object]:
        return [
            msgspec.structs.replace(read_message(item.content, size=item.size), id=item.id) for item in items
        ]
