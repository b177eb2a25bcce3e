"""Holds the handlers and asks them; the only file that sees pluggy's untyped side."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple, cast

import msgspec
import pluggy
from typer import Typer

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.assignment import Choice
from faultdesk.domain.decision import Decision, Inspection, Job, Mail, Rejection
from faultdesk.domain.fax import PageImage, PageReading, Receipt, Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Classification, Event, Ticket
from faultdesk.errors import ConfigError
from faultdesk.handlers.api import Handler, JobFunction
from faultdesk.handlers.hookspecs import Hooks

ENTRY_POINT_GROUP = "faultdesk.handlers"


class Failure(NamedTuple):
    """A handler raised in a hook, or returned what the hook does not allow."""

    handler: str
    hook: str
    error: Exception


class Answer(NamedTuple):
    """What one handler returned."""

    handler: str
    value: Any


Failed = Callable[[Failure], None]
Decisions = list[tuple[str, Decision]]
"""Each with the name of the handler that decided it."""


_Assembled = tuple[pluggy.PluginManager, dict[str, JobFunction], tuple[str, ...]]


def _job_functions(plugins: pluggy.PluginManager) -> dict[str, JobFunction]:
    owners: dict[str, str] = {}
    functions: dict[str, JobFunction] = {}
    for implementation in reversed(plugins.hook.job_functions.get_hookimpls()):
        name = implementation.plugin_name
        try:
            provided = dict(cast("Mapping[str, JobFunction]", implementation.function()))
        except Exception as error:
            raise ConfigError(f"handlers.{name}: job_functions: {error!r}") from error
        for kind, function in provided.items():
            if kind in owners:
                raise ConfigError(
                    f"handlers: {owners[kind]} and {implementation.plugin_name} both perform {kind}"
                )
            owners[kind], functions[kind] = implementation.plugin_name, function
    return functions


def installed_handlers() -> dict[str, EntryPoint]:
    """Find every installed handler by name, without importing it."""
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


class Host:
    """The handlers in their order. A handler that raises harms no other: the asker's `failed` is told."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._plugins, self._jobs, self.names = self._assemble(handlers)
        self.reloads = 0
        """How often it took other handlers: those know nothing of what the ones before were told."""

    def reload(self, handlers: Mapping[str, Handler]) -> None:
        """Take other handlers or settings; what is wrong leaves everything as it was.

        Raises:
            ConfigError: A hook is misspelt, or two handlers perform the same kind of job.
        """
        self._plugins, self._jobs, self.names = self._assemble(handlers)
        self.reloads += 1

    @staticmethod
    def _assemble(handlers: Mapping[str, Handler]) -> _Assembled:
        plugins = pluggy.PluginManager("faultdesk")
        plugins.add_hookspecs(Hooks)
        # pluggy calls the last registered first.
        for name, handler in reversed(list(handlers.items())):
            try:
                plugins.register(handler, name=name)
            except pluggy.PluginValidationError as error:
                raise ConfigError(f"handlers.{name}: {error}") from error
        try:
            plugins.check_pending()
        except pluggy.PluginValidationError as error:
            # Its own words would show the handler's settings, secrets among them.
            said, _, _ = str(error).partition(" in plugin ")
            raise ConfigError(f"handlers.{plugins.get_name(error.plugin)}: {said}") from None
        return plugins, _job_functions(plugins), tuple(handlers)

    @property
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Every handler's job functions by kind."""
        return self._jobs

    def hooks_of(self, name: str) -> tuple[str, ...]:
        """Name the hooks that a handler implements."""
        callers = self._plugins.get_hookcallers(self._plugins.get_plugin(name)) or []
        return tuple(sorted(caller.name for caller in callers))

    @property
    def reads_pages(self) -> bool:
        """Tell whether a handler reads the pages of faxes."""
        return any(self._plugins.hook.read_page.get_hookimpls())

    def check_online(self) -> list[str]:
        """Gather what every handler misses, each with the handler's name."""
        failures: list[Failure] = []
        missed = [
            (answer.handler, answer.value) for answer in self._ask("check_online", str, failures.append)
        ]
        raised = [(failure.handler, f"check_online: {failure.error!r}") for failure in failures]
        return [f"handlers.{name}: {complaint}" for name, complaint in (*missed, *raised)]

    def inspect(self, message: InboundMessage, failed: Failed) -> list[Inspection]:
        """Ask all who wants to look at the original."""
        wanted: list[Inspection] = []
        for answer in self._ask("inspect_message", Inspection, failed, message=message):
            try:
                msgspec.json.encode(answer.value)
            except TypeError as error:
                failed(Failure(answer.handler, "inspect_message", error))
                continue
            wanted.append(answer.value)
        return wanted

    def screen(self, message: InboundMessage, failed: Failed) -> Rejection | None:
        """Ask until one rejects the message."""
        answers = self._ask("screen_message", Rejection, failed, message=message)
        return next((answer.value for answer in answers), None)

    def recognise_fax(self, message: InboundMessage) -> Reception | Receipt | None:
        """Ask until one knows the gateway.

        Raises:
            Exception: A handler failed: a fax must not pass for an automatic mail by that.
        """
        answers = self._ask("recognise_fax", Reception | Receipt, _raise, message=message)
        return next((answer.value for answer in answers), None)

    def read_page(self, page: PageImage) -> PageReading | None:
        """Ask until one can read the page.

        Raises:
            Exception: A handler failed.
        """
        answers = self._ask("read_page", PageReading, _raise, page=page)
        return next((answer.value for answer in answers), None)

    def classify(
        self, message: InboundMessage, failed: Failed
    ) -> tuple[Classification, dict[str, Classification]]:
        """Ask all; return the most confident answer, with what others read besides, and every answer by handler."""
        answers = dict(self._ask("classify_message", Classification, failed, message=message))
        ranked = sorted(answers.values(), key=lambda answer: -answer.confidence)
        best = ranked[0] if ranked else Classification()
        for other in ranked[1:]:
            best = best.with_facts_of(other)
        return best, answers

    def promise(self, ticket: Ticket, failed: Failed) -> Promise:
        """Ask until one knows what is owed."""
        answers = self._ask("promise_ticket", Promise, failed, ticket=ticket)
        return next((answer.value for answer in answers), Promise())

    def assign(
        self, ticket: Ticket, desk: Identity, at: datetime, passed_over: frozenset[str], failed: Failed
    ) -> Choice | None:
        """Ask until one knows who can work on it."""
        answers = self._ask(
            "assign_ticket", Choice, failed, ticket=ticket, desk=desk, at=at, passed_over=passed_over
        )
        return next((answer.value for answer in answers), None)

    def ticket_opened(
        self, ticket: Ticket, message: InboundMessage, desk: Identity, failed: Failed
    ) -> Decisions:
        """Gather every handler's decisions on a new ticket, each with the handler's name."""
        return self._gather("ticket_opened", failed, ticket=ticket, message=message, desk=desk)

    def message_added(
        self, ticket: Ticket, message: InboundMessage, desk: Identity, effect: str, failed: Failed
    ) -> Decisions:
        """Gather every handler's decisions on a message that joined."""
        return self._gather("message_added", failed, ticket=ticket, message=message, desk=desk, effect=effect)

    def ticket_changed(self, ticket: Ticket, event: Event, desk: Identity, failed: Failed) -> Decisions:
        """Gather every handler's decisions on a change."""
        return self._gather("ticket_changed", failed, ticket=ticket, event=event, desk=desk)

    def artefact_kept(self, name: str, artefact: Artefact | None, failed: Failed) -> None:
        """Give every handler what is in force of this name."""
        for _ in self._ask("artefact_kept", type(None), failed, name=name, artefact=artefact):
            pass

    def calendars_of_contracts(self, failed: Failed) -> frozenset[str]:
        """Gather the names of calendars that contracts may name."""
        return frozenset(name for _, name in self._each("calendars_of_contracts", failed))

    def look_ahead(self, desk: Identity, now: datetime, failed: Failed) -> list[str]:
        """Gather what will go wrong soon."""
        kinds = frozenset(self._jobs)
        told = self._each("look_ahead", failed, desk=desk, now=now, job_kinds=kinds)
        return [f"handlers.{handler}: {what}" for handler, what in told]

    def commands(self, failed: Failed) -> dict[str, Typer]:
        """Gather every handler's commands by name; the first handler that has one keeps it."""
        found: dict[str, Typer] = {}
        for answer in self._ask("commands", Mapping, failed):
            for name, command in answer.value.items():
                found.setdefault(name, command)
        return found

    def _each(self, hook: str, failed: Failed, **arguments: object) -> Iterator[tuple[str, str]]:
        """Give every text that handlers answer, with the handler's name."""
        for answer in self._ask(hook, Iterable, failed, **arguments):
            try:
                yield from ((answer.handler, text) for text in list(answer.value))
            except Exception as error:  # noqa: BLE001 - a generator runs here, and may raise anything
                failed(Failure(answer.handler, hook, error))

    def _gather(self, hook: str, failed: Failed, **arguments: object) -> Decisions:
        decisions: Decisions = []
        for answer in self._ask(hook, Iterable, failed, **arguments):
            try:
                decisions += [(answer.handler, _decision(value)) for value in answer.value]
            except Exception as error:  # noqa: BLE001 - a generator runs here, and may raise anything
                failed(Failure(answer.handler, hook, error))
        return decisions

    def _ask(
        self,
        hook: str,
        expected: Any,  # noqa: ANN401 - any class, abstract ones too
        failed: Failed,
        **arguments: object,
    ) -> Iterator[Answer]:
        # Not pluggy's own call: there, one raising implementation takes the others' answers with it.
        for implementation in reversed(getattr(self._plugins.hook, hook).get_hookimpls()):
            try:
                value = implementation.function(*(arguments[name] for name in implementation.argnames))
                _require(expected, value, hook)
            except Exception as error:  # noqa: BLE001 - a stranger's code; reported, and the others go on
                failed(Failure(implementation.plugin_name, hook, error))
                continue
            if value is not None:
                yield Answer(implementation.plugin_name, value)


def _raise(failure: Failure) -> None:
    raise failure.error


def _require(expected: Any, value: object, hook: str) -> None:  # noqa: ANN401 - any class, abstract ones too
    if value is not None and not isinstance(value, expected):
        name = getattr(expected, "__name__", expected)
        raise TypeError(f"{hook} must return {name}, not {type(value).__name__}")


def _decision(value: object) -> Decision:
    if not isinstance(value, Job | Mail | Event):
        raise TypeError(f"a hook decides Job, Mail or Event, not {type(value).__name__}")
    msgspec.json.encode(value)  # what cannot be written down is this handler's failure, not the message's
    return value
