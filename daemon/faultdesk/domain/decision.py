"""What handlers decide: jobs to perform, mails to send, events to record."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event, Role


class Job(msgspec.Struct, frozen=True):
    """Something to perform: a row of the job ledger.

    Jobs of one ticket run one after the other. A job with a `name` exists once: deciding it again
    moves it to the new `run_at`. `tries` counts the attempts begun, this one included.
    """

    kind: str
    ticket_id: int | None = None
    arguments: Mapping[str, Any] = {}
    name: str | None = None
    run_at: datetime | None = None
    id: int = 0
    tries: int = 0


class File(msgspec.Struct, frozen=True):
    """A document that the desk made."""

    name: str
    media_type: str
    content: bytes


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to send. Its bytes are built and stored when it is decided, and sent as they are.

    `name` is unique among all mails ever decided ("acknowledge/17"): the same decision twice is one mail.
    """

    name: str
    ticket_id: int | None
    to: tuple[Address, ...]
    subject: str
    text: str
    purpose: str
    """acknowledgement, work order, warning, escalation, report ...: shown in the ticket's events."""
    automatic: bool = True
    """Nobody wrote it: marked so (RFC 3834) and sent with a null reverse-path."""
    internal: bool = False
    """For the desk's own people; clients' mails are rate-capped, these are not."""
    role: Role = Role.STAFF
    """What the recipients of an internal mail are in the ticket from now on: those of a work order its engineers."""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attached: tuple[int, ...] = ()
    """Ledger numbers of messages whose originals go along."""
    files: tuple[File, ...] = ()
    """Documents that go along; of a letter that goes by fax the first PDF is its pages, in place of the text."""


class Rejection(msgspec.Struct, frozen=True):
    """A message that shall open no ticket, and why."""

    reason: str


class Inspection(msgspec.Struct, frozen=True):
    """A look at a message's original, before which it does not leave the desk.

    `job` takes the look and ends it with `Desk.release` or `Desk.withhold`. A mail that carries the original
    waits for that, `patience` at most; then it goes without, and tells `reason`.
    """

    job: Job
    patience: timedelta
    reason: str
    """As an engineer reads it: "not scanned for viruses yet"."""


Decision = Job | Mail | Event
