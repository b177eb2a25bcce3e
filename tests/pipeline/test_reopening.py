"""What a client answers to the report: that the fault is gone, or that it is not."""

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event, Participant, Role
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler
from faultdesk_sla import SlaHandler
from pipeline.desk import PlayedDesk

LI = Address("li@owner.example", "Li Ming")
NOT_FIXED = (
    "没修好，今天早上又黑屏了",
    "还是不行",
    "問題依舊，請再派人來",
    "昨天修好了，今天又打不开门",
    "你们走了以后就断了，现在一路都没有",
    "仲係唔得",
    "Still not working",
    "It worked again for an hour, then the picture was gone again.",
    "Sorry to say it's back",
    "门又关不上了，师傅什么时候再来",
)
FIXED = (
    "谢谢，已恢复正常",
    "好的，收到",
    "没问题了",
    "可以关单了，辛苦",
    "唔該晒，得返喇",
    "Thanks, all fine now",
    "The camera works again, thank you",
    "Could you send me the invoice?",
    "OK",
)


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"classify": ClassifyHandler(), "sla": SlaHandler()})


def resolved(desk: PlayedDesk) -> int:
    notice = a_message("三号楼摄像头黑屏，请派人来修。", sender=LI, message_id="<1@owner.example>")
    ticket_id = desk.decide(notice)
    assert ticket_id is not None
    with desk.store.write() as tx:
        data = {"cause": "c", "method": "m", "number": 1}
        desk.changes.change(tx, ticket_id, Event("resolved", data, actor="operator"))
    return ticket_id


def answer(desk: PlayedDesk, text: str, sender: Address = LI) -> None:
    ours = desk.seal.message_id(1, "report/1", "faultdesk.example")
    desk.decide(
        a_message(text, subject="回复", sender=sender, message_id="<2@owner.example>", references=(ours,))
    )


@pytest.mark.parametrize("text", NOT_FIXED)
def test_a_fault_that_is_not_gone_opens_the_ticket_again_with_a_new_clock(
    desk: PlayedDesk, text: str
) -> None:
    ticket_id = resolved(desk)

    answer(desk, text)

    with desk.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
    assert ticket.status == "new"
    visit = ticket.deadline("on_site")
    assert visit is not None
    assert visit.met_at is None


@pytest.mark.parametrize("text", FIXED)
def test_thanks_and_other_wishes_leave_it_resolved(desk: PlayedDesk, text: str) -> None:
    ticket_id = resolved(desk)

    answer(desk, text)

    assert "message_received" in desk.events(ticket_id)
    assert "reopened" not in desk.events(ticket_id)


def test_an_engineers_word_opens_nothing_again(desk: PlayedDesk) -> None:
    ticket_id = resolved(desk)
    engineer = Address("duty@faultdesk.example")
    with desk.store.write() as tx:
        tx.tickets.add_participants(ticket_id, [Participant(engineer, Role.ENGINEER)])

    answer(desk, "又坏了", engineer)

    assert "reopened" not in desk.events(ticket_id)
