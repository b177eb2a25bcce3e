"""Fax gateways that take mail: T.37 (RFC 3965), number@gateway, and what else an address template can say."""

import hashlib
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import phonenumbers

from faultdesk.config.settings import MailFaxSettings
from faultdesk.domain.number import FAX_BY_MAIL
from faultdesk.errors import FaxRefusedError, MailRefusedError
from faultdesk.pipeline.ports import Clock, Mailer

_NUMBER = re.compile(r"\+[1-9]\d{5,14}")
_FILES = {"image/tiff": "fax.tif", "application/pdf": "fax.pdf"}


class MailFaxSender:
    """Sends pages as a mail to the gateway; its Message-ID is the job, by which receipts are known."""

    def __init__(self, settings: MailFaxSettings, mailer: Mailer, address: str, clock: Clock) -> None:
        """Prepare; `address` is the desk's, whom the gateway knows and answers."""
        self._settings = settings
        self._mailer = mailer
        self._address = address
        self._clock = clock
        self.media_type = settings.media_type

    def send(self, number: str, document: bytes, media_type: str, tag: str) -> str:
        """Send pages to the gateway; return the mail's Message-ID, which the same fax has again.

        Raises:
            OutageError: The mail server is away.
            MailDeferredError: It wants this mail later.
            FaxRefusedError: The number cannot be one, or the mail server refuses the mail.
        """
        words = {**_forms(number), "tag": " ".join(tag.split())}
        to = self._settings.address.format(**words)
        digest = hashlib.sha256(b"\0".join((to.encode(), tag.encode(), document))).hexdigest()[:32]
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._address
        mail["To"] = to
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<{FAX_BY_MAIL}{digest}@{self._address.rpartition('@')[2]}>"
        if subject := self._settings.subject.format(**words):
            mail["Subject"] = subject
        if self._settings.pages_alone:
            mail.set_content(document, disposition="attachment", **_kind(media_type))
        else:
            body = self._settings.body.format(**words)
            mail.set_content(body, cte="7bit" if body.isascii() else "base64")
            mail.add_attachment(document, **_kind(media_type))
            mail.set_boundary(f"=_{digest}")
        if self._settings.ask_receipt:
            mail["Disposition-Notification-To"] = self._address  # RFC 8098, as RFC 2532 section 2.1 wants it
        try:
            self._mailer.send(self._address, [to], mail.as_bytes())
        except MailRefusedError as error:
            raise FaxRefusedError(str(error)) from error
        return str(mail["Message-ID"])

    def check(self) -> None:
        """Look whether the mail server can be reached."""
        self._mailer.check()

    def close(self) -> None:
        """The mailer is the desk's, and closed with it."""


def _kind(media_type: str) -> dict[str, Any]:
    maintype, _, subtype = media_type.partition("/")
    # RFC 3302: black and white, as a fax machine takes it.
    params = {"application": "faxbw"} if media_type == "image/tiff" else {}
    return {"maintype": maintype, "subtype": subtype, "filename": _FILES[media_type], "params": params}


def _forms(number: str) -> dict[str, str]:
    """Write a number in the forms that gateways ask for: e164 +862088881111, digits without the plus, national."""
    if not _NUMBER.fullmatch(number):
        raise FaxRefusedError(f"{number}: no number that can be called")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException as error:
        raise FaxRefusedError(f"{number}: {error}") from error
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(character for character in national if character.isdigit())
    return {"e164": number, "digits": number.lstrip("+"), "national": digits}
