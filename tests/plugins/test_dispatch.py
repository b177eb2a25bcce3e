from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

import faultdesk_dispatch
from faultdesk.domain.assignment import Choice
from faultdesk.domain.client import Basis, Charge, Entitlement, Period
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Attachment
from faultdesk.domain.names import is_system
from faultdesk.domain.past import PastFault
from faultdesk.domain.people import People, Person, Post
from faultdesk.domain.playbook import Copied, Playbook
from faultdesk.domain.ticket import (
    Classification,
    Event,
    Facts,
    FaultClass,
    Kind,
    Participant,
    Role,
    Severity,
    Status,
    Ticket,
)
from faultdesk.handlers.testing import NOON, FakeDesk, a_message, a_ticket
from faultdesk_dispatch import DispatchHandler
from faultdesk_dispatch.roster import Shift

ORDER = Job("dispatch.order", ticket_id=1)
DUTY = Address("duty@faultdesk.example")
DISPATCH = DispatchHandler(duty=DUTY.address)
PEOPLE = People.of(
    {
        "zhang": Person(
            name="张工", address="zhang@faultdesk.example", branch="广州", systems=frozenset({"cctv"})
        ),
        "li": Person(name="李工", address="li@faultdesk.example", branch="广州"),
        "wang": Person(name="王工", address="wang@faultdesk.example", systems=frozenset({"network"})),
        "zhao": Person(name="赵工", address="zhao@faultdesk.example", systems=frozenset({"network"})),
        "lead": Person(name="陈队", address="lead@faultdesk.example", post=Post.LEAD, branch="广州"),
    }
)


def a_desk(**identity: object) -> Identity:
    return Identity(name="desk", address="service@faultdesk.example", **identity)  # type: ignore[arg-type]


def of(system: str = "none", branch: str = "", **owed: object) -> Ticket:
    known = {"basis": Basis.WARRANTY, "charge": Charge.FREE, "branch": branch, "contract": "YH-1"}
    entitlement = Entitlement(**{**known, **owed})  # type: ignore[arg-type]
    return a_ticket(classification=Classification(kind=Kind.FAULT, system=system), entitlement=entitlement)


def chosen(
    handler: DispatchHandler, ticket: Ticket, *passed_over: str, at: datetime = NOON, people: People = PEOPLE
) -> tuple[list[str], str]:
    choice = handler.assign_ticket(ticket, a_desk(people=people), at, frozenset(passed_over))
    assert choice is not None
    return [one.address.partition("@")[0] for one in choice.candidates], "; ".join(choice.reasons)


def test_without_people_everything_goes_to_duty() -> None:
    assert DISPATCH.assign_ticket(a_ticket(), a_desk(), NOON, frozenset()) == Choice(
        (DUTY,), ("on duty for everything",)
    )


@pytest.mark.parametrize(
    ("ticket", "who", "why"),
    [
        (of("cctv", "广州"), ["zhang"], "of branch 广州; skilled in cctv"),
        (of("parking", "广州"), ["li"], "of branch 广州; for any system"),
        (of("network"), ["wang", "zhao"], "skilled in network"),
        (of("network", "广州"), ["li"], "of branch 广州; for any system"),
        (of("network", "深圳"), ["wang", "zhao"], "nobody of branch 深圳; skilled in network"),
    ],
)
def test_the_branch_comes_before_the_skill(ticket: Ticket, who: list[str], why: str) -> None:
    assert chosen(DISPATCH, ticket) == (who, why)


def test_whom_the_contract_names_goes_first() -> None:
    ticket = of("network", "广州", engineer="zhao@faultdesk.example")

    assert chosen(DISPATCH, ticket) == (["zhao"], "named by contract YH-1")


def test_a_named_engineer_who_is_away_is_stood_in_for() -> None:
    holiday = (Period(date(2026, 3, 1), date(2026, 3, 10)),)
    named = Person(name="赵工", address="zhao@faultdesk.example", away=holiday, substitute="li")
    people = People.of({"zhao": named, "li": PEOPLE.named("li")[0]})

    who, why = chosen(DISPATCH, of(engineer="zhao@faultdesk.example"), people=people)

    assert who == ["li"]
    assert why == "named by contract YH-1; stands in for zhao@faultdesk.example"


def test_who_did_not_answer_is_not_asked_twice_and_then_everything_goes_to_duty() -> None:
    assert chosen(DISPATCH, of("network"), "wang@faultdesk.example")[0] == ["zhao"]
    everybody = [person.address for person in PEOPLE.known]
    assert chosen(DISPATCH, of("network"), *everybody)[0] == ["duty"]
    assert chosen(DISPATCH, of("network"), *everybody, DUTY.address) == (
        [],
        "everybody was asked",
    )


NIGHTS = DispatchHandler(
    shifts=(
        Shift(who=("wang",), begin="20:00", end="08:00"),
        Shift(who=("李工",), begin="08:00", end="20:00"),
    )
)


@pytest.mark.parametrize(
    ("hour", "who", "why"),
    [
        (12, ["li"], "skilled in network; none of these is on duty: whoever is"),
        (23, ["wang"], "skilled in network; on duty"),
        (3, ["wang"], "skilled in network; on duty"),
    ],
)
def test_by_the_roster_nobody_is_woken_while_somebody_is_on_duty(hour: int, who: list[str], why: str) -> None:
    at = datetime(2026, 3, 5, hour, tzinfo=UTC) - timedelta(hours=8)

    assert chosen(NIGHTS, of("network"), at=at) == (who, why)


def test_the_roster_may_be_an_icalendar_file(tmp_path: Path) -> None:
    file = tmp_path / "roster.ics"
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1", "SUMMARY:赵工",
        "DTSTART;TZID=Asia/Shanghai:20260301T090000", "DTEND;TZID=Asia/Shanghai:20260301T180000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    file.write_text("\r\n".join(lines), encoding="utf-8")

    handler = DispatchHandler(roster=file)

    assert chosen(handler, of("network")) == (["zhao"], "skilled in network; on duty")
    told = list(handler.look_ahead(a_desk(people=PEOPLE), NOON))
    assert told[0] == "no engineer is on duty from 2026-03-05 18:00 to 2026-03-06 09:00"


@pytest.mark.parametrize(
    ("hour", "who"), [(0.5, ["wang"]), (4, ["wang"]), (7.9, ["wang"]), (8.1, ["li"]), (23.9, ["li"])]
)
def test_times_without_a_zone_and_whole_days_are_the_desks(
    tmp_path: Path, hour: float, who: list[str]
) -> None:
    file = tmp_path / "roster.ics"
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test",
        "BEGIN:VEVENT", "UID:1", "SUMMARY:wang", "DTSTART:20260306T000000", "DTEND:20260306T080000", "END:VEVENT",
        "BEGIN:VEVENT", "UID:2", "SUMMARY:li", "DTSTART:20260306T080000", "DTEND:20260307T000000", "END:VEVENT",
        "BEGIN:VEVENT", "UID:3", "SUMMARY:zhao", "DTSTART;VALUE=DATE:20260305", "DTEND;VALUE=DATE:20260306", "END:VEVENT",
        "END:VCALENDAR", "",
    )  # fmt: skip
    file.write_text("\r\n".join(lines), encoding="utf-8")
    at = datetime(2026, 3, 5, 16, tzinfo=UTC) + timedelta(hours=hour)

    assert chosen(DispatchHandler(roster=file), of("parking"), at=at)[0] == who


def test_a_roster_that_is_no_calendar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "roster.ics").write_text("Monday: Zhao")

    with pytest.raises(ValueError, match="no iCalendar"):
        DispatchHandler(roster=tmp_path / "roster.ics")


def test_names_that_are_nobodys_and_holes_are_told_before_they_come() -> None:
    but_sunday = ("mon", "tue", "wed", "thu", "fri", "sat")
    handler = DispatchHandler(shifts=(Shift(who=("赵工", "孙工"), days=but_sunday), Shift(who=("孙工",))))

    assert list(handler.look_ahead(a_desk(people=PEOPLE), NOON)) == [
        "no engineer is on duty from 2026-03-08 00:00 to 2026-03-09 00:00",
        "the roster names 孙工, who is nobody of people",
    ]


def test_who_is_away_leaves_a_hole() -> None:
    away = Period(date(2026, 3, 6), date(2026, 3, 6))
    alone = People.of({"zhao": Person(name="赵工", address="zhao@faultdesk.example", away=(away,))})
    handler = DispatchHandler(shifts=(Shift(who=("赵工",)),))

    assert list(handler.look_ahead(a_desk(people=alone), NOON)) == [
        "no engineer is on duty from 2026-03-06 00:00 to 2026-03-07 00:00"
    ]


def test_a_desk_that_can_send_nobody_is_told() -> None:
    assert list(DispatchHandler().look_ahead(a_desk(), NOON)) == [
        "nobody can be sent: there is no engineer among people, and no duty"
    ]


def ordered(ticket: Ticket, *log: Event, **fields: object) -> FakeDesk:
    desk = FakeDesk(ticket, **fields)  # type: ignore[arg-type]
    desk.recorded = [(1, event) for event in (*log, Event("assigned", {"engineer": DUTY.address}))]
    photo = Attachment("现场.jpg", "image/jpeg", 51200)
    desk.notices[1] = a_message(attachments=(photo,), signature="李明 项目部")
    DISPATCH.order(ORDER, desk)
    return desk


def of_duty(**fields: Any) -> Ticket:  # noqa: ANN401 - of a ticket
    return a_ticket(engineer=DUTY, **fields)


def test_the_work_order_tells_everything_known_with_the_original() -> None:
    facts = Facts(phone="188 5200 4417", wants_onsite=True)
    desk = ordered(of_duty(classification=Classification(kind=Kind.FAULT, facts=facts)))

    (mail,) = desk.sent
    assert mail.to == (DUTY,)
    assert mail.internal
    assert mail.role is Role.ENGINEER
    assert mail.attached == (1,)
    for told in (
        "188 5200 4417",
        "the camera at gate 3 is dark",
        "李明 项目部",
        "现场.jpg",
        "14:00",
        "需到场 wanted",
    ):
        assert told in mail.text


def test_it_tells_how_like_faults_were_solved() -> None:
    desk = FakeDesk(of_duty())
    desk.past = [
        PastFault(
            reference="FD-2025-000009",
            subject="三号门黑屏",
            client="某大厦",
            resolved_at=NOON,
            cause="电源模块烧毁",
            method="更换",
        )
    ]

    DISPATCH.order(ORDER, desk)

    assert (
        "FD-2025-000009 2026-03-05 12:00 某大厦: 三号门黑屏\n    原因 Cause: 电源模块烧毁"
        in desk.sent[0].text
    )


def a_playbook(**copy: object) -> Playbook:
    said = dict.fromkeys(("zh-Hans", "zh-Hant", "en"), "...")
    steps = {"zh-Hans": ("先恢复主干",), "en": ("trunk first",)}
    return Playbook(first_aid=said, checklist=steps, copy=Copied(**copy))  # type: ignore[arg-type]


def test_it_holds_the_playbooks_checklist_and_the_line_crew_gets_a_copy() -> None:
    about = Classification(kind=Kind.FAULT, fault_class=FaultClass.LINE)
    playbooks = {FaultClass.LINE: a_playbook(always=("crew@faultdesk.example",))}

    owed = Entitlement(basis=Basis.WARRANTY, charge=Charge.FREE, contract="YH-1")
    desk = ordered(of_duty(classification=about, entitlement=owed), playbooks=playbooks)

    order, copy = desk.sent
    assert "1. 先恢复主干" in order.text
    assert "the camera at gate 3 is dark" in copy.text
    assert "YH-1" in order.text
    assert not any(told in copy.text for told in ("YH-1", "类似故障", "接单 accept", "faultdesk "))
    assert copy.attached == ()
    assert copy.to == (Address("crew@faultdesk.example"),)
    assert copy.role is Role.COPIED


def test_the_vendor_is_copied_by_the_brand_that_the_client_names() -> None:
    copied = Copied(
        by_brand={"海康": ("vendor@hik.example",)}, by_system={"cctv": ("cctv@faultdesk.example",)}
    )
    about = Classification(kind=Kind.FAULT, system="cctv")

    assert copied.addresses(a_ticket(classification=about), "海康 DS-2CD 黑屏") == (
        "cctv@faultdesk.example",
        "vendor@hik.example",
    )


def test_who_was_sent_has_fifteen_minutes_to_answer() -> None:
    (timer,) = ordered(of_duty()).jobs

    assert timer.run_at == NOON + timedelta(minutes=15)
    assert timer.arguments == {"sent": 1}


ORDERED = Event("mail_sent", {"purpose": "work order"}, NOON)


def unanswered(ticket: Ticket, *log: Event, sent: int = 1) -> FakeDesk:
    desk = FakeDesk(ticket, now=NOON + timedelta(minutes=15))
    desk.recorded = [(1, event) for event in (Event("assigned", {"engineer": DUTY.address}), ORDERED, *log)]
    DISPATCH.unanswered(Job("dispatch.unanswered", 1, {"sent": sent}), desk)
    return desk


def test_without_an_answer_the_next_is_sent() -> None:
    ((_, event),) = unanswered(of_duty()).changed

    assert event.kind == "passed_on"
    assert event.data["reason"] == "no answer of duty@faultdesk.example within 15 minutes"


@pytest.mark.parametrize(
    "ended",
    [
        Event("job_parked", {"kind": "mail.send"}, NOON),
        Event("mail_withheld", {"purpose": "work order"}, NOON),
    ],
)
def test_an_order_that_never_goes_out_keeps_nobody_from_sending_the_next(ended: Event) -> None:
    desk = FakeDesk(of_duty(), now=NOON + timedelta(minutes=15))
    desk.recorded = [(1, Event("assigned", {"engineer": DUTY.address})), (1, ended)]

    DISPATCH.unanswered(Job("dispatch.unanswered", 1, {"sent": 1}), desk)

    assert [event.kind for _, event in desk.changed] == ["passed_on"]


def test_while_the_order_waits_to_go_out_nobody_is_passed_over() -> None:
    desk = FakeDesk(of_duty(), now=NOON + timedelta(minutes=40))
    desk.recorded = [(1, Event("assigned", {"engineer": DUTY.address}))]

    DISPATCH.unanswered(Job("dispatch.unanswered", 1, {"sent": 1}), desk)

    assert desk.changed == []
    assert desk.jobs[0].run_at == NOON + timedelta(minutes=55)


@pytest.mark.parametrize("kind", ["accepted", "answered", "arrived", "noted", "waiting"])
def test_who_has_answered_keeps_the_ticket(kind: str) -> None:
    assert unanswered(of_duty(), Event(kind, actor="duty@faultdesk.example")).changed == []


@pytest.mark.parametrize("kind", ["noted", "resumed"])
def test_what_others_note_is_no_answer_of_who_was_sent(kind: str) -> None:
    assert unanswered(of_duty(), Event(kind, actor="lead@faultdesk.example")).changed != []


def test_a_ticket_that_is_resolved_or_went_to_another_is_left_alone() -> None:
    assert unanswered(of_duty(status=Status.RESOLVED)).changed == []
    other = Event("assigned", {"engineer": "other@faultdesk.example"})
    assert unanswered(a_ticket(engineer=Address("other@faultdesk.example")), other).changed == []


def test_who_was_sent_before_is_called_off() -> None:
    first = Event("assigned", {"engineer": "first@faultdesk.example"})
    passed = Event("passed_on", {"reason": "no answer of first@faultdesk.example within 15 minutes"})

    _, called_off = ordered(of_duty(), first, passed).sent

    assert called_off.to == (Address("first@faultdesk.example"),)
    assert "请勿前往" in called_off.text


def test_when_nobody_can_be_sent_the_desk_is_told() -> None:
    desk = FakeDesk(a_ticket())
    desk.recorded = [(1, Event("unassigned", {"reasons": ["everybody was asked"]}))]

    DISPATCH.order(ORDER, desk)

    assert desk.sent[0].to == (Address("ops@faultdesk.example"),)
    assert "everybody was asked" in desk.sent[0].text


def test_an_advert_makes_no_work() -> None:
    ticket = a_ticket(classification=Classification(unsolicited=True))

    assert DISPATCH.ticket_opened(ticket) == [Event("not_dispatched", {"reason": "unsolicited"})]
    assert DISPATCH.assign_ticket(ticket, a_desk(), NOON, frozenset()) is None


def test_a_clients_addition_reaches_the_engineer_at_work() -> None:
    ticket = a_ticket(participants=(Participant(Address("wang@faultdesk.example"), Role.ENGINEER),))

    ticket = msgspec.structs.replace(ticket, engineer=Address("wang@faultdesk.example"))
    (mail,) = DISPATCH.message_added(ticket, a_message(text="and gate 4 too"), a_desk())

    assert mail.to == (Address("wang@faultdesk.example"),)
    assert "and gate 4 too" in mail.text


def test_an_engineers_own_mail_is_not_sent_back() -> None:
    ticket = a_ticket(participants=(Participant(Address("wang@faultdesk.example"), Role.ENGINEER),))

    assert DISPATCH.message_added(ticket, a_message(sender=Address("wang@faultdesk.example")), a_desk()) == []


def test_an_original_too_large_for_mail_stays_with_the_desk_and_is_named() -> None:
    desk = FakeDesk(of_duty())
    desk.notices[1] = a_message(size=30_000_000)

    DISPATCH.order(ORDER, desk)

    assert desk.sent[0].attached == ()
    assert "faultdesk inbox show 1 --raw" in desk.sent[0].text


def test_the_work_order_asks_for_what_is_unsure() -> None:
    unsure = ordered(of_duty(classification=Classification(kind=Kind.FAULT, unsure=("system",)))).sent[0]
    certain = ordered(of_duty()).sent[0]

    assert isinstance(unsure, Mail)
    assert "Unsure     system: faultdesk classify" in unsure.text
    assert "Unsure" not in certain.text


def test_a_work_order_has_words_for_whatever_a_ticket_can_be() -> None:
    template = (Path(faultdesk_dispatch.__file__).parent / "templates/names.txt").read_text(encoding="utf-8")
    known = jinja2.Template(template).module

    for kinds, choices in (
        (known.kinds, Kind),
        (known.classes, FaultClass),
        (known.severities, Severity),
        (known.bases, Basis),
        (known.charges, Charge),
    ):
        assert set(kinds) == set(choices)
    assert all(is_system(system) for system in known.systems)
