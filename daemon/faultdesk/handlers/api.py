"""What a handler is, and what its jobs may do."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

import msgspec
import pluggy

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.past import PastFault
from faultdesk.domain.ticket import Event, Ticket

_Function = TypeVar("_Function", bound=Callable[..., Any])

hookimpl = cast("Callable[[_Function], _Function]", pluggy.HookimplMarker("faultdesk"))
"""Marks a method as the implementation of the hook of the same name."""


class Handler(msgspec.Struct, frozen=True, forbid_unknown_fields=True, eq=False):
    """Base of every handler: its fields are the settings of its `[handlers.NAME]` table."""


class Desk(Protocol):
    """What a job may see and do. What it decides is committed together with the job's end, or not at all.

    A handler's command has the same; there the end is that of the block in which the desk was opened.
    """

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""

    @property
    def identity(self) -> Identity:
        """Who the desk is: its name, address, zone, people, playbooks, and whom to tell."""

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

    def change(self, ticket_id: int, event: Event) -> None:
        """Change the ticket as a person's act does: what follows from the event is done, and every handler asked."""

    def notice(self, ticket_id: int) -> InboundMessage:
        """Give the message that opened the ticket, as far as it is kept: sender, subject, text, attachments' names.

        Raises:
            NotFoundError: There is none.
        """

    def similar(self, ticket: Ticket) -> tuple[PastFault, ...]:
        """Give the latest faults of the same client, or of the same system and class, that were resolved."""

    def corrections(self) -> tuple[Correction, ...]:
        """Give the tickets whose reading was corrected, the latest 2,000, oldest ticket first.

        They are put together from logs and messages: what was purged or erased is not among them.
        """

    def keep(self, name: str, content: bytes, figures: Mapping[str, Any]) -> None:
        """Decide a new version of an artefact, `handler.noun`; every daemon's handlers are given it.

        Without octets it is only noted as tried, and what is in force stays. `figures` holds no client's words.
        """

    def kept(self, name: str) -> Artefact | None:
        """Give the version that is in force, with its octets; None if there is none."""

    def versions(self, name: str) -> tuple[Artefact, ...]:
        """List the latest versions, oldest first, without octets."""

    def withdraw(self, name: str, *, everything: bool = False) -> None:
        """Take the version in force back: the one before it is in force again, or with `everything` none."""

    def original(self, inbox_id: int) -> bytes:
        """Give a message's octets as they came, whoever withholds them.

        Raises:
            NotFoundError: There is no such message, or it was purged.
        """

    def ticket_of(self, inbox_id: int) -> int | None:
        """Tell which ticket a message was filed on."""

    def withhold(self, inbox_id: int, reason: str) -> None:
        """Let a message's original go to nobody, and say why to whoever would have got it."""

    def release(self, inbox_id: int) -> None:
        """Let a message's original go, as far as this handler is concerned."""


JobFunction = Callable[[Job, Desk], None]


class CommandLine(Protocol):
    """What a handler's command starts from: the `obj` of its typer.Context."""

    def desk(self) -> AbstractContextManager[Desk]:
        """Open the desk; what is decided is committed when the block ends well."""

    def listing(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
        """Print rows: these columns as a table, or all of them as a JSON array."""
