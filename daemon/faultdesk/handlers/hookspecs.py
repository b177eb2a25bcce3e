"""The hooks, with their exact signatures. Hooks decide: no I/O, no clock but the ticket's, milliseconds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar, cast

import pluggy
from typer import Typer

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.assignment import Choice
from faultdesk.domain.decision import Decision, Inspection, Rejection
from faultdesk.domain.fax import PageImage, PageReading, Receipt, Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Classification, Event, Ticket
from faultdesk.handlers.api import JobFunction

_Function = TypeVar("_Function")
_hookspec = cast("_Marker", pluggy.HookspecMarker("faultdesk"))


class _Marker(Protocol):
    def __call__(self, function: _Function, /) -> _Function: ...


class Hooks(Protocol):
    """Every hook. A handler implements those it needs, with all or fewer of the arguments."""

    @_hookspec
    def inspect_message(self, message: InboundMessage) -> Inspection | None:
        """Have an original looked at before it leaves the desk; asked first, of every message, rejected ones too."""

    @_hookspec
    def screen_message(self, message: InboundMessage) -> Rejection | None:
        """Reject a message before a ticket exists; the first answer wins. It is kept, with the reason."""

    @_hookspec
    def recognise_fax(self, message: InboundMessage) -> Reception | Receipt | None:
        """Say which fax a gateway passes on in a mail, or what became of one it was to send; the first answer wins."""

    @_hookspec
    def read_page(self, page: PageImage) -> PageReading | None:
        """Read the print on a page; the first answer wins. Asked in a child process of its own, one page at a time."""

    @_hookspec
    def classify_message(self, message: InboundMessage) -> Classification | None:
        """Say what a message is about; all are asked, the most confident wins.

        Facts that only others tell are added to it.
        """

    @_hookspec
    def promise_ticket(self, ticket: Ticket) -> Promise | None:
        """Say which spans this ticket is owed; the first answer wins. Asked again when it is classed anew."""

    @_hookspec
    def assign_ticket(
        self, ticket: Ticket, desk: Identity, at: datetime, passed_over: frozenset[str]
    ) -> Choice | None:
        """Say who can work on a ticket at this moment (aware UTC), `passed_over` left out; the first answer wins."""

    @_hookspec
    def ticket_opened(self, ticket: Ticket, message: InboundMessage, desk: Identity) -> Iterable[Decision]:
        """Decide what a new ticket needs."""

    @_hookspec
    def message_added(
        self, ticket: Ticket, message: InboundMessage, desk: Identity, effect: str
    ) -> Iterable[Decision]:
        """Decide what a message that joined a ticket needs.

        `effect` is the event by which it set the ticket going, as "reopened" or "resumed"; "" for none.
        """

    @_hookspec
    def ticket_changed(self, ticket: Ticket, event: Event, desk: Identity) -> Iterable[Decision]:
        """Decide what an operator's or a job's event on a ticket needs, a resolution above all."""

    @_hookspec
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Name the functions that perform this handler's jobs, by kind `handler.verb`; asked once."""

    @_hookspec
    def artefact_kept(self, name: str, artefact: Artefact | None) -> None:
        """Take what is in force of this name now, or that nothing is any more; told between messages, to all."""

    @_hookspec
    def calendars_of_contracts(self) -> Iterable[str]:
        """Name the calendars by which this handler can count a promise: others are refused in contracts."""

    @_hookspec
    def commands(self) -> Mapping[str, Typer]:
        """Name the commands that an operator has of this handler; asked only when one of them is typed."""

    @_hookspec
    def look_ahead(self, desk: Identity, now: datetime, job_kinds: frozenset[str]) -> Iterable[str]:
        """Say what will go wrong in the days from now (aware UTC) on; asked every night, and by `faultdesk check`.

        `job_kinds` are those that some handler performs.
        """

    @_hookspec
    def check_online(self) -> str | None:
        """Connect to what the jobs need, for `faultdesk check --online`; say what is wrong."""
