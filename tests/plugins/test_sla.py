from datetime import timedelta

import msgspec

from faultdesk.domain.decision import Job
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Classification, Deadline, Event, Facts, Kind, Ticket
from faultdesk.handlers.testing import NOON, FakeDesk, a_ticket
from faultdesk_sla import SlaHandler

CHAIN = ("duty@faultdesk.example", "lead@faultdesk.example", "manager@faultdesk.example")
SLA = SlaHandler(chain=CHAIN)
CHECK = Job("sla.check", ticket_id=1)


def after(minutes: int, ticket: Ticket | None = None, *recorded: Event) -> FakeDesk:
    desk = FakeDesk(ticket or a_ticket(), now=NOON + timedelta(minutes=minutes))
    desk.recorded = [(1, event) for event in recorded]
    SLA.check(CHECK, desk)
    return desk


def recipients(desk: FakeDesk) -> list[str]:
    return [person.address for mail in desk.sent for person in mail.to]


def test_a_fault_is_owed_an_answer_and_a_visit() -> None:
    assert SLA.promise_ticket(a_ticket()) == Promise(timedelta(hours=2), timedelta(hours=24))


def test_a_question_is_owed_an_answer_only() -> None:
    ticket = a_ticket(classification=Classification(kind=Kind.CONSULTATION))

    assert SLA.promise_ticket(ticket) == Promise(timedelta(hours=2), None)


def test_a_client_who_wants_no_visit_is_owed_none() -> None:
    about = Classification(kind=Kind.FAULT, facts=Facts(wants_onsite=False))

    assert SLA.promise_ticket(a_ticket(classification=about)).on_site_within is None


def test_an_advert_is_owed_nothing() -> None:
    ticket = a_ticket(classification=Classification(unsolicited=True))

    assert SLA.promise_ticket(ticket) == Promise()


def test_a_new_tickets_timer_is_set_to_half_of_the_shortest_span() -> None:
    (timer,) = SLA.ticket_opened(a_ticket())

    assert timer == Job("sla.check", 1, name="sla.check/1", run_at=NOON + timedelta(hours=1))


def test_half_way_the_engineer_on_duty_is_reminded() -> None:
    desk = after(60)

    assert recipients(desk) == [CHAIN[0]]
    assert desk.sent[0].purpose == "warning"
    assert "50%" in desk.sent[0].subject
    assert desk.jobs[0].run_at == NOON + timedelta(minutes=90)


def test_at_the_breach_the_branch_lead_is_told() -> None:
    told = [Event("warned", {"clock": "response", "step": step}) for step in (0.5, 0.75)]

    desk = after(120, None, *told)

    assert recipients(desk) == [CHAIN[1]]
    assert desk.recorded[-1][1].kind == "escalated"


def test_long_after_the_breach_the_manager_is_told() -> None:
    assert recipients(after(180)) == [CHAIN[2]]


def test_after_a_long_silence_only_the_latest_step_is_told_and_the_skipped_are_named() -> None:
    desk = after(180)

    assert len(desk.sent) == 1
    assert desk.recorded[0][1].data["skipped"] == [0.5, 0.75, 1.0]


def test_a_timer_on_an_answered_ticket_sends_nothing() -> None:
    met = Deadline("response", NOON, NOON + timedelta(hours=2), NOON + timedelta(minutes=5))

    desk = after(120, a_ticket(deadlines=(met,)))

    assert desk.sent == []
    assert desk.jobs == []


def test_a_step_told_before_is_not_told_again() -> None:
    desk = after(61, None, Event("warned", {"clock": "response", "step": 0.5}))

    assert desk.sent == []
    assert desk.jobs[0].run_at == NOON + timedelta(minutes=90)


def test_each_clock_is_told_by_itself() -> None:
    response = Deadline("response", NOON, NOON + timedelta(hours=2))
    on_site = Deadline("on_site", NOON, NOON + timedelta(hours=4))

    desk = after(120, a_ticket(deadlines=(response, on_site)))

    assert sorted(mail.name for mail in desk.sent) == ["sla/1/on_site/0.5", "sla/1/response/1.0"]


def test_without_a_chain_the_breach_is_still_on_the_log() -> None:
    desk = FakeDesk(a_ticket(), now=NOON + timedelta(hours=2))

    msgspec.structs.replace(SLA, chain=()).check(CHECK, desk)

    assert desk.sent == []
    assert desk.recorded[0][1].kind == "escalated"


def test_a_chain_shorter_than_the_steps_ends_with_its_last() -> None:
    desk = FakeDesk(a_ticket(), now=NOON + timedelta(hours=3))

    msgspec.structs.replace(SLA, chain=CHAIN[:1]).check(CHECK, desk)

    assert recipients(desk) == [CHAIN[0]]


def test_an_escalation_tells_times_in_the_desks_zone() -> None:
    text = after(120).sent[0].text

    assert "2026-03-05 14:00" in text
    assert "FD-2026-000123" in text
