from datetime import timedelta

import msgspec
import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.fax import Line, Page, Reception
from faultdesk.domain.message import Address, Attachment, Authentication, Channel, InboundMessage
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.host import Host
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.faxes import recognised
from faultdesk.pipeline.inbox import Received
from faultdesk_acknowledge import AcknowledgeHandler
from pipeline.desk import NOON, PlayedDesk
from pipeline.faxed import DESK, GATEWAY, NUMBER, TIFF, Gateway, a_fax, a_page, again, opened, read_pages


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"gateway": Gateway(), "acknowledge": AcknowledgeHandler()})


def test_a_fax_waits_for_its_pages_and_opens_a_ticket_with_their_words(desk: PlayedDesk) -> None:
    message = a_fax(f"{NUMBER} 1 k1", TIFF)

    assert desk.decide(message) is None
    reader = read_pages(desk, a_page("报修单\n二楼门禁坏了"))
    ticket_id = again(desk, message)

    assert reader.asked == [("fax1.tif",)]
    assert ticket_id is not None
    with desk.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
    assert (ticket.channel, ticket.subject, ticket.requester) == (
        Channel.FAX,
        "二楼门禁坏了",
        Address(f"fax:{NUMBER}"),
    )


def test_a_faxed_form_has_fields() -> None:
    lines = ("联系人：方舟", "联系电话：0512-62887034", "故障地点：三楼")
    placed = tuple(Line(line, 0.9, 0, 60 * number, 300, 40) for number, line in enumerate(lines))
    message = a_fax(f"{NUMBER} 1 k1", TIFF)
    received = Received(1, "fax", b"", NOON, 0, truncated=False, pages=(Page(number=1, lines=placed),))

    fax = recognised(Host({"gateway": Gateway()}), received, message, DESK).fax

    assert fax is not None
    assert [(field.name, field.value) for field in fax.fields] == [
        ("contact", "方舟"),
        ("phone", "0512-62887034"),
        ("location", "三楼"),
    ]


@pytest.mark.parametrize(
    ("lines", "subject"),
    [
        (("弱电系统故障报修单", "致：售后服务部", "您好：", "三楼断网，请派人处理"), "三楼断网，请派人处理"),
        (("SERVICE REQUEST FORM", "To: Service", "Dear sirs,", "Gate 2 stays open"), "Gate 2 stays open"),
        (("传真", "2"), ""),
        (
            ("The access controller in the lobby of tower two shows offline since this morning",),
            "The access controller in the lobby of tower two shows…",
        ),
    ],
)
def test_a_letter_is_called_by_its_matter_and_not_by_how_it_begins(
    lines: tuple[str, ...], subject: str
) -> None:
    placed = tuple(Line(line, 0.9, 0, 60 * number, 300, 40) for number, line in enumerate(lines))
    received = Received(1, "fax", b"", NOON, 0, truncated=False, pages=(Page(number=1, lines=placed),))

    assert (
        recognised(Host({"gateway": Gateway()}), received, a_fax(f"{NUMBER} 1 k1", TIFF), DESK).subject
        == subject
    )


def test_doubtful_words_are_no_subject() -> None:
    scribble = Page(number=1, lines=(Line("wwwwMMN", 0.6, 0, 0, 300, 40),))
    received = Received(1, "fax", b"", NOON, 0, truncated=False, pages=(scribble,))

    assert (
        recognised(Host({"gateway": Gateway()}), received, a_fax(f"{NUMBER} 1 k1", TIFF), DESK).subject == ""
    )


def test_a_page_s_times_are_those_of_the_desk_s_zone() -> None:
    received = Received(1, "fax", b"", NOON, 0, truncated=False, pages=(a_page("今天下午3点断网"),))
    message = msgspec.structs.replace(a_fax(f"{NUMBER} 1 k1", TIFF), date=NOON)

    date = recognised(Host({"gateway": Gateway()}), received, message, DESK).date

    assert date == NOON
    assert date is not None
    assert date.utcoffset() == timedelta(hours=8)


def test_a_page_of_ours_that_came_back_is_told(desk: PlayedDesk) -> None:
    opened(desk, a_page("二楼门禁坏了"))

    opened(desk, a_page("签收", codes=("FD-2026-000001",)), message=a_fax(f"{NUMBER} 1 k2", TIFF))

    told = "page 1 is a page of ours that came back: look what is written or signed on it"
    assert told in desk.problems(1)


def test_a_fax_is_acknowledged_by_fax(desk: PlayedDesk) -> None:
    opened(desk, a_page("二楼门禁坏了"))

    desk.perform()

    assert [(number, tag) for number, tag, _ in desk.fax_sender.sent] == [(NUMBER, "FD-2026-000001")]
    assert desk.mailer.sent == []


def test_a_fax_that_is_announced_before_its_pages_come_is_one_ticket(desk: PlayedDesk) -> None:
    announcement = desk.receive()
    desk.decide_received(desk.waiting(announcement), a_fax())

    ticket_id = opened(desk, a_page("二楼门禁坏了"))
    desk.clock.advance(timedelta(minutes=6))
    read_pages(desk)
    again(desk, a_fax())

    assert desk.state(announcement) == ("ignored", "the same fax was announced before")
    assert ticket_id == 1


def test_a_fax_whose_pages_never_come_opens_a_ticket_that_says_so(desk: PlayedDesk) -> None:
    desk.decide(a_fax())
    desk.clock.advance(timedelta(minutes=6))
    read_pages(desk)

    ticket_id = again(desk, a_fax())

    assert "no page of the fax could be read; look at the gateway" in desk.problems(ticket_id)


def test_a_page_that_could_not_be_read_is_told_on_the_ticket(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("", problem="JBIG is not read"))

    assert "page 1: JBIG is not read" in desk.problems(ticket_id)


def test_what_was_hardly_read_is_told_on_the_ticket(desk: PlayedDesk) -> None:
    faint = Line("联系电话：0512-62887034", 0.62, 0, 60, 300, 40)
    sure = (Line("联系人：方舟", 0.99, 0, 0, 300, 40), Line("故障地点：三楼", 0.99, 0, 120, 300, 40))

    ticket_id = opened(
        desk,
        Page(number=1, lines=(*sure, faint), unread=2),
        Page(number=2),
        message=a_fax(f"{NUMBER} 2 k1", TIFF),
    )

    assert desk.problems(ticket_id) == [
        "page 1: 3 lines could not be read with certainty (written by hand, a stamp?)",
        "read with little certainty, look at the page: phone '0512-62887034'",
    ]


def test_pages_without_a_word_are_told_on_the_ticket(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, Page(number=1), Page(number=2))

    told = "the pages hold no words; was the paper put in the wrong way round?"
    assert told in desk.problems(ticket_id)


def test_pages_that_end_the_daemon_each_time_are_given_up(desk: PlayedDesk) -> None:
    message = a_fax(f"{NUMBER} 1 k1", TIFF)
    desk.decide(message)
    for _ in range(3):
        with desk.store.write() as tx:
            tx.pages.next(desk.clock.now())

    reader = read_pages(desk, a_page("words"))
    ticket_id = again(desk, message)

    assert reader.asked == []
    assert "page 1: each time these pages were read, the daemon ended" in desk.problems(ticket_id)


@pytest.mark.parametrize(
    "ours",
    [
        pytest.param(a_page("还没修好", codes=("FD-2026-000001",)), id="code"),
        pytest.param(a_page("故障处理报告\n编号 FD-2026-000001-R1\n还没修好"), id="print"),
    ],
)
def test_a_fax_with_the_number_of_a_ticket_joins_it_for_its_caller_alone(
    desk: PlayedDesk, ours: Page
) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"))

    joined = opened(desk, ours, message=a_fax(f"{NUMBER} 1 k2", TIFF))
    refused = opened(desk, ours, message=a_fax("+862011112222 1 k3", TIFF))

    assert joined == ticket_id
    assert refused != ticket_id
    assert "stranger_refused" in desk.events(refused)


def test_the_notice_of_a_fax_counts_from_when_the_gateway_took_it(desk: PlayedDesk) -> None:
    taken = NOON - timedelta(minutes=10)

    class Timed(Handler, frozen=True):
        @hookimpl
        def recognise_fax(self, message: InboundMessage) -> Reception:
            return Reception(gateway="office", caller=NUMBER, received_at=taken, key="k")

    desk.host.reload({"timed": Timed()})
    desk.decide(a_fax())
    desk.clock.advance(timedelta(minutes=6))
    read_pages(desk)
    ticket_id = again(desk, a_fax())

    assert ticket_id is not None
    with desk.store.read() as tx:
        assert tx.tickets.get(ticket_id).noticed_at == taken


def test_a_mail_of_nothing_but_pictures_is_read_from_them(desk: PlayedDesk) -> None:
    message = a_message(
        text="",
        attachments=(Attachment("form.jpg", "image/jpeg", 10),),
        problems=("the message holds no text, only pictures; look at them",),
    )

    ticket_id = opened(desk, a_page("三楼断网"), message=message)

    with desk.store.database.read() as connection:
        text = connection.exec_driver_sql("SELECT text FROM message WHERE inbox_id IS NOT NULL").scalar()
    assert text == "三楼断网"
    assert "the message holds only pictures; its words were read from them" in desk.problems(ticket_id)


def test_a_fax_of_more_pages_than_are_read_came_whole(desk: PlayedDesk) -> None:
    left_out = Page(number=2, problem="only the first page of a fax is read", is_left_out=True)

    ticket_id = opened(desk, a_page("二楼门禁坏了"), left_out, message=a_fax(f"{NUMBER} 30 k1", TIFF))
    desk.perform()

    assert desk.problems(ticket_id) == ["page 2: only the first page of a fax is read"]
    assert "请重新发送" not in desk.fax_sender.sent[0][2].decode()


def test_a_fax_of_which_a_page_is_missing_is_asked_for_again(desk: PlayedDesk) -> None:
    ticket_id = opened(desk, a_page("二楼门禁坏了"), message=a_fax(f"{NUMBER} 2 k1", TIFF))
    desk.perform()

    assert "1 of 2 pages came" in desk.problems(ticket_id)
    assert "请重新发送" in desk.fax_sender.sent[0][2].decode()


def test_a_number_that_is_only_printed_on_a_page_is_never_dialled(desk: PlayedDesk) -> None:
    page = a_page("二楼门禁坏了\n传真：020-87561235\n电话 020-88881111")

    opened(desk, page, message=a_fax("- 1 k1", TIFF))
    desk.perform()

    assert desk.fax_sender.sent == []


def test_a_gateway_whose_handler_fails_loses_no_fax(desk: PlayedDesk) -> None:
    class Broken(Handler, frozen=True):
        @hookimpl
        def recognise_fax(self, message: InboundMessage) -> Reception:
            raise RuntimeError("boom")

    desk.host.reload({"broken": Broken()})

    with pytest.raises(RuntimeError, match="boom"):
        desk.decide(a_fax())


def test_a_gateway_that_our_own_server_refutes_brings_no_fax(store: SqlStore) -> None:
    desk = PlayedDesk(store, {"gateway": Gateway()}, authserv_ids=frozenset({"mx.desk.example"}))
    forged = msgspec.structs.replace(
        a_fax(f"{NUMBER} 1 k1", TIFF),
        automatic=None,
        authentication=(Authentication("mx.desk.example", "dmarc", "fail", "fax.example"),),
    )

    ticket_id = desk.decide(forged)

    assert ticket_id is not None
    with desk.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
    assert (ticket.channel, ticket.requester) == (Channel.MAIL, GATEWAY)
    assert "sender_refuted" in desk.events(ticket_id)
