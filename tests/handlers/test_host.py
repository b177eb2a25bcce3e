from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest
from typer import Typer

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.assignment import Choice
from faultdesk.domain.decision import Decision, Inspection, Job, Rejection
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Classification, Event, Facts, Kind, Span, Ticket
from faultdesk.errors import ConfigError
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.host import Failure, Host
from faultdesk.handlers.testing import NOON, a_message, a_ticket

WANG, ZHAO = Address("wang@faultdesk.example"), Address("zhao@faultdesk.example")
DESK = Identity(name="desk", address="service@faultdesk.example")


class Sure(Handler, frozen=True):
    confidence: float = 0.9

    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification:
        return Classification(kind=Kind.TRAINING, confidence=self.confidence)

    @hookimpl
    def ticket_opened(self, ticket: Ticket) -> list[Decision]:
        return [Event("seen", {"by": self.confidence})]


class Broken(Handler, frozen=True):
    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification:
        raise RuntimeError("no terms")

    @hookimpl
    def ticket_opened(self, ticket: Ticket) -> list[Decision]:
        return ["not a decision"]  # type: ignore[list-item]


class Misspelt(Handler, frozen=True):
    @hookimpl
    def ticket_openend(self, ticket: Ticket) -> list[Decision]:
        return []


def perform(job: Job, desk: Desk) -> None: ...


class Scanner(Handler, frozen=True):
    missing: str | None = None

    @hookimpl
    def inspect_message(self, message: InboundMessage) -> Inspection | None:
        return Inspection(Job("scanner.look"), timedelta(minutes=5), "not looked at yet")

    @hookimpl
    def check_online(self) -> str | None:
        return self.missing


class Dispatcher(Handler, frozen=True):
    fails: bool = False

    @hookimpl
    def assign_ticket(self, ticket: Ticket, passed_over: frozenset[str]) -> Choice:
        left = [one for one in (WANG, ZHAO) if one.address not in passed_over]
        return Choice(tuple(left), ("skilled",))

    @hookimpl
    def look_ahead(self, desk: Identity, now: datetime) -> Iterator[str]:
        if self.fails:
            raise OSError("no roster")
        yield f"a hole after {now:%H:%M}"


class Clumsy(Handler, frozen=True):
    @hookimpl
    def inspect_message(self, message: InboundMessage) -> Inspection | None:
        return Inspection(Job("clumsy.look", arguments={"of": object()}), timedelta(minutes=5), "")

    @hookimpl
    def check_online(self) -> str | None:
        raise OSError("no route")


class Worker(Handler, frozen=True):
    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        return {"worker.work": perform}


def no_failure(failure: Failure) -> None:
    raise AssertionError(failure)


def test_the_most_confident_classification_wins_and_the_others_are_kept() -> None:
    host = Host({"first": Sure(0.4), "second": Sure(0.8)})

    best, answers = host.classify(a_message(), no_failure)

    assert best.confidence == 0.8
    assert set(answers) == {"first", "second"}


def test_handlers_are_asked_in_the_order_of_the_configuration() -> None:
    host = Host({"first": Sure(0.1), "second": Sure(0.2)})

    decided = host.ticket_opened(a_ticket(), a_message(), DESK, no_failure)

    assert [name for name, _ in decided] == ["first", "second"]


def test_a_handler_that_raises_is_named_and_harms_no_other() -> None:
    failures: list[Failure] = []
    host = Host({"broken": Broken(), "sure": Sure()})

    best, _ = host.classify(a_message(), failures.append)

    assert best.kind is Kind.TRAINING
    assert [(failure.handler, failure.hook) for failure in failures] == [("broken", "classify_message")]


def test_a_decision_of_the_wrong_type_is_named_and_harms_no_other() -> None:
    failures: list[Failure] = []
    host = Host({"broken": Broken(), "sure": Sure()})

    decided = host.ticket_opened(a_ticket(), a_message(), DESK, failures.append)

    assert [name for name, _ in decided] == ["sure"]
    assert "not str" in str(failures[0].error)


def test_a_misspelt_hook_is_an_error_at_the_start() -> None:
    with pytest.raises(ConfigError, match="ticket_openend"):
        Host({"misspelt": Misspelt()})


def test_two_handlers_of_one_kind_of_job_are_an_error_that_names_both() -> None:
    with pytest.raises(ConfigError, match=r"one and other both perform worker\.work"):
        Host({"one": Worker(), "other": Worker()})


def test_a_refused_reload_leaves_everything_as_it_was() -> None:
    host = Host({"sure": Sure()})

    with pytest.raises(ConfigError):
        host.reload({"misspelt": Misspelt()})

    assert host.names == ("sure",)
    assert host.classify(a_message(), no_failure)[0].kind is Kind.TRAINING


def test_without_handlers_nothing_is_known_promised_or_rejected() -> None:
    host = Host({})

    assert host.classify(a_message(), no_failure) == (Classification(), {})
    assert host.promise(a_ticket(), no_failure) == Promise()
    assert host.screen(a_message(), no_failure) is None


def test_the_first_rejection_wins() -> None:
    class Strict(Handler, frozen=True):
        reason: str

        @hookimpl
        def screen_message(self, message: InboundMessage) -> Rejection:
            return Rejection(self.reason)

    host = Host({"a": Strict("first"), "b": Strict("second")})

    assert host.screen(a_message(), no_failure) == Rejection("first")


class Keeper(Handler, frozen=True, dict=True):
    @hookimpl
    def artefact_kept(self, name: str, artefact: Artefact | None) -> None:
        self.__dict__.setdefault("told", []).append((name, artefact))

    @hookimpl
    def commands(self) -> Mapping[str, Typer]:
        return {"keeper": Typer()}


class Forgetful(Handler, frozen=True):
    @hookimpl
    def artefact_kept(self, name: str, artefact: Artefact | None) -> None:
        raise RuntimeError(name)

    @hookimpl
    def commands(self) -> Mapping[str, Typer]:
        raise RuntimeError("no commands")


def test_every_handler_is_given_what_is_in_force_and_one_that_raises_harms_no_other() -> None:
    failures: list[Failure] = []
    keeper = Keeper()
    artefact = Artefact(name="keeper.model", version=1, made_at=NOON)

    Host({"forgetful": Forgetful(), "keeper": keeper}).artefact_kept(
        "keeper.model", artefact, failures.append
    )

    assert keeper.__dict__["told"] == [("keeper.model", artefact)]
    assert [(failure.handler, failure.hook) for failure in failures] == [("forgetful", "artefact_kept")]


def test_commands_are_gathered_and_a_handler_that_cannot_name_its_own_is_named() -> None:
    failures: list[Failure] = []

    commands = Host({"forgetful": Forgetful(), "keeper": Keeper()}).commands(failures.append)

    assert list(commands) == ["keeper"]
    assert [(failure.handler, failure.hook) for failure in failures] == [("forgetful", "commands")]


def test_everybody_may_want_to_look_at_an_original_and_what_cannot_be_written_down_is_its_handlers_fault() -> (
    None
):
    failures: list[Failure] = []
    host = Host({"clumsy": Clumsy(), "scanner": Scanner(), "another": Scanner()})

    wanted = host.inspect(a_message(), failures.append)

    assert [inspection.job.kind for inspection in wanted] == ["scanner.look", "scanner.look"]
    assert [(failure.handler, failure.hook) for failure in failures] == [("clumsy", "inspect_message")]


def test_what_handlers_cannot_reach_is_told_with_their_names() -> None:
    host = Host({"scanner": Scanner("no clamd"), "fine": Scanner(), "clumsy": Clumsy()})

    assert host.check_online() == [
        "handlers.scanner: no clamd",
        "handlers.clumsy: check_online: OSError('no route')",
    ]


def test_the_first_who_knows_says_who_can_be_sent() -> None:
    host = Host({"dispatcher": Dispatcher(), "worker": Worker()})

    choice = host.assign(a_ticket(), DESK, NOON, frozenset({WANG.address}), no_failure)

    assert choice == Choice((ZHAO,), ("skilled",))
    assert Host({}).assign(a_ticket(), DESK, NOON, frozenset(), no_failure) is None


def test_what_lies_ahead_is_gathered_and_a_failure_named() -> None:
    failures: list[Failure] = []
    host = Host({"one": Dispatcher(), "two": Dispatcher(fails=True)})

    assert host.look_ahead(DESK, NOON, failures.append) == ["handlers.one: a hole after 04:00"]
    assert [(one.handler, one.hook) for one in failures] == [("two", "look_ahead")]


class Counts(Handler, frozen=True):
    names: tuple[str, ...] = ("7x24",)

    @hookimpl
    def calendars_of_contracts(self) -> Iterator[str]:
        yield from self.names
        if not self.names:
            raise OSError("no calendars")


def test_every_handlers_calendars_are_known_and_a_failure_is_named() -> None:
    failures: list[Failure] = []
    host = Host({"one": Counts(), "two": Counts(("office", "7x24")), "three": Counts(())})

    assert host.calendars_of_contracts(failures.append) == {"7x24", "office"}
    assert [(one.handler, one.hook) for one in failures] == [("three", "calendars_of_contracts")]


class Reading(Handler, frozen=True):
    read: Classification

    @hookimpl
    def classify_message(self) -> Classification:
        return self.read


def test_facts_that_only_a_less_confident_handler_tells_are_kept() -> None:
    sure = Classification(confidence=1.0, system="cctv", facts=Facts(device="球机"))
    span = {"contract_no": Span("text", 0, 4), "device": Span("text", 9, 12)}
    other = Classification(
        confidence=0.4, system="network", facts=Facts(device="交换机", contract_no="YH-1"), spans=span
    )
    host = Host({"sure": Reading(sure), "other": Reading(other)})

    best, answers = host.classify(a_message(), no_failure)

    assert (best.system, best.facts) == ("cctv", Facts(device="球机", contract_no="YH-1"))
    assert best.spans == {"contract_no": span["contract_no"]}
    assert answers["sure"] == sure
