"""Mailboxes on the private servers, closed when the test ends."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Protocol

import msgspec
import pytest

from faultdesk.adapters.imap import ImapMailbox
from faultdesk.config.settings import ImapSettings, Secret, Security
from faultdesk.pipeline.ports import Cursor, RawMessage
from servers.dovecot import MailAccount
from servers.scripted import ScriptedImap


class Address(Protocol):
    """Where a server listens."""

    host: str
    port: int


def imap_settings(server: Address, **settings: object) -> ImapSettings:
    """Describe a mailbox; secrets are given to the mailbox itself."""
    usual = ImapSettings(
        host=server.host,
        port=server.port,
        user="user",
        password=Secret(),
        security=Security.PLAIN,
        timeout=timedelta(seconds=10),
    )
    return msgspec.structs.replace(usual, **settings)


MakeMailbox = Callable[..., ImapMailbox]


@pytest.fixture
def mailbox_of() -> Iterator[MakeMailbox]:
    """Make mailboxes of an account or a scripted server: `mailbox_of(account, folder="Faults")`."""
    made: list[ImapMailbox] = []

    def make(
        where: MailAccount | ScriptedImap, *, idle_renewed_after: float = 540, **settings: object
    ) -> ImapMailbox:
        if isinstance(where, MailAccount):
            password = str(settings.pop("password", where.password))
            wanted = imap_settings(where.server, **{"user": where.user} | settings)
        else:
            password = str(settings.pop("password", "secret"))
            wanted = imap_settings(where, **settings)
        made.append(ImapMailbox("desk", wanted, password, timedelta(seconds=idle_renewed_after)))
        return made[-1]

    yield make
    for mailbox in made:
        mailbox.close()


def collect_all(mailbox: ImapMailbox, cursor: Cursor | None = None) -> tuple[list[RawMessage], Cursor | None]:
    """Fetch everything above the cursor; answer it with the cursor behind it."""
    mailbox.open()
    messages: list[RawMessage] = []
    for batch in mailbox.fetch_new(cursor):
        messages += batch.messages
        cursor = batch.cursor
    return messages, cursor
