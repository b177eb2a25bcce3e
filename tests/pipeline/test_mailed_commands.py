"""Engineers' commands by mail: what each does, what the transcript says, and who is not obeyed."""

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.message import Address, Attachment, Authentication, InboundMessage
from faultdesk.domain.people import People, Person
from faultdesk.domain.ticket import Classification, Event, Kind, Participant, Role, Status, Ticket
from faultdesk.errors import MailerUnavailableError
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk.reading.quoting import part_body
from faultdesk_dispatch import DispatchHandler
from faultdesk_report import ReportHandler
from faultdesk_sla import SlaHandler
from pipeline.desk import PlayedDesk

CLIENT = Address("client@owner.example", "Li Ming")
WANG, ZHAO = Address("wang@faultdesk.example", "王工"), Address("zhao@faultdesk.example", "赵工")
PEOPLE = People.of(
    {"wang": Person(name="王工", address=WANG.address), "zhao": Person(name="赵工", address=ZHAO.address)}
)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Reads(Handler, frozen=True):
    kind: Kind = Kind.FAULT

    @hookimpl
    def classify_message(self) -> Classification:
        return Classification(kind=self.kind, system="cctv", confidence=0.9)


def a_desk(
    store: SqlStore,
    kind: Kind = Kind.FAULT,
    patience: timedelta = timedelta(days=1),
    **identity: Any,  # noqa: ANN401 - of a desk
) -> PlayedDesk:
    handlers: dict[str, Handler] = {
        "reads": Reads(kind),
        "sla": SlaHandler(),
        "dispatch": DispatchHandler(answer_within=patience),
        "report": ReportHandler(),
    }
    played = PlayedDesk(store, handlers, people=PEOPLE, **identity)
    played.decide(a_message())  # at noon
    played.perform()
    played.clock.advance(timedelta(hours=2))
    return played


@pytest.fixture
def desk(sqlite_store: SqlStore) -> PlayedDesk:
    return a_desk(sqlite_store)


def the_order(desk: PlayedDesk, number: int = 1) -> tuple[str, ...]:
    return (desk.seal.message_id(1, f"dispatch/1/{number}", "faultdesk.example"),)


def command(desk: PlayedDesk, text: str, sender: Address = WANG, **fields: Any) -> str:  # noqa: ANN401 - of a message
    """Answer the work order; return the transcript that came back, "" when none did."""
    known: dict[str, Any] = {
        "sender": sender,
        "subject": "Re: work order",
        "message_id": f"<{hash((text, sender))}@x.example>",
        "references": the_order(desk),
    }
    before = len(desk.mailer.sent)
    desk.decide(a_message(text, **(known | fields)))
    desk.perform()
    mails = [message_from_bytes(octets, policy=policy.default) for _, _, octets in desk.mailer.sent[before:]]
    told = [mail.get_content().replace("\r\n", "\n") for mail in mails if "transcript" in mail["Subject"]]
    assert len(told) <= 1
    return told[0] if told else ""


def ticket(desk: PlayedDesk) -> Ticket:
    with desk.store.read() as tx:
        return tx.tickets.get(1)


def last(desk: PlayedDesk, kind: str) -> Event:
    with desk.store.read() as tx:
        return next(event for event in reversed(tx.tickets.events(1)) if event.kind == kind)


def sent_to(desk: PlayedDesk, address: str) -> list[str]:
    mails = [
        message_from_bytes(octets, policy=policy.default)
        for _, recipients, octets in desk.mailer.sent
        if recipients == [address]
    ]
    return [str(mail["Subject"]) for mail in mails]


def test_a_life_by_mail_from_acceptance_to_the_report(desk: PlayedDesk) -> None:
    assert "已接单 accepted" in command(desk, "接单")
    assert "arrived: 2026-03-05 13:30" in command(desk, "到场 13:30")
    said = command(
        desk, "解决\n原因：水晶头氧化\n方法：重做水晶头，测试线路\n备件：RJ45 水晶头 2 个\n恢复时间：13:50\n"
    )

    assert "FD-2026-000001-R1" in said
    assert ticket(desk).status is Status.RESOLVED
    resolved = last(desk, "resolved")
    assert resolved.data["cause"] == "水晶头氧化"
    assert resolved.data["parts"] == "RJ45 水晶头 2 个"
    assert datetime.fromisoformat(resolved.data["recovered_at"]) == datetime(
        2026, 3, 5, 13, 50, tzinfo=SHANGHAI
    )
    assert resolved.actor == WANG.address
    visit = ticket(desk).deadline("on_site")
    assert visit is not None
    assert visit.met_at == datetime(2026, 3, 5, 13, 30, tzinfo=SHANGHAI)
    assert any("故障处理报告" in subject for subject in sent_to(desk, CLIENT.address))


def test_english_and_full_width_do_as_well(desk: PlayedDesk) -> None:
    command(desk, "ＡＣＣＥＰＴ\nArrived 1:30pm\nRestored 13:50\nresolved\nCause: dust\nMethod: cleaned\n")

    assert ticket(desk).status is Status.RESOLVED
    assert {"accepted", "arrived", "restored", "resolved"} <= set(desk.events(1))


def test_a_resolution_with_half_the_fields_is_kept_and_the_rest_asked_for(desk: PlayedDesk) -> None:
    said = command(desk, "解决\n原因：水晶头氧化\n")

    assert "还缺 not resolved yet, missing: 方法 method、恢复时间 time" in said
    assert ticket(desk).status is Status.NEW
    assert sent_to(desk, CLIENT.address) == []

    said = command(desk, "方法：重做\n时间：13:50\n")

    assert "已解决" in said
    assert last(desk, "resolved").data["cause"] == "水晶头氧化"


def test_a_recovery_told_before_is_the_time_of_the_report(desk: PlayedDesk) -> None:
    command(desk, "恢复 13:40")
    command(desk, "resolved\ncause: dust\nmethod: cleaned")

    recovered = datetime.fromisoformat(last(desk, "resolved").data["recovered_at"])
    assert recovered == datetime(2026, 3, 5, 13, 40, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("到场 16:30", "2026-03-05 16:30 不在报修（2026-03-05 12:00）与现在之间"),
        ("到场 11:30", "2026-03-05 11:30 不在报修"),
        ("到场 门口", "看不懂时间“门口”"),
        ("解决\n原因：x\n方法：y\n时间：明年", "看不懂时间“明年”"),
        ("等待客户", "请写明等客户做什么"),
        ("继续", "并未等待客户"),
        ("备注", "没有内容"),
        ("转派 孙工", "没有或不止一位 nobody is called “孙工”; there are 王工, 赵工"),
        ("关闭", "缺 answer 答复、recovery 恢复时间、report 报告"),
        ("分类：一般 紧急", "severity is normal already"),
    ],
)
def test_what_cannot_be_done_is_named_and_not_guessed(desk: PlayedDesk, text: str, said: str) -> None:
    before = ticket(desk)

    assert said in command(desk, text)

    assert ticket(desk).status is before.status
    assert ticket(desk).deadlines == before.deadlines
    assert not {"arrived", "waiting", "resolved", "closed", "passed_on"} & set(desk.events(1))


def test_lines_that_are_no_command_are_named_and_the_others_done(desk: PlayedDesk) -> None:
    said = command(desk, "王工收到\n接单\n马上过去\n")

    assert "> 接单\n  已接单" in said
    assert "not understood:\n> 王工收到\n> 马上过去" in said
    assert "accepted" in desk.events(1)


def test_a_mail_without_a_command_is_kept_as_a_note(desk: PlayedDesk) -> None:
    assert "没有指令，已作为备注保存" in command(desk, "现场没人，下午再去")

    assert "noted" in desk.events(1)


def test_a_word_to_the_client_is_no_command_and_gets_no_transcript(desk: PlayedDesk) -> None:
    assert command(desk, "您好，下午三点到。", to=(CLIENT,), cc=(Address("service@faultdesk.example"),)) == ""

    assert "answered" in desk.events(1)


def test_waiting_stops_the_clock_of_the_visit_and_resume_lets_it_go_on(desk: PlayedDesk) -> None:
    command(desk, "等待客户 机房钥匙")
    visit = ticket(desk).deadline("on_site")
    assert visit is not None
    assert visit.is_paused
    assert last(desk, "waiting").data["reason"] == "机房钥匙"

    command(desk, "继续")

    visit = ticket(desk).deadline("on_site")
    assert visit is not None
    assert not visit.is_paused


def test_what_follows_reply_goes_to_the_client_and_is_the_answer(desk: PlayedDesk) -> None:
    said = command(desk, "回复客户\n李工您好，\n明早九点到。\n")

    assert "已发给客户" in said
    assert sent_to(desk, CLIENT.address) == ["[FD-2026-000001] camera"]
    assert (
        "明早九点到"
        in message_from_bytes(
            next(octets for _, to, octets in desk.mailer.sent if to == [CLIENT.address]),
            policy=policy.default,
        ).get_content()
    )
    response = ticket(desk).deadline("response")
    assert response is not None
    assert response.met_at is not None


def test_a_reassignment_sends_the_order_there_and_calls_the_first_off(desk: PlayedDesk) -> None:
    assert "已转派 reassigned: 赵工" in command(desk, "转派 赵工")

    assert ticket(desk).engineer == Address(ZHAO.address)
    assert any("派工单" in subject for subject in sent_to(desk, ZHAO.address))
    assert any("已转他人" in subject for subject in sent_to(desk, WANG.address))


def test_who_was_passed_over_takes_it_back_by_accepting(desk: PlayedDesk) -> None:
    command(desk, "转派 赵工")

    command(desk, "接单")

    assert ticket(desk).engineer == Address(WANG.address)


def test_without_an_answer_the_next_is_sent_and_all_of_it_is_on_the_log(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, patience=timedelta(minutes=15))  # two hours after the notice
    desk.perform()
    desk.clock.advance(timedelta(minutes=15))
    desk.perform()

    kinds = desk.events(1)
    assert kinds.count("assigned") == 2
    assert kinds.count("unassigned") == 1
    assert last(desk, "passed_on").data["reason"] == "no answer of zhao@faultdesk.example within 15 minutes"
    assert any("nobody can be sent" in subject for subject in sent_to(desk, "ops@faultdesk.example"))


def test_a_call_stops_the_clock_of_the_answer_when_it_was(desk: PlayedDesk) -> None:
    assert "called" in command(desk, "已致电 12:40")

    assert ticket(desk).deadlines[0].met_at == datetime(2026, 3, 5, 12, 40, tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["致电2次无人接听", "called 12 times, nobody answered", "电联3次未接"])
def test_a_call_that_reached_nobody_answers_nothing(desk: PlayedDesk, text: str) -> None:
    assert "未执行 not done" in command(desk, text)

    assert ticket(desk).deadlines[0].met_at is None


def test_a_photo_is_kept_with_the_resolution(desk: PlayedDesk) -> None:
    photo = Attachment("签收单.jpg", "image/jpeg", 1000)

    command(desk, "解决\n原因：x\n方法：y\n时间：13:50", attachments=(photo,))

    assert last(desk, "resolved").data["attached"] == ["签收单.jpg"]
    assert last(desk, "resolved").data["inbox"] == 2


def test_a_photo_that_came_with_half_of_the_fields_is_kept_too(desk: PlayedDesk) -> None:
    photo, sheet = Attachment("现场.jpg", "image/jpeg", 1000), Attachment("签收单.jpg", "image/jpeg", 1000)

    command(desk, "解决\n原因：x", attachments=(photo,))
    command(desk, "方法：y\n时间：13:50", attachments=(sheet,))

    assert last(desk, "resolved").data["attached"] == ["现场.jpg", "签收单.jpg"]


def test_what_is_still_done_of_a_ticket_that_has_ended_says_so(desk: PlayedDesk) -> None:
    command(desk, "解决\n原因：x\n方法：y\n时间：13:50")

    said = command(desk, "备注：回头补发票")

    assert "已备注" in said
    assert "此单已结束 this ticket is resolved" in said


def test_the_transcript_shows_all_that_a_field_took(desk: PlayedDesk) -> None:
    said = command(desk, "解决\n原因：x\n方法：y\n换了两个\n时间：13:50")

    assert "> 方法：y\n> 换了两个\n" in said


def test_a_fault_ends_without_a_report_for_a_stated_reason_only(desk: PlayedDesk) -> None:
    assert "缺" in command(desk, "关闭")

    assert "已关闭" in command(desk, "关闭 重复报修，见 FD-2026-000009")

    assert ticket(desk).status is Status.CLOSED
    assert last(desk, "closed").data["lacks"] == ["answer 答复", "recovery 恢复时间", "report 报告"]


def test_a_fault_that_was_reported_ends_without_a_reason(desk: PlayedDesk) -> None:
    command(desk, "解决\n原因：x\n方法：y\n时间：13:50")

    assert "已关闭" in command(desk, "关闭")

    assert last(desk, "closed").data["lacks"] == []


def test_a_question_ends_as_it_is(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, Kind.CONSULTATION)
    assert "缺 answer 答复" in command(desk, "关闭")

    command(desk, "已致电\n关闭")

    assert ticket(desk).status is Status.CLOSED


def test_a_fault_whose_report_is_on_its_way_is_closed_later(desk: PlayedDesk) -> None:
    said = command(desk, "解决\n原因：x\n方法：y\n时间：13:50\n关闭")

    assert "报告尚未发出" in said
    assert "已关闭" in command(desk, "关闭")


@pytest.mark.parametrize("time", ["9:00", "明年"])
def test_a_time_that_cannot_be_leaves_the_rest_of_a_resolution(desk: PlayedDesk, time: str) -> None:
    said = command(desk, f"解决\n原因：主板烧坏\n方法：更换\n备件：PSU 1 台\n恢复时间：{time}")
    assert "还缺 not resolved yet, missing: 恢复时间 time" in said

    command(desk, "恢复时间：13:50")

    told = last(desk, "resolved").data
    assert (told["cause"], told["method"], told["parts"]) == ("主板烧坏", "更换", "PSU 1 台")


def test_a_recovery_may_be_now(desk: PlayedDesk) -> None:
    command(desk, "解决\n原因：x\n方法：y\n时间：now")

    assert last(desk, "resolved").data["recovered_at"] == "2026-03-05T14:00:00+08:00"


def test_who_answers_years_later_is_told_that_it_is_over(desk: PlayedDesk) -> None:
    command(desk, "解决\n原因：x\n方法：y\n时间：13:50")
    desk.clock.advance(timedelta(days=730))

    said = command(desk, "到场 14:00")

    assert "此单已结束" in said
    assert "arrived" not in desk.events(1)
    assert ticket(desk).status is Status.RESOLVED


@pytest.mark.parametrize(
    ("sender", "fields", "reason"),
    [
        (CLIENT, {}, None),
        (Address("stranger@elsewhere.example"), {}, None),
        (Address("stranger@elsewhere.example"), {"references": (), "subject": "FD-2026-000001"}, None),
        (WANG, {"references": (), "subject": "FD-2026-000001"}, "a reference proves nothing"),
        (ZHAO, {}, None),
    ],
)
def test_nobody_else_commands(
    desk: PlayedDesk, sender: Address, fields: dict[str, Any], reason: str | None
) -> None:
    said = command(desk, "关闭 x\n接单", sender, **fields)

    assert ticket(desk).status is Status.NEW
    assert "accepted" not in desk.events(1)
    assert (reason or "") in said
    assert bool(said) is (reason is not None)


def test_another_engineers_order_that_was_passed_on_hands_no_authority_over(desk: PlayedDesk) -> None:
    command(desk, "转派 赵工")  # both take part now

    said = command(desk, "关闭 x", ZHAO, references=the_order(desk, 1))

    assert "it answers no mail that was sent to zhao@faultdesk.example" in said
    assert "command_refused" in desk.events(1)
    assert ticket(desk).status is Status.NEW
    assert "已关闭" in command(desk, "关闭 重复", ZHAO, references=the_order(desk, 2))


def test_with_plus_addresses_ones_own_reply_address_is_enough(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, plus_addressing=True)
    order = next(octets for _, to, octets in desk.mailer.sent if to == [WANG.address])
    own = str(message_from_bytes(order, policy=policy.default)["Reply-To"])

    assert "已接单" in command(desk, "接单", references=(), to=(Address(own),))


def test_a_reply_address_of_another_ticket_commands_nothing_here(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, plus_addressing=True)
    desk.decide(a_message(message_id="<2@owner.example>"))
    desk.perform()
    first = next(octets for _, to, octets in desk.mailer.sent if to == [WANG.address])
    of_the_first = str(message_from_bytes(first, policy=policy.default)["Reply-To"])
    acknowledged = (desk.seal.message_id(2, "acknowledge/2", "faultdesk.example"),)
    with desk.store.write() as tx:
        tx.tickets.add_participants(2, [Participant(WANG, Role.ENGINEER)])

    desk.decide(
        a_message(
            "关闭 x", sender=WANG, message_id="<f@x>", references=acknowledged, to=(Address(of_the_first),)
        )
    )

    assert "command_refused" in desk.events(2)
    assert "closed" not in desk.events(1) + desk.events(2)


def test_a_robot_that_answers_transcripts_gets_one(desk: PlayedDesk) -> None:
    said = [command(desk, f"I am out of the office, case {number}.") for number in range(4)]

    assert [bool(one) for one in said] == [True, False, False, False]


def test_the_same_word_to_many_tickets_is_obeyed_in_each(desk: PlayedDesk) -> None:
    for number in (2, 3):
        desk.decide(a_message(f"gate {number} is dark", message_id=f"<{number}@owner.example>"))
    desk.perform()

    for number in (1, 2, 3):
        order = (desk.seal.message_id(number, f"dispatch/{number}/1", "faultdesk.example"),)
        who = WANG if b"wang@" in sent_order(desk, number) else ZHAO
        command(desk, "接单\n", who, references=order, message_id=f"<accept-{number}@x.example>")

    assert all("accepted" in desk.events(number) for number in (1, 2, 3))


def sent_order(desk: PlayedDesk, number: int) -> bytes:
    signed = desk.seal.message_id(number, f"dispatch/{number}/1", "faultdesk.example").encode()
    return next(octets for _, _, octets in desk.mailer.sent if signed in octets)


def test_what_cannot_reach_the_client_is_no_answer(desk: PlayedDesk) -> None:
    with desk.store.write() as tx:
        tx.tickets.set_requester(1, Address("erased-7"))

    assert "未执行 not done" in command(desk, "回复客户\n您好")

    assert "answered" not in desk.events(1)


def test_after_a_reopening_the_next_is_sent_where_the_first_says_nothing(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, patience=timedelta(hours=3))
    command(desk, "接单\n解决\n原因：x\n方法：y\n时间：13:50")
    with desk.store.write() as tx:
        desk.changes.change(tx, 1, Event("reopened", {"reason": "又坏了"}))
    desk.perform()

    desk.clock.advance(timedelta(hours=4))
    desk.perform()

    assert ticket(desk).engineer == Address(ZHAO.address)


def test_while_mail_stands_still_nobody_is_passed_over(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, patience=timedelta(hours=3))
    desk.mailer.error = MailerUnavailableError("refused")
    command(desk, "转派 赵工")
    desk.clock.advance(timedelta(hours=4))
    desk.perform()
    desk.mailer.error = None
    desk.clock.advance(timedelta(minutes=1))
    desk.perform()

    assert ticket(desk).engineer == Address(ZHAO.address)
    assert "unassigned" not in desk.events(1)


def test_commands_in_what_is_quoted_do_nothing(desk: PlayedDesk) -> None:
    command(desk, "好的", quoted="接单\n关闭 x")

    assert "accepted" not in desk.events(1)


@pytest.mark.parametrize(
    "text",
    [
        "> 解决\n> 原因：x\n> 方法：y\n> 恢复时间：13:00",
        "------------------ 原始邮件 ------------------\n接单\n关闭：完",
        (
            "---------- Forwarded message ---------\nFrom: Li Ming <client@owner.example>\nDate: today\n"
            "Subject: x\nTo: wang@faultdesk.example\n\n关闭：完"
        ),
    ],
)
def test_a_mail_of_nothing_but_others_words_commands_nothing(desk: PlayedDesk, text: str) -> None:
    body = part_body(text)

    said = command(desk, body.text, may_be_anothers=body.may_be_anothers)

    assert "未执行任何指令" in said
    assert ticket(desk).status is Status.NEW
    assert "accepted" not in desk.events(1)


def test_what_stands_above_a_quotation_is_obeyed() -> None:
    body = part_body("接单\n\n在 2026-03-05 09:00:00，服务中心 <s@desk.example> 写道：\n> 关闭：完")

    assert (body.text, body.may_be_anothers) == ("接单", False)


def test_an_arrival_is_noted_once(desk: PlayedDesk) -> None:
    command(desk, "到场 13:30")

    assert "已记录 this arrival is noted already" in command(desk, "到场 13点30分")
    assert desk.events(1).count("arrived") == 1


def test_an_answer_that_the_server_refutes_opens_nothing_and_is_told(sqlite_store: SqlStore) -> None:
    desk = a_desk(sqlite_store, authserv_ids=frozenset({"mx.faultdesk.example"}))
    says = Authentication("mx.faultdesk.example", "dmarc", "fail", "faultdesk.example")

    said = command(desk, "关闭：完", authentication=(says,))

    assert not said
    assert ticket(desk).status is Status.NEW
    assert {"command_refused", "sender_refuted"} <= set(desk.events(1))
    assert "message_received" not in desk.events(1)
    assert "FD-2026-000001: an answer was refused" in sent_to(desk, "ops@faultdesk.example")
    with desk.store.read() as tx:
        assert tx.tickets.find("FD-2026-000002") is None


def test_the_same_mail_twice_is_done_once(desk: PlayedDesk) -> None:
    message = InboundMessage(
        subject="Re", sender=WANG, message_id="<1@x>", references=the_order(desk), text="备注 一次"
    )

    desk.decide(message)
    desk.decide(message)

    assert desk.events(1).count("noted") == 1
