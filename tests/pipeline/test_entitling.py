"""From who wrote and what the text names to what the client is owed, and what follows."""

from datetime import date, timedelta
from email import message_from_bytes

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.client import AgreedSpans, Basis, Charge, Client, Contract, Entitlement, Period, Project
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Classification, Event, Facts, Kind, Severity
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk_dispatch import DispatchHandler
from faultdesk_sla import SlaHandler
from faultdesk_sla.working_hours import WorkingHours
from pipeline.desk import NOON, PlayedDesk

VALID = Period(date(2026, 1, 1), date(2026, 12, 31))
RIVERSIDE = Client(
    name="滨江物业",
    domains=("binjiang.example",),
    addresses=("wang@qq.com",),
    numbers=("+862087561234",),
    projects=(
        Project(
            name="滨江广场",
            contracts=(
                Contract(
                    number="YH-1",
                    warranty=VALID,
                    spans={
                        "all": AgreedSpans(timedelta(hours=1)),
                        "critical": AgreedSpans(timedelta(minutes=30), timedelta(hours=4)),
                    },
                    calendar="office",
                    engineer="wang@desk.example",
                ),
            ),
        ),
    ),
)
OFFICE = WorkingHours(hours=("08:30-12:00", "13:30-17:30"))


class Reading(Handler, frozen=True):
    facts: Facts = Facts()
    severity: Severity = Severity.NORMAL

    @hookimpl
    def classify_message(self) -> Classification:
        return Classification(kind=Kind.FAULT, severity=self.severity, confidence=1.0, facts=self.facts)


def a_desk(store: SqlStore, reading: Reading = Reading(), *clients: Client) -> PlayedDesk:  # noqa: B008
    with store.write() as tx:
        tx.clients.put(clients or (RIVERSIDE,))
    handlers = {
        "classify": reading,
        "sla": SlaHandler(calendars={"office": OFFICE}),
        "dispatch": DispatchHandler(duty="duty@faultdesk.example"),
    }
    return PlayedDesk(store, handlers, free_mail_domains=frozenset({"qq.com"}))


def verdict_on(desk: PlayedDesk, message: InboundMessage) -> Entitlement | None:
    ticket_id = desk.decide(message)
    assert ticket_id is not None
    with desk.store.read() as tx:
        return tx.tickets.get(ticket_id).entitlement


@pytest.mark.parametrize(
    ("sender", "evidence"),
    [
        ("li@binjiang.example", "domain binjiang.example"),
        ("wang@qq.com", "address wang@qq.com"),
        ("fax:+862087561234", "fax number +862087561234"),
    ],
)
def test_a_client_is_known_by_domain_address_and_fax_number(
    store: SqlStore, sender: str, evidence: str
) -> None:
    verdict = verdict_on(a_desk(store), a_message(sender=Address(sender)))

    assert verdict is not None
    assert (verdict.basis, verdict.charge, verdict.contract) == (Basis.WARRANTY, Charge.FREE, "YH-1")
    assert verdict.evidence == (evidence,)


@pytest.mark.parametrize(
    "facts", [Facts(contract_no="yh 1"), Facts(project="滨江广场"), Facts(customer="滨江物业")]
)
def test_a_client_that_writes_from_free_mail_is_known_by_what_the_text_names(
    store: SqlStore, facts: Facts
) -> None:
    verdict = verdict_on(a_desk(store, Reading(facts=facts)), a_message(sender=Address("someone@qq.com")))

    assert verdict is not None
    assert verdict.client == "滨江物业"


def test_free_mail_never_tells_whose_it_is(store: SqlStore) -> None:
    verdict = verdict_on(a_desk(store), a_message(sender=Address("li@qq.com")))

    assert verdict is not None
    assert (verdict.basis, verdict.client) == (Basis.UNKNOWN, "")


def test_a_desk_without_clients_judges_nothing(store: SqlStore) -> None:
    desk = PlayedDesk(store, {"sla": SlaHandler()})

    assert verdict_on(desk, a_message()) is None


def test_a_refuted_sender_is_not_believed_whose_it_is(store: SqlStore) -> None:
    desk = a_desk(store)
    imitated = Address("li@binjiang.example", "wang@faultdesk.example")

    verdict = verdict_on(desk, a_message(sender=imitated))

    assert verdict is not None
    assert verdict.client == ""
    assert verdict.doubts == ("the sender is refuted: see the log",)


@pytest.mark.parametrize(
    ("severity", "response", "on_site"),
    [
        (Severity.NORMAL, timedelta(hours=2, minutes=30), None),
        (Severity.CRITICAL, timedelta(hours=2), timedelta(hours=5, minutes=30)),
    ],
)
def test_the_contract_says_spans_calendar_and_engineer(
    store: SqlStore, severity: Severity, response: timedelta, on_site: timedelta | None
) -> None:
    desk = a_desk(store, Reading(severity=severity))
    ticket_id = desk.decide(a_message(sender=Address("li@binjiang.example")))
    assert ticket_id is not None

    with desk.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
    # Noon on a Thursday: the afternoon begins at half past one and ends at half past five.
    due = {deadline.name: deadline.due_at - NOON for deadline in ticket.deadlines}
    assert due["response"] == response
    if on_site is not None:
        assert due["on_site"] == on_site
    desk.perform()
    _, recipients, order = desk.mailer.sent[0]
    assert recipients == ["wang@desk.example"]
    text = message_from_bytes(order).get_payload()[0].get_payload(decode=True).decode()  # type: ignore[index,union-attr]
    for said in ("保修期内 in_warranty / 免费 free", "YH-1", "domain binjiang.example"):
        assert said in text


def test_a_calendar_that_nobody_configured_is_told(store: SqlStore) -> None:
    desk = a_desk(store)
    client = Client(
        name="B",
        domains=("b.example",),
        projects=(Project(name="P", contracts=(Contract(number="1", warranty=VALID, calendar="moon"),)),),
    )
    with store.write() as tx:
        tx.clients.put([client])

    ticket_id = desk.decide(a_message(sender=Address("li@b.example")))

    assert "calendar_unknown" in desk.events(ticket_id)


def test_another_class_is_judged_anew_and_what_a_person_said_stands(store: SqlStore) -> None:
    desk = a_desk(store)
    ticket_id = desk.decide(a_message(sender=Address("li@binjiang.example")))
    assert ticket_id is not None

    def charge() -> Charge | None:
        with store.read() as tx:
            verdict = tx.tickets.get(ticket_id).entitlement
        return verdict.charge if verdict else None

    def happens(kind: str, actor: str, **data: object) -> None:
        with store.write() as tx:
            desk.changes.change(tx, ticket_id, Event(kind, data, actor=actor))

    misused = {"kind": "fault", "fault_class": "misoperation"}
    happens(RECLASSIFIED, "operator", labels=misused)
    assert charge() is Charge.AT_COST

    happens("entitled", "operator", basis="in_warranty", charge="free")
    happens(RECLASSIFIED, "operator", labels=misused | {"severity": "high"})
    assert charge() is Charge.FREE
