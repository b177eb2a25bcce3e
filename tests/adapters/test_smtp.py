import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from faultdesk.adapters.smtp import SmtpMailer
from faultdesk.config.settings import Security, SmtpSettings
from faultdesk.errors import ConfigError, MailDeferredError, MailerUnavailableError, MailRefusedError
from servers.certificates import make_certificate
from servers.process import free_port
from servers.proxy import Proxy
from servers.smtp import Protection, SmtpSink, Stage

MAIL = b"Subject: received\r\n\r\nHello.\r\n"
DESK = "desk@example.net"
WANG = "wang@client.example"
LI = "li@client.example"


MakeProxy = Callable[[str, int], Proxy]


class MakeMailer(Protocol):
    def __call__(self, sink: SmtpSink, password: str | None = None, **settings: object) -> SmtpMailer: ...


@pytest.fixture
def mailer_to() -> Iterator[MakeMailer]:
    made: list[SmtpMailer] = []

    def make(sink: SmtpSink, password: str | None = None, **settings: object) -> SmtpMailer:
        usual = SmtpSettings(
            host=sink.host,
            port=sink.port,
            security=Security(sink.security),
            timeout=timedelta(seconds=10),
            ca_file=sink.ca_file,
        )
        made.append(SmtpMailer(msgspec.structs.replace(usual, **settings), password))
        return made[-1]

    yield make
    for mailer in made:
        mailer.close()


def test_mail_arrives_as_it_is(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer_to(smtp_sink).send(DESK, [WANG, LI], MAIL)

    (mail,) = smtp_sink.messages
    assert (mail.envelope_from, mail.recipients, mail.content) == (DESK, [WANG, LI], MAIL)


def test_automatic_mail_has_an_empty_sender(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer_to(smtp_sink).send("", [WANG], MAIL)

    assert [mail.envelope_from for mail in smtp_sink.messages] == [""]


def test_many_mails_share_one_connection(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)

    for _ in range(20):
        mailer.send(DESK, [WANG], MAIL)

    assert (len(smtp_sink.messages), smtp_sink.connections) == (20, 1)


def test_many_threads_share_one_connection(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda _: mailer.send(DESK, [WANG], MAIL), range(50)))

    assert (len(smtp_sink.messages), smtp_sink.connections) == (50, 1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_login_is_protected(smtp_folder: Path, mailer_to: MakeMailer, security: Protection) -> None:
    with SmtpSink(security, {"desk": "correct horse"}, smtp_folder) as sink:
        mailer_to(sink, "correct horse", user="desk").send(DESK, [WANG], MAIL)

        (mail,) = sink.messages
    assert (mail.tls, mail.user) == (True, "desk")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_certificate_of_a_stranger_is_refused(
    smtp_folder: Path, tmp_path: Path, mailer_to: MakeMailer, security: Protection
) -> None:
    with SmtpSink(security, {"desk": "secret"}, smtp_folder) as sink:
        mailer = mailer_to(sink, "secret", user="desk", ca_file=make_certificate(tmp_path).authority)

        with pytest.raises(MailerUnavailableError, match="certificate verify failed"):
            mailer.check()


def test_server_without_starttls_gets_neither_password_nor_mail(
    smtp_sink: SmtpSink, mailer_to: MakeMailer
) -> None:
    mailer = mailer_to(smtp_sink, "secret", user="desk", security=Security.STARTTLS)

    with pytest.raises(MailerUnavailableError, match="STARTTLS"):
        mailer.send(DESK, [WANG], MAIL)

    assert smtp_sink.messages == []


def test_plain_text_to_another_machine_is_a_configuration_error() -> None:
    settings = SmtpSettings(host="mail.client.example", security=Security.PLAIN)

    with pytest.raises(ConfigError, match=r"mailer: .*mail\.client\.example needs allow_plain_text = true"):
        SmtpMailer(settings, None)


def test_user_without_a_password_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="mailer: user needs a password"):
        SmtpMailer(SmtpSettings(host="localhost", user="desk"), None)


def test_wrong_password_is_unavailable_and_not_told(smtp_folder: Path, mailer_to: MakeMailer) -> None:
    with SmtpSink("tls", {"desk": "correct horse"}, smtp_folder) as sink:
        mailer = mailer_to(sink, "not this one", user="desk")

        with pytest.raises(MailerUnavailableError, match="535") as raised:
            mailer.check()

    assert "not this one" not in str(raised.value)


@pytest.mark.parametrize("password", ["pässwörd 密码", 'quo"te \\ back'])
def test_password_of_any_letters_logs_in(smtp_folder: Path, mailer_to: MakeMailer, password: str) -> None:
    with SmtpSink("tls", {"desk": password}, smtp_folder) as sink:
        mailer_to(sink, password, user="desk").check()


def test_wrong_password_of_any_letters_is_not_told(smtp_folder: Path, mailer_to: MakeMailer) -> None:
    with (
        SmtpSink("tls", {"desk": "correct horse"}, smtp_folder) as sink,
        pytest.raises(MailerUnavailableError, match="535") as raised,
    ):
        mailer_to(sink, "密码", user="desk").check()

    assert "密" not in repr(raised.value.__cause__)


@pytest.mark.parametrize(
    ("stage", "answer", "error"),
    [
        ("MAIL", "451 4.3.0 try later", MailDeferredError),
        ("RCPT", "450 4.2.1 greylisted", MailDeferredError),
        ("DATA", "452 4.3.1 disk full", MailDeferredError),
        ("MAIL", "550 5.7.1 not from you", MailRefusedError),
        ("RCPT", "550 5.1.1 no such user", MailRefusedError),
        ("DATA", "554 5.7.1 looks like spam", MailRefusedError),
        ("MAIL", "999 what", MailDeferredError),
    ],
)
def test_refusal_is_told_by_its_code_and_the_next_mail_passes(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, stage: Stage, answer: str, error: type[Exception]
) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.answer(stage, answer)

    with pytest.raises(error, match=answer):
        mailer.send(DESK, [WANG], MAIL)
    mailer.send(DESK, [LI], MAIL)

    assert [mail.recipients for mail in smtp_sink.messages] == [[LI]]


def test_answer_without_a_number_costs_the_connection_only(
    smtp_sink: SmtpSink, mailer_to: MakeMailer
) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.answer("RCPT", "what?")

    with pytest.raises(MailDeferredError, match="1 of 1 recipients"):
        mailer.send(DESK, [WANG], MAIL)
    mailer.send(DESK, [WANG], MAIL)

    assert (len(smtp_sink.messages), smtp_sink.connections) == (1, 2)


def test_one_refused_recipient_keeps_the_mail_from_all(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.answer("RCPT", "550 5.1.1 no such user", recipient=LI)

    with pytest.raises(
        MailRefusedError, match=rf"1 of 2 recipients refused, nothing was sent: {LI}: 550 5\.1\.1 no such"
    ):
        mailer.send(DESK, [WANG, LI], MAIL)
    mailer.send(DESK, [WANG], MAIL)

    assert [mail.recipients for mail in smtp_sink.messages] == [[WANG]]
    assert smtp_sink.connections == 1


def test_one_delayed_recipient_delays_the_mail_for_all(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.answer("RCPT", "450 4.2.1 greylisted", recipient=LI)

    with pytest.raises(MailDeferredError, match="1 of 2 recipients"):
        mailer.send(DESK, [WANG, LI], MAIL)

    assert smtp_sink.messages == []


def test_refused_recipient_outweighs_a_delayed_one(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    smtp_sink.answer("RCPT", "550 5.1.1 no such user", recipient=WANG)
    smtp_sink.answer("RCPT", "450 4.2.1 greylisted", recipient=LI)

    with pytest.raises(MailRefusedError, match="2 of 2 recipients"):
        mailer_to(smtp_sink).send(DESK, [WANG, LI], MAIL)


def test_connection_dropped_while_idle_is_made_anew(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)
    mailer.send(DESK, [WANG], MAIL)
    smtp_sink.drop_connections()

    mailer.send(DESK, [LI], MAIL)

    assert [mail.recipients for mail in smtp_sink.messages] == [[WANG], [LI]]
    assert smtp_sink.connections == 2


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_protected_connection_dropped_while_idle_is_made_anew(
    smtp_folder: Path, mailer_to: MakeMailer, security: Protection
) -> None:
    with SmtpSink(security, None, smtp_folder) as sink:
        mailer = mailer_to(sink)
        mailer.send(DESK, [WANG], MAIL)
        sink.drop_connections()

        mailer.send(DESK, [LI], MAIL)

        assert [(mail.recipients, mail.tls) for mail in sink.messages] == [([WANG], True), ([LI], True)]


@pytest.mark.parametrize("close", [True, False])
def test_kept_connection_that_is_closing_is_made_anew(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, *, close: bool
) -> None:
    mailer = mailer_to(smtp_sink)
    mailer.send(DESK, [WANG], MAIL)
    smtp_sink.answer("MAIL", "421 4.4.2 idle for too long", close=close)

    mailer.send(DESK, [LI], MAIL)

    assert [mail.recipients for mail in smtp_sink.messages] == [[WANG], [LI]]


def test_new_connection_that_is_closing_is_unavailable(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    smtp_sink.answer("MAIL", "421 4.3.2 going down", times=2, close=True)

    with pytest.raises(MailerUnavailableError, match=r"421 4.3.2 going down"):
        mailer_to(smtp_sink).send(DESK, [WANG], MAIL)

    assert smtp_sink.connections == 1


@pytest.mark.parametrize(("stage", "error"), [("MAIL", MailerUnavailableError), ("RCPT", MailDeferredError)])
def test_connection_lost_before_the_mail_was_handed_over_is_tried_later(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, stage: Stage, error: type[Exception]
) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.hang_up(stage)

    with pytest.raises(error, match=f"lost the connection at {stage}"):
        mailer.send(DESK, [WANG], MAIL)
    mailer.send(DESK, [WANG], MAIL)

    assert len(smtp_sink.messages) == 1


def test_connection_lost_after_the_mail_was_handed_over_is_not_repeated(
    smtp_sink: SmtpSink, mailer_to: MakeMailer
) -> None:
    mailer = mailer_to(smtp_sink)
    mailer.send(DESK, [WANG], MAIL)
    smtp_sink.hang_up("DATA")

    with pytest.raises(MailDeferredError, match="it may have arrived"):
        mailer.send(DESK, [LI], MAIL)

    assert (len(smtp_sink.messages), smtp_sink.connections) == (1, 1)


@pytest.mark.parametrize("answer", ["554 5.7.1 not you", "421 4.3.2 too busy"])
def test_server_that_turns_us_away_at_the_door_is_unavailable(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, answer: str
) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.answer("CONNECT", answer)

    with pytest.raises(MailerUnavailableError, match=answer):
        mailer.send(DESK, [WANG], MAIL)
    mailer.send(DESK, [WANG], MAIL)

    assert len(smtp_sink.messages) == 1


def test_server_that_is_not_there_is_unavailable(smtp_sink: SmtpSink) -> None:
    settings = SmtpSettings(host=smtp_sink.host, port=free_port(), security=Security.PLAIN)

    with pytest.raises(MailerUnavailableError, match=r"connect: .*refused"):
        SmtpMailer(settings, None).check()


def test_restarted_server_gets_the_next_mail(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)
    mailer.send(DESK, [WANG], MAIL)
    smtp_sink.stop()
    with pytest.raises(MailerUnavailableError, match="refused"):
        mailer.send(DESK, [LI], MAIL)
    smtp_sink.start()

    mailer.send(DESK, [LI], MAIL)

    assert [mail.recipients for mail in smtp_sink.messages] == [[WANG], [LI]]


@pytest.mark.parametrize(
    ("content", "arrives"),
    [
        (b".\r\n..\r\n.x\r\n", b".\r\n..\r\n.x\r\n"),
        (b"no line end", b"no line end\r\n"),
        (b"", b""),
        (b"a\n.\nMAIL FROM:<evil@client.example>\n", b"a\r\n.\r\nMAIL FROM:<evil@client.example>\r\n"),
        (b"a\r.\rb\r\n.\nc\n", b"a\r\n.\r\nb\r\n.\r\nc\r\n"),
        (b"x" * 900 + b"\r\n" + b"\xe7\x8e\x8b\r\n", b"x" * 900 + b"\r\n" + b"\xe7\x8e\x8b\r\n"),
    ],
    ids=["dots", "no end", "empty", "smuggled", "all ends", "8 bits"],
)
def test_octets_arrive_as_lines_and_nothing_is_smuggled(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, content: bytes, arrives: bytes
) -> None:
    mailer_to(smtp_sink).send(DESK, [WANG], content)

    assert [mail.content for mail in smtp_sink.messages] == [arrives]


def test_eight_bits_are_announced_and_seven_are_not(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)

    mailer.send(DESK, [WANG], "Subject: x\r\n\r\n电梯\r\n".encode())
    mailer.send(DESK, [WANG], MAIL)

    assert ["BODY=8BITMIME" in mail.options for mail in smtp_sink.messages] == [True, False]


def test_chinese_local_part_is_sent_where_the_server_knows_it(
    smtp_sink: SmtpSink, mailer_to: MakeMailer
) -> None:
    mailer = mailer_to(smtp_sink)

    mailer.send(DESK, ["王@客户.example"], MAIL)
    mailer.send(DESK, [WANG], MAIL)

    assert [(mail.recipients, mail.smtp_utf8) for mail in smtp_sink.messages] == [
        (["王@xn--ubt06m.example"], True),
        ([WANG], False),
    ]


def test_chinese_local_part_is_refused_where_the_server_does_not_know_it(mailer_to: MakeMailer) -> None:
    with SmtpSink(smtp_utf8=False) as sink:
        mailer = mailer_to(sink)

        with pytest.raises(MailRefusedError, match="SMTPUTF8"):
            mailer.send(DESK, ["王@client.example"], MAIL)
        mailer.send(DESK, ["wang@客户.example"], MAIL)

        assert [mail.recipients for mail in sink.messages] == [["wang@xn--ubt06m.example"]]


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nDATA", "a@b.example>", "<a@b.example", "a\0@b.example", "a@" + "客" * 64 + ".example"],
)
def test_address_that_is_none_is_refused_before_anything_is_sent(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, address: str
) -> None:
    mailer = mailer_to(smtp_sink)

    with pytest.raises(MailRefusedError, match="not a"):
        mailer.send(DESK, [WANG, address], MAIL)
    with pytest.raises(MailRefusedError, match="not a"):
        mailer.send(address, [WANG], MAIL)

    assert smtp_sink.connections == 0


def test_check_connects_and_sends_nothing(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer_to(smtp_sink).check()

    assert (smtp_sink.connections, smtp_sink.messages) == (1, [])


def test_closed_mailer_connects_again_when_asked(smtp_sink: SmtpSink, mailer_to: MakeMailer) -> None:
    mailer = mailer_to(smtp_sink)
    mailer.send(DESK, [WANG], MAIL)
    mailer.close()
    mailer.close()

    mailer.send(DESK, [WANG], MAIL)

    assert smtp_sink.connections == 2


def test_server_that_falls_silent_is_given_up(mailer_to: MakeMailer, smtp_sink: SmtpSink) -> None:
    mailer = mailer_to(smtp_sink, timeout=timedelta(milliseconds=200))
    smtp_sink.fall_silent("DATA")

    with pytest.raises(MailDeferredError, match=r"may have arrived: .*timed out"):
        mailer.send(DESK, [WANG], MAIL)


def test_close_ends_a_send_that_waits_for_a_dead_server(mailer_to: MakeMailer, smtp_sink: SmtpSink) -> None:
    mailer = mailer_to(smtp_sink, timeout=timedelta(hours=1))
    smtp_sink.fall_silent("DATA")
    with ThreadPoolExecutor(1) as executor:
        sent = executor.submit(mailer.send, DESK, [WANG], MAIL)
        assert smtp_sink.silent.wait(30)

        mailer.close()

        with pytest.raises(MailDeferredError, match="may have arrived"):
            sent.result(30)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"421 4.3.2 closing\r\n", MailDeferredError),
        (b"450 4.2.0 not now\r\n", MailDeferredError),
        (b"550 5.7.1 never\r\n", MailRefusedError),
    ],
)
def test_refused_at_the_word_data_nothing_is_sent(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, proxied: MakeProxy, answer: bytes, error: type[Exception]
) -> None:
    way = proxied(smtp_sink.host, smtp_sink.port)
    mailer = mailer_to(smtp_sink, port=way.port, timeout=timedelta(seconds=1))
    way.put_instead("to client", b"354 ", answer)

    with pytest.raises(error, match=answer.decode().strip()):
        mailer.send(DESK, [WANG], MAIL)
    way.cut()
    mailer.send(DESK, [LI], MAIL)

    assert [mail.recipients for mail in smtp_sink.messages] == [[LI]]


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", "450 4.3.0 not now", "550 5.7.1 never"])
def test_refused_at_ehlo_it_is_an_outage(smtp_sink: SmtpSink, mailer_to: MakeMailer, answer: str) -> None:
    mailer = mailer_to(smtp_sink)
    smtp_sink.answer("EHLO", answer, close=True)

    with pytest.raises(MailerUnavailableError, match="greet and log in"):
        mailer.send(DESK, [WANG], MAIL)
    mailer.send(DESK, [WANG], MAIL)

    assert len(smtp_sink.messages) == 1


def test_server_that_trickles_is_given_up(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, proxied: MakeProxy
) -> None:
    way = proxied(smtp_sink.host, smtp_sink.port)
    mailer = mailer_to(smtp_sink, port=way.port, timeout=timedelta(milliseconds=300))
    way.octets_per_second = 20

    with pytest.raises(MailerUnavailableError, match="timed out"):
        mailer.send(DESK, [WANG], MAIL)


def test_server_that_never_ends_its_answer_is_given_up(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, proxied: MakeProxy
) -> None:
    way = proxied(smtp_sink.host, smtp_sink.port)
    way.put_instead("to client", b"250", b"250-and\r\n" * 200_000)

    with pytest.raises(MailerUnavailableError, match="takes too long over its answer"):
        mailer_to(smtp_sink, port=way.port).check()


def test_verdict_on_a_whole_mail_is_waited_for_longer(
    smtp_sink: SmtpSink, mailer_to: MakeMailer, proxied: MakeProxy
) -> None:
    way = proxied(smtp_sink.host, smtp_sink.port)
    verdict = way.hold("to client", b"250 2.0.0 queued")
    threading.Timer(1.5, verdict.release).start()

    mailer_to(smtp_sink, port=way.port, timeout=timedelta(seconds=1)).send(DESK, [WANG], MAIL)

    assert verdict.is_reached
