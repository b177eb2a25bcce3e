"""What follows from what: whom a failing letter holds up, who goes after a change, what a changed verdict moves."""

from collections.abc import Sequence
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.client import AgreedSpans, Basis, Client, Contract, Period, Project
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.decision import Mail
from faultdesk.domain.message import Address
from faultdesk.domain.people import People, Person
from faultdesk.domain.ticket import (
    CLIENT_NAMED,
    Classification,
    Event,
    Facts,
    Kind,
    Participant,
    Role,
    Severity,
    Ticket,
)
from faultdesk.errors import PermanentError, TransientError
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.ending import lacks_of_end
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_dispatch import DispatchHandler
from faultdesk_sla import SlaHandler
from faultdesk_sla.levels import Level
from faultdesk_sla.working_hours import WorkingHours
from pipeline.desk import NOON, KeepingMailer, PlayedDesk

CLIENT = "client@owner.example"
WANG, ZHAO = "wang@faultdesk.example", "zhao@faultdesk.example"
HOUR = timedelta(hours=1)
VIP = Client(
    name="滨江物业",
    domains=("owner.example",),
    projects=(
        Project(
            name="滨江广场",
            contracts=(
                Contract(
                    number="YH-1",
                    warranty=Period(date(2026, 1, 1), date(2026, 3, 31)),
                    spans={"all": AgreedSpans(timedelta(minutes=20))},
                    engineer=ZHAO,
                    calendar="office",
                ),
            ),
        ),
    ),
)


class Reads(Handler, frozen=True):
    about: Classification = Classification(kind=Kind.FAULT, system="cctv", confidence=0.9)

    @hookimpl
    def classify_message(self) -> Classification:
        return self.about


class RefusingMailer(KeepingMailer):
    """Takes no mail to these."""

    def __init__(self, error: Exception, *refused: str) -> None:
        super().__init__()
        self._error, self.refused = error, refused

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> None:
        if not {*self.refused}.isdisjoint(recipients):
            raise self._error
        super().send(envelope_from, recipients, content)


def a_desk(
    store: SqlStore,
    about: Classification | None = None,
    *,
    away: tuple[Period, ...] = (),
    clients: tuple[Client, ...] = (),
    **known: Any,  # noqa: ANN401 - of a desk
) -> PlayedDesk:
    with store.write() as tx:
        tx.clients.put(clients)
    people = {
        "wang": Person(name="王工", address=WANG, away=away, substitute="zhao"),
        "zhao": Person(name="赵工", address=ZHAO),
    }
    levels = (Level(at=0.5, to=("engineer",)), Level(at=1.0, to=("boss@faultdesk.example",)))
    handlers: dict[str, Handler] = {
        "reads": Reads(about) if about else Reads(),
        "acknowledge": AcknowledgeHandler(),
        "sla": SlaHandler(levels=levels, calendars={"office": WorkingHours(hours=("08:30-17:30",))}),
        "dispatch": DispatchHandler(),
    }
    return PlayedDesk(store, handlers, people=People.of(people), **known)


def opened(desk: PlayedDesk, **fields: Any) -> int:  # noqa: ANN401 - of a message
    ticket_id = desk.decide(a_message(**fields))
    assert ticket_id is not None
    return ticket_id


def change(desk: PlayedDesk, kind: str, **data: object) -> None:
    with desk.store.write() as tx:
        desk.changes.change(tx, 1, Event(kind, data, desk.clock.now(), "operator"))


def an_answer() -> Mail:
    return Mail(
        name="reply/9",
        ticket_id=1,
        to=(Address(CLIENT),),
        subject="Re",
        text="At nine.",
        purpose="answer",
        automatic=False,
    )


def the_ticket(desk: PlayedDesk) -> Ticket:
    with desk.store.read() as tx:
        return tx.tickets.get(1)


def events(desk: PlayedDesk, kind: str) -> list[Event]:
    with desk.store.read() as tx:
        return [event for event in tx.tickets.events(1) if event.kind == kind]


def subjects_to(desk: PlayedDesk, address: str) -> list[str]:
    mails = (
        message_from_bytes(octets, policy=policy.default)
        for _, to, octets in desk.mailer.sent
        if address in to
    )
    return [str(mail["Subject"]) for mail in mails]


def hours_pass(desk: PlayedDesk, hours: int) -> None:
    for _ in range(hours * 4):
        desk.clock.advance(timedelta(minutes=15))
        desk.perform()


def test_a_client_whose_server_is_away_holds_up_neither_the_order_nor_the_clocks(store: SqlStore) -> None:
    desk = a_desk(store, mailer=RefusingMailer(TransientError("450 try later"), CLIENT))
    opened(desk)

    desk.perform()
    assert any("派工单" in subject for subject in subjects_to(desk, WANG))

    hours_pass(desk, 3)
    assert len(events(desk, "breached")) == 1
    assert any("BREACH" in subject for subject in subjects_to(desk, "boss@faultdesk.example"))


def test_an_answer_that_the_clients_server_refuses_answers_nothing(store: SqlStore) -> None:
    desk = a_desk(store, mailer=RefusingMailer(PermanentError("550 no such user"), CLIENT))
    opened(desk)
    answer = an_answer()
    with desk.store.write() as tx:
        desk.ledger.apply(tx, 1, WANG, answer)
        message_id = desk.ledger.message_id_of(1, answer.name, CLIENT)
        desk.changes.change(tx, 1, Event("answered", {"message_id": message_id}, desk.clock.now(), WANG))
    assert the_ticket(desk).deadlines[0].met_at is not None

    desk.perform()

    assert the_ticket(desk).deadlines[0].met_at is None
    assert any(
        "client not reached, phone them" in told for told in subjects_to(desk, "ops@faultdesk.example")
    )
    hours_pass(desk, 3)
    assert len(events(desk, "breached")) == 1


def test_an_answer_that_goes_out_after_all_answers_when_it_goes(store: SqlStore) -> None:
    mailer = RefusingMailer(PermanentError("550 no such user"), CLIENT)
    desk = a_desk(store, mailer=mailer)
    opened(desk)
    with desk.store.write() as tx:
        desk.ledger.apply(tx, 1, WANG, an_answer())
    desk.perform()
    assert the_ticket(desk).deadlines[0].met_at is None
    mailer.refused = ()
    desk.clock.advance(HOUR)
    with desk.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE job SET state = 'due', tries = 0 WHERE state = 'parked'")

    desk.perform()

    assert the_ticket(desk).deadlines[0].met_at == NOON + HOUR


def test_a_report_that_bounces_late_takes_back_none_but_itself(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    change(desk, "resolved", number=1, cause="c", method="m")
    with desk.store.write() as tx:
        for number in (1, 2):
            sent = Event("mail_sent", {"purpose": "report", "message_id": f"<{number}@desk>"}, NOON)
            tx.tickets.record(1, [sent], NOON)

    change(desk, "undelivered", purpose="report", message_id="<1@desk>")

    with desk.store.read() as tx:
        assert lacks_of_end(tx, the_ticket(desk)) == []
    change(desk, "undelivered", purpose="report", message_id="<2@desk>")
    with desk.store.read() as tx:
        assert lacks_of_end(tx, the_ticket(desk)) == ["report 报告"]


def test_a_ticket_that_was_closed_breaks_no_promise_afterwards(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    change(desk, "closed", reason="double", lacks=[])

    hours_pass(desk, 3)
    change(desk, "undelivered", purpose="acknowledgement", message_id="<x@desk>")
    desk.perform()

    assert events(desk, "breached") == []


def test_a_visit_that_a_closing_ended_is_not_broken_later(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    change(desk, "answered")
    desk.clock.advance(HOUR)
    change(desk, "closed", reason="by phone", lacks=[])
    desk.clock.advance(9 * HOUR)
    change(desk, "reopened", reason="又坏了")
    change(desk, "arrived")
    desk.clock.advance(20 * HOUR)
    change(desk, "noted")
    desk.perform()

    assert events(desk, "breached") == []


def test_an_advert_that_stays_one_is_not_dispatched(store: SqlStore) -> None:
    desk = a_desk(store, Classification(kind=Kind.OTHER, unsolicited=True, confidence=0.9))
    opened(desk)

    change(desk, RECLASSIFIED, labels={"severity": "low"})
    desk.perform()

    assert desk.mailer.sent == []


def test_who_was_in_copy_can_be_named_the_client(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    with desk.store.write() as tx:
        tx.tickets.add_participants(1, [Participant(Address("li@owner.example"), Role.COPIED)])

    change(desk, CLIENT_NAMED, client="li@owner.example", name="Li")

    assert the_ticket(desk).role_of("li@owner.example") is Role.CLIENT


def test_a_claimed_sender_starts_no_clock_of_a_visit_but_is_asked_about(store: SqlStore) -> None:
    desk = a_desk(store, no_visit())
    opened(desk)
    said = Classification(facts=Facts(wants_onsite=True))
    desk.host.reload({"reads": Reads(said), "sla": SlaHandler()})

    subject = f"Re: {the_ticket(desk).reference}"
    desk.decide(a_message("Please send somebody.", subject=subject, message_id="<2@owner.example>"))
    desk.perform()

    assert the_ticket(desk).deadline("on_site") is None
    assert any("has the client written?" in told for told in subjects_to(desk, "ops@faultdesk.example"))


def test_whom_a_person_has_sent_no_contract_displaces(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk, sender=Address("porter@elsewhere.example"))
    change(desk, "passed_on", to=WANG, reason="assigned by lead")

    change(desk, CLIENT_NAMED, client=CLIENT, name="Chen")

    assert the_ticket(desk).engineer == Address(WANG)


def test_a_doubt_of_a_reopening_outlives_another_judgement(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk)
    change(desk, "resolved", number=1, cause="c", method="m")
    desk.clock.advance(timedelta(days=60))
    change(desk, "reopened", reason="又坏了")

    change(desk, RECLASSIFIED, labels={"severity": "high"})

    owed = the_ticket(desk).entitlement
    assert owed is not None
    assert any(doubt.startswith("opened again on 2026-05-04") for doubt in owed.doubts)


def test_a_call_answers_although_a_letter_failed(store: SqlStore) -> None:
    desk = a_desk(store, mailer=RefusingMailer(PermanentError("550 no such user"), CLIENT))
    opened(desk)

    change(desk, "answered", answered_at=(NOON + HOUR).isoformat(), by="phone")
    desk.perform()

    assert the_ticket(desk).deadlines[0].met_at == NOON + HOUR


def test_a_refuted_answer_of_an_engineer_takes_nothing_from_the_client(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk)
    with desk.store.write() as tx:
        tx.tickets.record(1, [Event("sender_refuted", {"sender": WANG, "reason": "dmarc"})], NOON)

    change(desk, RECLASSIFIED, labels={"severity": "high"})

    owed = the_ticket(desk).entitlement
    assert owed is not None
    assert (owed.basis, owed.client) == (Basis.WARRANTY, "滨江物业")


def test_who_is_named_the_client_gets_its_clocks_its_engineer_and_an_acknowledgement(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk, sender=Address("porter@elsewhere.example"))
    desk.perform()
    assert the_ticket(desk).engineer == Address(WANG)

    change(desk, CLIENT_NAMED, client="li@elsewhere.example", name="Li")
    change(desk, CLIENT_NAMED, client="chen@owner.example", name="Chen")
    desk.perform()

    assert the_ticket(desk).engineer == Address(ZHAO)
    assert subjects_to(desk, "li@elsewhere.example")
    assert subjects_to(desk, "chen@owner.example")
    hours_pass(desk, 1)
    assert [event.data["clock"] for event in events(desk, "breached")] == ["response"]


def test_a_named_engineer_does_not_displace_who_has_accepted(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk, sender=Address("porter@elsewhere.example"))
    change(desk, "accepted")

    change(desk, CLIENT_NAMED, client=CLIENT, name="Chen")

    assert the_ticket(desk).engineer == Address(WANG)


def test_what_was_taken_for_an_advert_becomes_a_ticket_like_others(store: SqlStore) -> None:
    desk = a_desk(store, Classification(kind=Kind.OTHER, unsolicited=True, confidence=0.9))
    opened(desk)
    desk.perform()
    assert desk.mailer.sent == []

    change(desk, RECLASSIFIED, labels={"kind": "fault", "fault_class": "line", "severity": "critical"})
    desk.perform()

    assert [deadline.name for deadline in the_ticket(desk).deadlines] == ["response", "on_site"]
    assert any("派工单" in subject for subject in subjects_to(desk, WANG))
    assert len(subjects_to(desk, CLIENT)) == 1


def no_visit(severity: Severity = Severity.NORMAL) -> Classification:
    facts = Facts(wants_onsite=False)
    return Classification(kind=Kind.FAULT, severity=severity, confidence=0.9, facts=facts)


def test_of_a_critical_fault_the_rule_decides_that_somebody_goes(store: SqlStore) -> None:
    desk = a_desk(store, no_visit(Severity.CRITICAL))

    opened(desk)

    assert the_ticket(desk).deadline("on_site") is not None


def test_a_client_who_wants_somebody_to_come_after_all_starts_the_clock_of_the_visit(store: SqlStore) -> None:
    desk = a_desk(store, no_visit())
    opened(desk)
    assert the_ticket(desk).deadline("on_site") is None
    said = Classification(facts=Facts(wants_onsite=True))
    desk.host.reload({"reads": Reads(said), "sla": SlaHandler()})

    ours = desk.seal.message_id(1, "acknowledge/1", "faultdesk.example")
    desk.decide(a_message("Please do send somebody.", message_id="<2@owner.example>", references=(ours,)))

    visit = the_ticket(desk).deadline("on_site")
    assert visit is not None
    assert visit.due_at == NOON + 24 * HOUR
    assert len(events(desk, "visit_wanted")) == 1


def test_a_warranty_that_ended_before_a_reopening_is_a_doubt(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk)
    change(desk, "resolved", number=1, cause="c", method="m")
    desk.clock.advance(timedelta(days=800))

    change(desk, "reopened", reason="又坏了")

    owed = the_ticket(desk).entitlement
    assert owed is not None
    assert owed.basis is Basis.WARRANTY
    assert owed.doubts[-1] == "opened again on 2028-05-13, when it would be lapsed, quotation_needed"


def test_a_reopened_tickets_calendar_knows_the_years_after_it(store: SqlStore) -> None:
    desk = a_desk(store, clients=(VIP,))
    opened(desk)
    change(desk, "resolved", number=1, cause="c", method="m")
    desk.clock.advance(timedelta(days=1200))

    change(desk, "reopened", reason="又坏了")

    visit = the_ticket(desk).deadline("on_site")
    assert visit is not None
    assert {2029, 2030} <= set(visit.calendar.unknown_years)
    assert date(2026, 10, 1) in visit.calendar.off


def test_who_was_there_goes_again_and_is_not_asked_twice(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    desk.perform()
    change(desk, "resolved", number=1, cause="c", method="m")

    change(desk, "reopened", reason="又坏了")
    desk.perform()
    assert the_ticket(desk).engineer == Address(WANG)
    hours_pass(desk, 1)

    assert [event.data["engineer"] for event in events(desk, "assigned")] == [WANG, WANG, ZHAO]


def test_the_order_of_a_reopening_tells_why_and_what_was_done_before(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    desk.perform()
    change(desk, "answered")
    change(desk, "resolved", number=1, cause="端口烧坏", method="换端口")

    change(desk, "reopened", reason="网络又慢了")
    desk.perform()

    order = desk.mailer.sent[-1][2].decode()
    words = str(message_from_bytes(order.encode(), policy=policy.default).get_body().get_content())  # type: ignore[union-attr]
    for told in ("重新受理 Opened again: 网络又慢了", "上次原因 Cause then: 端口烧坏", "换端口"):
        assert told in words
    assert "最迟答复" not in words


def test_another_verdict_sends_the_order_anew(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    desk.perform()
    owed = {"basis": "in_warranty", "charge": "free", "spans": {"all": {"respond_within": "PT20M"}}}

    change(desk, "entitled", **owed)
    desk.perform()

    assert len([one for one in subjects_to(desk, WANG) if "派工单" in one]) == 2


def test_for_who_is_away_another_goes_after_a_reopening(store: SqlStore) -> None:
    desk = a_desk(store, away=(Period(date(2026, 3, 10), date(2026, 3, 20)),))
    opened(desk)
    change(desk, "resolved", number=1, cause="c", method="m")
    desk.clock.advance(timedelta(days=7))

    change(desk, "reopened", reason="又坏了")

    assert the_ticket(desk).engineer == Address(ZHAO)


def test_whom_an_engineer_puts_in_copy_is_no_client(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    order = desk.order(1, Address(WANG))

    desk.decide(
        a_message(
            "求助",
            sender=Address(WANG),
            cc=(Address("vendor@maker.example"),),
            message_id="<2@x>",
            references=(order,),
        )
    )

    assert the_ticket(desk).role_of("vendor@maker.example") is Role.COPIED


def test_a_colleague_in_a_clients_copy_decides_nothing(store: SqlStore) -> None:
    desk = a_desk(store)

    opened(desk, cc=(Address("sales@faultdesk.example"), Address("boss@owner.example")))

    assert the_ticket(desk).role_of("sales@faultdesk.example") is Role.COPIED
    assert the_ticket(desk).role_of("boss@owner.example") is Role.CLIENT


@pytest.mark.parametrize(("actor", "goes"), [(WANG, WANG), ("", ZHAO)])
def test_who_speaks_while_being_given_up_keeps_the_ticket(store: SqlStore, actor: str, goes: str) -> None:
    desk = a_desk(store)
    opened(desk)
    with desk.store.write() as tx:
        said = [Event("accepted", {}, NOON, actor)] if actor else []
        tx.tickets.record(1, said, NOON)

    change(desk, "passed_on", **{"from": WANG, "reason": "no answer"})

    assert the_ticket(desk).engineer == Address(goes)


def test_everybody_who_has_an_order_is_called_off(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    desk.perform()
    for name in ("li@faultdesk.example", ZHAO):
        change(desk, "passed_on", to=name, reason="assigned by operator")
    desk.perform()

    assert any("another goes" in subject for subject in subjects_to(desk, WANG))


def test_another_promise_of_one_clock_tells_nobody_of_another_again(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    hours_pass(desk, 3)
    told = subjects_to(desk, "boss@faultdesk.example")
    assert len(told) == 1

    with desk.store.write() as tx:
        promise = {"response": 7200.0, "on_site": 4 * 86400.0}
        tx.tickets.record(1, [Event("promised", {"promise": promise})], desk.clock.now())
        desk.changes.change(tx, 1, Event("accepted", {}, desk.clock.now(), WANG))
    hours_pass(desk, 1)

    assert subjects_to(desk, "boss@faultdesk.example") == told


def test_a_participant_is_no_engineer_by_being_copied(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    with desk.store.write() as tx:
        tx.tickets.add_participants(1, [Participant(Address("vendor@maker.example"), Role.COPIED)])
        tx.tickets.add_participants(1, [Participant(Address("vendor@maker.example"), Role.CLIENT)])

    assert the_ticket(desk).role_of("vendor@maker.example") is Role.COPIED


def test_a_verdict_on_an_advert_tells_nobody(store: SqlStore) -> None:
    desk = a_desk(store, Classification(kind=Kind.OTHER, unsolicited=True, confidence=0.9))
    opened(desk)

    change(desk, "entitled", basis="in_warranty", charge="free")
    desk.perform()

    assert desk.mailer.sent == []


def test_who_had_it_opened_again_is_read_by_whoever_goes(store: SqlStore) -> None:
    desk = a_desk(store)
    opened(desk)
    change(desk, "resolved", number=1, cause="c", method="m")
    content = b"From: client@owner.example\r\nSubject: again\r\n\r\nstill dark\r\n"
    inbox = desk.receive(content)

    change(desk, "reopened", inbox=inbox)
    desk.perform()

    order = message_from_bytes(desk.mailer.sent[-1][2], policy=policy.default)
    assert isinstance(order, EmailMessage)
    attached = [part.get_payload(decode=True) for part in order.walk() if part.get_filename()]
    assert content in attached
    body = order.get_body()
    assert body is not None
    assert "客户来信见附件" in body.get_content()
