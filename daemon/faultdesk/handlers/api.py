"""What a handler is, and what its jobs may do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

import msgspec
import pluggy

from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event, Ticket

_Function = TypeVar("_Function", bound=Callable[..., Any])

hookimpl = cast("Callable[[_Function], _Function]", pluggy.HookimplMarker("faultdesk"))
"""Marks a method as the implementation of the hook of the same name."""


class Handler(msgspec.Struct, frozen=True, forbid_unknown_fields=True, eq=False):
    """Base of every handler: its fields are the settings of its `[handlers.NAME]` table."""


class Desk(Protocol):
    """What a job may see and do. What it decides is committed together with the job's end, or not at all."""

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""

    @property
    def name(self) -> str:
        """The desk's name as clients know it."""

    @property
    def address(self) -> Address:
        """The desk's own address."""

    @property
    def time_zone(self) -> str:
        """The IANA name of the zone in which people read times."""

    def ticket(self, ticket_id: int) -> Ticket:
        """Look the ticket up as it is now.

        Raises:
            NotFoundError: There is none.
        """

    def events(self, ticket_id: int) -> tuple[Event, ...]:
        """Read the ticket's log, oldest first."""

    def send(self, mail: Mail) -> None:
        """Decide a mail."""

    def put(self, job: Job) -> None:
        """Decide a job; one with a known name is moved to its new time."""

    def cancel(self, name: str) -> None:
        """Take a named job back, if it is still waiting."""

    def record(self, ticket_id: int, event: Event) -> None:
        """Add to the ticket's log."""


JobFunction = Callable[[Job, Desk], None]
