"""Faxes that go out as mail, read as the gateway's mail server got them."""

import email
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default as modern
from typing import Protocol

import msgspec
import pytest

from faultdesk.adapters.fax.by_mail import MailFaxSender
from faultdesk.adapters.smtp import SmtpMailer
from faultdesk.config.settings import MailFaxSettings, Security, SmtpSettings
from faultdesk.errors import FaxRefusedError, MailDeferredError, MailerUnavailableError
from pipeline.desk import SetClock
from servers.smtp import SmtpSink

NUMBER = "+862088881111"
PAGES = b"II*\x00 the pages"


class MakeSender(Protocol):
    def __call__(self, address: str = "{digits}@fax.example", **settings: object) -> MailFaxSender: ...


@pytest.fixture
def a_sender(smtp_sink: SmtpSink) -> Iterator[MakeSender]:
    """Make senders through the sink, at half past nine."""
    server = SmtpSettings(host=smtp_sink.host, port=smtp_sink.port, security=Security.PLAIN)
    mailer = SmtpMailer(server, None)
    clock = SetClock()
    clock.time = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)

    def make(address: str = "{digits}@fax.example", **settings: object) -> MailFaxSender:
        gateway = msgspec.structs.replace(MailFaxSettings(address=address), **settings)
        return MailFaxSender(gateway, mailer, "desk@example.net", clock)

    yield make
    mailer.close()


def sent(sink: SmtpSink) -> EmailMessage:
    (mail,) = sink.wait_for(1)
    return email.message_from_bytes(mail.content, EmailMessage, policy=modern)


@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("{digits}@fax.example", "862088881111@fax.example"),
        ("{national}@fax.example", "02088881111@fax.example"),
        ("FAX={e164}@fax.example", "FAX=+862088881111@fax.example"),
        ("FAX={e164}/T33S=12@fax.example", "FAX=+862088881111/T33S=12@fax.example"),
        ("desk@{national}.fax.example", "desk@02088881111.fax.example"),
    ],
)
def test_number_stands_in_the_address_as_the_gateway_wants_it(
    smtp_sink: SmtpSink, a_sender: MakeSender, address: str, to: str
) -> None:
    a_sender(address).send(NUMBER, PAGES, "image/tiff", "FD-2026-000001")

    (mail,) = smtp_sink.wait_for(1)
    assert (mail.envelope_from, mail.recipients) == ("desk@example.net", [to])
    assert sent(smtp_sink)["To"] == to


def test_pages_are_attached_beside_the_words_that_the_gateway_wants(
    smtp_sink: SmtpSink, a_sender: MakeSender
) -> None:
    sender = a_sender(subject="SEND {national}", body="密码: 1234\n{tag}\n")

    job = sender.send(NUMBER, b"%PDF-1.7", "application/pdf", "FD-2026-000001")

    mail = sent(smtp_sink)
    text, pages = mail.iter_parts()
    assert (mail["Subject"], mail["Message-ID"]) == ("SEND 02088881111", job)
    assert mail["Date"] == "Thu, 05 Mar 2026 09:30:00 +0000"
    assert isinstance(text, EmailMessage)
    assert text.get_content().splitlines() == ["密码: 1234", "FD-2026-000001"]
    assert (pages.get_content_type(), pages.get_filename()) == ("application/pdf", "fax.pdf")
    assert pages.get_payload(decode=True) == b"%PDF-1.7"


def test_machine_that_takes_no_text_gets_the_pages_alone(smtp_sink: SmtpSink, a_sender: MakeSender) -> None:
    sender = a_sender("FAX={e164}@fax.example", subject="", pages_alone=True, ask_receipt=True)

    sender.send(NUMBER, PAGES, "image/tiff", "FD-2026-000001")

    mail = sent(smtp_sink)
    assert (mail.get_content_type(), mail.get_param("application")) == ("image/tiff", "faxbw")
    assert mail.get_payload(decode=True) == PAGES
    assert "Subject" not in mail
    assert mail["Disposition-Notification-To"] == "desk@example.net"


def test_same_fax_is_the_same_mail_and_another_is_another(smtp_sink: SmtpSink, a_sender: MakeSender) -> None:
    sender = a_sender()

    jobs = [
        sender.send(NUMBER, pages, "image/tiff", "FD-2026-000001") for pages in (PAGES, PAGES, b"II*\x00")
    ]

    first, second, third = (mail.content for mail in smtp_sink.wait_for(3))
    assert first == second != third
    assert jobs[0] == jobs[1] != jobs[2]


@pytest.mark.parametrize("number", ["", "110", "-h", "+86 20 88881111", f"{NUMBER}\r\nBcc: all@b.example"])
def test_what_is_no_number_is_refused(a_sender: MakeSender, number: str) -> None:
    with pytest.raises(FaxRefusedError, match="no number"):
        a_sender().send(number, PAGES, "image/tiff", "x")


def test_line_ends_of_a_tag_add_no_header(smtp_sink: SmtpSink, a_sender: MakeSender) -> None:
    a_sender().send(NUMBER, PAGES, "image/tiff", "x\r\nBcc: all@b.example")

    assert sent(smtp_sink)["Subject"] == "x Bcc: all@b.example"


def test_what_the_mail_server_says_decides_what_becomes_of_the_fax(
    smtp_sink: SmtpSink, a_sender: MakeSender
) -> None:
    sender = a_sender()
    smtp_sink.answer("DATA", "554 5.7.1 no faxes from you")
    with pytest.raises(FaxRefusedError, match="no faxes from you"):
        sender.send(NUMBER, PAGES, "image/tiff", "x")

    smtp_sink.answer("DATA", "451 4.3.0 later")
    with pytest.raises(MailDeferredError):
        sender.send(NUMBER, PAGES, "image/tiff", "x")

    smtp_sink.stop()
    with pytest.raises(MailerUnavailableError):
        sender.check()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"address": "{nummer}@fax.example"}, "address: {nummer}@fax.example: there are"),
        ({"address": "{digits"}, "address: {digits: there are"),
        ({"address": "{digits} fax.example"}, "is not a mail address"),
        ({"address": "fax@gateway.example"}, "names no number"),
        ({"address": "{digits}@fax.example", "subject": "{0}"}, "subject: {0}: there are"),
    ],
)
def test_template_that_cannot_be_filled_is_found_at_once(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(settings | {"type": "mail"}, MailFaxSettings)

    assert complaint in str(raised.value)


def test_number_may_stand_in_the_subject_alone() -> None:
    settings = MailFaxSettings(address="fax@gateway.example", subject="SEND {digits}")

    assert settings.subject == "SEND {digits}"
