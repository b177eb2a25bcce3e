from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from faultdesk.domain.client import AgreedSpans, Basis, Charge, Entitlement, Period
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.people import People, Person, Post
from faultdesk.domain.promise import Clock, Promise
from faultdesk.domain.ticket import Classification, Deadline, Event, Facts, Kind, Severity, Status, Ticket
from faultdesk.handlers.testing import NOON, FakeDesk, a_ticket
from faultdesk_sla import SlaHandler, Spans
from faultdesk_sla.levels import Level

HOUR = timedelta(hours=1)

DUTY, LEAD, MANAGER = "duty@faultdesk.example", "lead@faultdesk.example", "manager@faultdesk.example"
LEVELS = tuple(Level(at=at, to=(to,)) for at, to in ((0.5, DUTY), (0.75, DUTY), (1.0, LEAD), (1.5, MANAGER)))
SLA = SlaHandler(levels=LEVELS)
CHECK = Job("sla.check", ticket_id=1)


def after(
    minutes: int,
    ticket: Ticket | None = None,
    *recorded: Event,
    by: SlaHandler = SLA,
    people: People | None = None,
) -> FakeDesk:
    desk = FakeDesk(ticket or a_ticket(), now=NOON + timedelta(minutes=minutes), people=people or People())
    desk.recorded = [(1, event) for event in recorded]
    by.check(CHECK, desk)
    return desk


def told(desk: FakeDesk) -> dict[str, Any]:
    return dict(next(event.data for _, event in desk.recorded if event.kind in {"warned", "escalated"}))


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

    assert recipients(desk) == [DUTY]
    assert desk.sent[0].purpose == "warning"
    assert "50%" in desk.sent[0].subject
    assert desk.jobs[0].run_at == NOON + timedelta(minutes=90)


def test_at_the_breach_the_branch_lead_is_told() -> None:
    told = [Event("warned", {"clock": "response", "step": step}) for step in (0.5, 0.75)]

    desk = after(120, None, *told)

    assert recipients(desk) == [LEAD]
    assert desk.recorded[-1][1].kind == "escalated"


def test_long_after_the_breach_the_manager_is_told() -> None:
    assert recipients(after(180)) == [MANAGER]


def test_after_a_long_silence_only_the_latest_step_is_told_and_the_skipped_are_named() -> None:
    desk = after(180)

    assert len(desk.sent) == 1
    assert told(desk)["skipped"] == [0.5, 0.75, 1.0]


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

    assert sorted(mail.name for mail in desk.sent) == [
        f"sla/1/on_site/0.5/{DUTY}",
        f"sla/1/response/1.0/{LEAD}",
    ]


def test_a_breach_is_an_event_once_and_whoever_is_told_of_everything_is_told_where_nobody_else_is() -> None:
    desk = after(120, by=SlaHandler())  # a lead is to be told, and nobody is one

    assert [event.kind for _, event in desk.recorded] == ["breached", "escalated"]
    assert desk.recorded[0][1].data == {"clock": "response", "due_at": (NOON + 2 * HOUR).isoformat()}
    assert told(desk)["not_told"] == ["engineer", "lead"]
    assert recipients(desk) == ["ops@faultdesk.example"]

    again = after(121, None, *(event for _, event in desk.recorded), by=SlaHandler())

    assert len(again.recorded) == 2
    assert again.sent == []


def test_a_promise_broken_and_kept_while_nobody_looked_is_an_event_once() -> None:
    late = Deadline("response", NOON, NOON + 2 * HOUR, NOON + 5 * HOUR, "answered")
    closed = a_ticket(status=Status.CLOSED, deadlines=(late,))

    desk = after(400, closed)

    assert [(event.kind, event.data["due_at"]) for _, event in desk.recorded] == [
        ("breached", (NOON + 2 * HOUR).isoformat())
    ]
    assert len(after(401, closed, *(event for _, event in desk.recorded)).recorded) == 1


def test_a_silence_that_has_ended_is_an_event_too() -> None:
    opened = Event("opened", {"noticed_at": NOON.isoformat(), "promise": {"progress": 3600.0}}, NOON)
    accepted = Event("accepted", {}, NOON + 3 * HOUR)
    running = Deadline("progress", NOON + 3 * HOUR, NOON + 4 * HOUR)

    desk = after(181, a_ticket(deadlines=(running,)), opened, accepted)

    broken = [event.data for _, event in desk.recorded if event.kind == "breached"]
    assert broken == [{"clock": "progress", "due_at": (NOON + HOUR).isoformat()}]


def test_a_warning_that_reaches_nobody_says_why() -> None:
    desk = after(60, by=SlaHandler())

    assert desk.sent == []
    assert told(desk) == {
        "clock": "response",
        "step": 0.5,
        "to": [],
        "levels": ["0.5/engineer"],
        "not_told": ["engineer"],
    }


PEOPLE = People.of(
    {
        "wang": Person(name="王工", address="wang@faultdesk.example", branch="广州"),
        "chen": Person(name="陈队", address="chen@faultdesk.example", post=Post.LEAD, branch="广州"),
        "sun": Person(name="孙队", address="sun@faultdesk.example", post=Post.LEAD),
        "zhou": Person(name="周经理", address="zhou@faultdesk.example", post=Post.MANAGER),
    }
)
AT_GUANGZHOU = a_ticket(
    engineer=Address("wang@faultdesk.example", "王工"),
    entitlement=Entitlement(basis=Basis.WARRANTY, charge=Charge.FREE, branch="广州"),
)


def agreed(**spans: AgreedSpans) -> Ticket:
    owed = Entitlement(basis=Basis.WARRANTY, charge=Charge.FREE, spans=spans)
    return a_ticket(
        classification=Classification(kind=Kind.FAULT, severity=Severity.CRITICAL), entitlement=owed
    )


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ({"all": AgreedSpans(timedelta(hours=4))}, 30),
        ({"all": AgreedSpans(timedelta(minutes=10))}, 10),
        ({"all": AgreedSpans(timedelta(hours=4)), "critical": AgreedSpans(timedelta(hours=1))}, 60),
        ({"critical": AgreedSpans(None, timedelta(hours=1))}, 30),
    ],
)
def test_who_has_a_contract_is_not_served_later_than_who_has_none(
    spans: dict[str, AgreedSpans], minutes: int
) -> None:
    sla = SlaHandler(by_severity={Severity.CRITICAL: Spans(respond_within=timedelta(minutes=30))})

    assert sla.promise_ticket(agreed(**spans)).respond_within == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("minutes", "ticket", "who"),
    [
        (60, AT_GUANGZHOU, ["wang@faultdesk.example"]),
        (120, AT_GUANGZHOU, ["wang@faultdesk.example", "chen@faultdesk.example"]),
        (180, AT_GUANGZHOU, ["zhou@faultdesk.example"]),
        (120, a_ticket(), ["sun@faultdesk.example"]),
    ],
)
def test_the_usual_levels_are_the_engineer_the_lead_of_the_branch_and_the_manager(
    minutes: int, ticket: Ticket, who: list[str]
) -> None:
    assert recipients(after(minutes, ticket, by=SlaHandler(), people=PEOPLE)) == who


def test_for_who_is_away_the_substitute_is_told_and_nobody_twice() -> None:
    holiday = (Period(date(2026, 3, 1), date(2026, 3, 10)),)
    lead = Person(
        name="陈队", address="chen@faultdesk.example", post=Post.LEAD, away=holiday, substitute="zhou"
    )
    people = People.of({"chen": lead, "zhou": PEOPLE.named("zhou")[0]})
    both = SlaHandler(levels=(Level(at=1.0, to=("lead", "manager")),))

    desk = after(120, by=both, people=people)

    assert recipients(desk) == ["zhou@faultdesk.example"]


def test_quiet_hours_put_a_level_off_to_their_end_and_say_so() -> None:
    night = SlaHandler(levels=(Level(at=0.5, to=(DUTY,), quiet="12:30-14:00"),))

    desk = after(60, by=night)  # 13:00

    assert desk.sent == []
    put_off = desk.recorded[0][1]
    assert (put_off.kind, put_off.data["reason"]) == ("warning_put_off", "quiet hours")
    assert desk.jobs[0].run_at == NOON + 2 * HOUR
    assert recipients(after(120, None, put_off, by=night)) == [DUTY]


@pytest.mark.parametrize(("hour", "until"), [(23, 7 + 24), (2, 7), (7, 7), (12, 12)])
def test_quiet_hours_may_go_over_midnight(hour: int, until: int) -> None:
    level = Level(at=1.0, to=(DUTY,), quiet="22:00-07:00")
    midnight = NOON - 12 * HOUR

    assert level.told_at(midnight + hour * HOUR, "Asia/Shanghai") == midnight + until * HOUR


def test_a_level_may_be_of_one_clock_and_severity() -> None:
    only = Level(at=0.5, to=(DUTY,), clocks=(Clock.ON_SITE,), severities=(Severity.CRITICAL,))
    critical = a_ticket(classification=Classification(kind=Kind.FAULT, severity=Severity.CRITICAL))
    on_site = Deadline("on_site", NOON, NOON + 2 * HOUR)
    of_both = msgspec.structs.replace(critical, deadlines=(on_site, *critical.deadlines))

    assert [mail.subject for mail in after(60, a_ticket(), by=SlaHandler(levels=(only,))).sent] == []
    (mail,) = after(60, of_both, by=SlaHandler(levels=(only,))).sent
    assert "到场 on site 50%" in mail.subject


def test_a_channel_of_a_handler_is_told_by_a_job_of_its_own() -> None:
    desk = after(120, by=SlaHandler(levels=(Level(at=1.0, to=("channel:sms",)),)))

    job = desk.jobs[0]
    assert (job.kind, job.ticket_id) == ("sms.tell", 1)
    assert "超时 BREACH" in job.arguments["subject"]


def test_what_an_engineer_cannot_solve_goes_to_the_lead_at_once() -> None:
    stuck = Event("stuck", {"reason": "厂家无货", "inbox": 7}, NOON, "wang@faultdesk.example")
    desk = Identity(name="desk", address="service@faultdesk.example", people=PEOPLE)

    decided = SLA.ticket_changed(AT_GUANGZHOU, stuck, desk)

    (mail,) = [one for one in decided if isinstance(one, Mail)]
    assert mail.to == (Address("chen@faultdesk.example", "陈队"),)
    assert "厂家无货" in mail.text


def test_a_name_in_the_levels_that_is_nobodys_is_told_before_it_matters() -> None:
    desk = Identity(name="desk", address="service@faultdesk.example", people=PEOPLE)
    levels = (Level(at=1.0, to=("lead", "王工", "孙工", "x@y.example", "channel:sms")),)

    assert list(SlaHandler(levels=levels).look_ahead(desk, NOON, frozenset({"sms.tell"}))) == [
        "levels: 孙工 is nobody of people, and no role"
    ]


def test_a_channel_that_no_handler_has_is_told_before_it_matters() -> None:
    desk = Identity(name="desk", address="service@faultdesk.example")
    levels = (Level(at=1.0, to=("channel:sms",)),)

    (told,) = SlaHandler(levels=levels).look_ahead(desk, NOON, frozenset({"sla.check"}))

    assert "no handler performs sms.tell" in told


def test_an_escalation_tells_times_in_the_desks_zone() -> None:
    text = after(120).sent[0].text

    assert "2026-03-05 14:00" in text
    assert "FD-2026-000123" in text
