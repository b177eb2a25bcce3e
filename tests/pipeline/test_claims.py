"""Who a message is from, as the desk takes it: forwards by colleagues, senders our server refuted."""

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Participant, Role, Ticket
from faultdesk.reading import read_message
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_classify import ClassifyHandler
from pipeline.desk import PlayedDesk

PROVED = "mx.faultdesk.example; dmarc=pass header.from=faultdesk.example"
FORWARD = """\
客户来邮，请处理。

-----邮件原件-----
发件人: 陈静 <chenjing@client.example>
发送时间: 2026年3月5日 9:12
收件人: 周宁 <zhou@faultdesk.example>
主题: 3号门摄像机黑屏

3号门摄像机昨晚起黑屏，请派人。
"""


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    handlers = {"classify": ClassifyHandler(), "acknowledge": AcknowledgeHandler()}
    return PlayedDesk(store, handlers, authserv_ids=frozenset({"mx.faultdesk.example"}))


def forwarded(results: str, text: str = FORWARD, sender: str = "zhou@faultdesk.example") -> InboundMessage:
    field = f"Authentication-Results: {results}\r\n" if results else ""
    raw = (
        f"{field}From: {sender}\r\nTo: service@faultdesk.example\r\nSubject: =?utf-8?b?6L2s5Y+ROg==?= 3\r\n"
        f"Message-ID: <f@faultdesk.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    )
    return read_message(raw.encode())


def opened(desk: PlayedDesk, message: InboundMessage) -> Ticket:
    ticket_id = desk.decide(message)
    assert ticket_id is not None
    desk.perform()
    with desk.store.read() as tx:
        return tx.tickets.get(ticket_id)


def test_a_mail_that_a_colleague_passes_on_is_its_clients(desk: PlayedDesk) -> None:
    ticket = opened(desk, forwarded(PROVED))

    assert ticket.requester == Address("chenjing@client.example", "陈静")
    assert ticket.role_of("zhou@faultdesk.example") is Role.STAFF
    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["chenjing@client.example"]]
    assert "forwarded" in desk.events(ticket.id)


def test_a_forward_that_comes_by_two_mailboxes_is_one_ticket(desk: PlayedDesk) -> None:
    opened(desk, forwarded(PROVED))

    desk.decide(forwarded(PROVED))
    desk.perform()

    with desk.store.read() as tx:
        assert tx.tickets.find("FD-2026-000002") is None
    assert len(desk.mailer.sent) == 1


def test_a_forwarder_nobody_vouches_for_is_the_sender_and_the_desk_is_asked(desk: PlayedDesk) -> None:
    ticket = opened(desk, forwarded(""))

    assert ticket.requester.address == "zhou@faultdesk.example"
    assert ticket.role_of("chenjing@client.example") is None
    assert "client_uncertain" in desk.events(ticket.id)
    assert ["ops@faultdesk.example"] in [recipients for _, recipients, _ in desk.mailer.sent]


def test_another_servers_word_makes_no_colleague(desk: PlayedDesk) -> None:
    ticket = opened(desk, forwarded("mx.evil.example; dmarc=pass header.from=faultdesk.example"))

    assert ticket.requester.address == "zhou@faultdesk.example"


def test_a_client_who_passes_a_mail_on_remains_the_client(desk: PlayedDesk) -> None:
    ticket = opened(desk, forwarded(PROVED, sender="head@client2.example"))

    assert ticket.requester.address == "head@client2.example"
    assert "client_uncertain" not in desk.events(ticket.id)


def test_an_address_in_the_text_of_a_colleague_is_no_client(desk: PlayedDesk) -> None:
    ticket = opened(desk, forwarded(PROVED, "请联系 boss@client.example，发件人: boss@client.example"))

    assert ticket.requester.address == "zhou@faultdesk.example"


def test_a_refuted_sender_gets_a_ticket_of_his_own_that_says_why(desk: PlayedDesk) -> None:
    first = opened(desk, forwarded(PROVED))
    forged = read_message(
        b"Authentication-Results: mx.faultdesk.example; dmarc=fail header.from=client.example\r\n"
        b"From: chenjing@client.example\r\nSubject: Re: [%s] close it\r\nMessage-ID: <2@x.example>\r\n\r\n"
        b"close this ticket" % first.reference.encode()
    )

    ticket = opened(desk, forged)

    assert ticket.id != first.id
    assert {"sender_refuted", "stranger_refused"} <= set(desk.events(ticket.id))
    assert desk.events(first.id).count("message_received") == 0


def test_a_sender_the_desk_must_doubt_joins_nothing_and_the_ticket_says_why(desk: PlayedDesk) -> None:
    first = opened(desk, forwarded(PROVED))
    signed = desk.seal.message_id(first.id, "open/1", "faultdesk.example")
    doubtful = {
        "陈静 <chenjing@с1ient.example>": "looks like client.example, but has other letters",
        '"chenjing@client.example" <x@evil.example>': "the sender's name shows another address than its own",
        '"service@faultdesk.example" <x@evil.example>': "the sender's name shows another address than its own",
        "x@fau1tdesk.example": "looks like faultdesk.example, but has other letters",
        "chenjing@client.example, x@evil.example": "the header names 2 senders: chenjing@client.example",
        "Team: chenjing@client.example, x@evil.example;": "the header names 2 senders",
        "chenjing@client.example\nFrom: x@evil.example": "the header names 2 senders",
        "=?utf-8?Q?a=0D=0AFrom:_x?= <chenjing@client.example>": "the sender's name hides a line end",
    }
    for number, (sender, reason) in enumerate(doubtful.items()):
        raw = f"From: {sender}\nSubject: Re: [{first.reference}]\nIn-Reply-To: {signed}\n"
        raw += f"Message-ID: <{number}@x.example>\n\nclass: high\n{number} and words of its own"

        ticket = opened(desk, read_message(raw.encode()))

        assert ticket.id != first.id, sender
        with desk.store.read() as tx:
            told = [
                event.data["reason"]
                for event in tx.tickets.events(ticket.id)
                if event.kind == "sender_doubted"
            ]
        assert any(reason in one for one in told), (sender, told)
    assert "message_received" not in desk.events(first.id)
    assert "reclassified" not in desk.events(first.id)


def test_a_stranger_who_bears_an_engineers_name_joins_nothing(desk: PlayedDesk) -> None:
    first = opened(desk, forwarded(PROVED))
    with desk.store.write() as tx:
        engineer = Participant(Address("li@faultdesk.example", "李明"), Role.ENGINEER)
        tx.tickets.add_participants(first.id, [engineer])
    signed = desk.seal.message_id(first.id, "open/1", "faultdesk.example")
    raw = f"From: 李明 <li@evil.example>\nIn-Reply-To: {signed}\nMessage-ID: <2@x>\n\nclass: high"

    ticket = opened(desk, read_message(raw.encode()))

    assert ticket.id != first.id
    assert "sender_doubted" in desk.events(ticket.id)


@pytest.mark.parametrize(
    "sender",
    [
        "陈静(工程部) <night@client.example>",
        "АЛЕКСЕЙ 李 <alexei@client.example>",
        "Li Ming 李明 @三楼 <li@client.example>",
    ],
)
def test_an_ordinary_name_of_the_same_house_raises_no_doubt(desk: PlayedDesk, sender: str) -> None:
    first = opened(desk, forwarded(PROVED))
    raw = f"From: {sender}\nSubject: Re: [{first.reference}]\nMessage-ID: <2@x>\n\n还是黑屏"

    assert desk.decide(read_message(raw.encode())) == first.id


def test_a_name_that_shows_an_unknown_address_is_noted(desk: PlayedDesk) -> None:
    raw = b'From: "boss@bank.example" <x@evil.example>\nMessage-ID: <2@x>\n\nthe gate is stuck'

    ticket = opened(desk, read_message(raw))

    assert "name_shows_address" in desk.events(ticket.id)


def test_line_ends_hidden_in_a_subject_are_told(desk: PlayedDesk) -> None:
    raw = b"From: a@x.example\nSubject: =?utf-8?Q?gate=0D=0ABcc:_b@x.example?=\nMessage-ID: <2@x>\n\nthe gate is stuck"

    ticket = opened(desk, read_message(raw))

    assert ticket.subject == "gate Bcc: b@x.example"
    assert desk.problems(ticket.id) == ["the subject hides a line end, to pass for more fields of the header"]


NOTE = """\
来源: 热线
客户: 滨江物业
联系人: 李明
电话: 13800138000
{way}
内容: 二号楼大堂的摄像机黑屏，线被挖断了，请派人来修
"""


@pytest.fixture
def hotline(store: SqlStore) -> PlayedDesk:
    handlers = {"classify": ClassifyHandler(), "acknowledge": AcknowledgeHandler()}
    return PlayedDesk(
        store,
        handlers,
        authserv_ids=frozenset({"mx.faultdesk.example"}),
        form_senders=frozenset({"hotline@faultdesk.example"}),
    )


def a_note(way: str, results: str = PROVED, sender: str = "hotline@faultdesk.example") -> InboundMessage:
    # As a website sends it: by a machine that says so.
    return forwarded(results, NOTE.format(way=way), f"{sender}\r\nAuto-Submitted: auto-generated")


def test_a_note_of_the_hotline_opens_the_ticket_for_whom_it_names(hotline: PlayedDesk) -> None:
    ticket = opened(hotline, a_note("邮箱: LiMing@binjiang.example"))

    assert ticket.requester == Address("liming@binjiang.example", "李明")
    assert ticket.classification.kind == "fault"
    assert ticket.classification.facts.phone == "13800138000"
    assert [to for _, to, _ in hotline.mailer.sent] == [["liming@binjiang.example"]]
    assert "form_received" in hotline.events(ticket.id)


def test_who_has_no_mail_is_acknowledged_by_fax(hotline: PlayedDesk) -> None:
    ticket = opened(hotline, a_note("传真: 020-8888 1111"))

    assert ticket.requester.address == "fax:+862088881111"
    assert [number for number, _, _ in hotline.fax_sender.sent] == ["+862088881111"]


def test_who_can_only_be_phoned_is_told_to_the_desk_at_once(hotline: PlayedDesk) -> None:
    ticket = opened(hotline, a_note("备注: 请回电"))

    assert ticket.requester == Address("", "李明")
    (alert,) = [octets for _, to, octets in hotline.mailer.sent if to == ["ops@faultdesk.example"]]
    assert b"client not reached, phone them" in alert


@pytest.mark.parametrize(
    ("results", "sender"),
    [("", "hotline@faultdesk.example"), ("mx.other.example; dmarc=pass", "hotline@faultdesk.example")],
)
def test_a_form_that_no_server_of_ours_proves_is_nobody_elses_and_not_lost(
    hotline: PlayedDesk, results: str, sender: str
) -> None:
    message = a_note("邮箱: victim@binjiang.example", results, sender)

    ticket = opened(hotline, message)

    assert ticket.requester.address == "hotline@faultdesk.example"
    assert "form_doubted" in hotline.events(ticket.id)
    assert hotline.mailer.sent == []


def test_the_same_form_of_anybody_else_is_a_mail_of_its_sender(hotline: PlayedDesk) -> None:
    results = "mx.faultdesk.example; dmarc=pass header.from=stranger.example"
    message = forwarded(results, NOTE.format(way="邮箱: victim@binjiang.example"), "me@stranger.example")

    assert opened(hotline, message).requester == Address("me@stranger.example")
